#include <algorithm>
#include <map>

#include "audit/denials.h"
#include "base/log.h"

namespace warifu::audit {
namespace {

constexpr std::size_t kBatchMax = 256;
constexpr std::size_t kBatchBytesMax = std::size_t{8} << 20;
constexpr std::size_t kTrimMax = 1'024;  // rows a transaction

/// About what its row will take.
std::size_t bytes_of(const Denial& denial) {
  std::size_t bytes = 1'024 + denial.message.size();
  for (const policy::EvidenceLayer& layer : denial.evidence->layers) {
    for (const policy::EvidencePolicy& policy : layer.policies) bytes += policy.document.size();
  }
  for (const policy::EvidenceKey& key : denial.evidence->keys) {
    for (const std::string& value : key.values) bytes += key.name.size() + value.size();
  }
  return bytes;
}

bool concerns(const Denial& denial, const AccountId& account) {
  return denial.caller == account || denial.evidence->resource_account == account.str();
}

}  // namespace

DenialBook::DenialBook(store::Db& db, const Clock& clock, DenialLimits limits)
    : db_(db), clock_(clock), limits_(limits), thread_([this](const std::stop_token& stop) { run(stop); }) {}

DenialBook::~DenialBook() {
  thread_.request_stop();
  thread_.join();
}

void DenialBook::note(Denial denial) {
  const std::size_t bytes = bytes_of(denial);
  std::unique_lock lock(mutex_);
  // One alone always fits, however large.
  const auto fits = [&] {
    return queue_.empty() || (queue_.size() < kQueueMax && queued_bytes_ + bytes <= kQueueBytesMax);
  };
  if (!fits() && (stuck_ || !room_.wait_for(lock, limits_.wait_max, fits))) {
    stuck_ = true;
    ++dropped_;
    ++unreported_;
    return;
  }
  queued_bytes_ += bytes;
  pending_.insert_or_assign(denial.request_id, denial);
  queue_.push_back({.denial = std::move(denial), .bytes = bytes});
  wake_.notify_one();
}

std::size_t DenialBook::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

Result<std::optional<Denial>> DenialBook::find(const AccountId& account, std::string_view request_id) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = pending_.find(std::string(request_id));
    if (found != pending_.end() && concerns(found->second, account)) return std::optional(found->second);
  }
  auto kept = TRY(db_.read([&](store::Reader& reader) { return denials::find(reader, account, request_id); }));
  if (kept && kept->when.plus_seconds(limits_.age_seconds_max) < clock_.now()) kept.reset();
  return kept;
}

void DenialBook::settle() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return pending_.empty(); });
}

std::vector<DenialBook::Queued> DenialBook::next_batch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  (void)wake_.wait(lock, stop, [this] { return !queue_.empty(); });
  std::vector<Queued> batch;
  std::size_t bytes = 0;
  while (!queue_.empty() && batch.size() < kBatchMax && bytes < kBatchBytesMax) {
    bytes += queue_.front().bytes;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  if (unreported_ != 0) {
    log::warn("denials were dropped: the store did not take them", {{"dropped", std::to_string(unreported_)}});
    unreported_ = 0;
  }
  return batch;
}

void DenialBook::run(const std::stop_token& stop) {
  while (true) {
    const std::vector<Queued> batch = next_batch(stop);
    if (batch.empty()) return;  // it waits for nothing but work or the stop
    write(batch);
    const std::lock_guard lock(mutex_);
    for (const Queued& one : batch) {
      queued_bytes_ -= one.bytes;
      pending_.erase(one.denial.request_id);
    }
    stuck_ = false;
    room_.notify_all();
    if (pending_.empty()) idle_.notify_all();
  }
}

void DenialBook::write(const std::vector<Queued>& batch) {
  using Sums = std::map<std::string, denials::Kept>;
  const auto written = db_.write_blocking([&](store::Txn& txn) -> Result<Sums> {
    Sums sums;
    for (const Queued& one : batch) {
      denials::Kept& sum = sums[one.denial.caller.str()];
      sum.bytes += TRY(denials::put(txn, one.denial));
      ++sum.count;
    }
    return sums;
  });
  if (!written) {
    log::warn("denials could not be kept", {{"why", written.error().message}});
    return;
  }
  for (const auto& [name, sum] : *written) {
    const auto known = kept_.find(name);
    if (known != kept_.end()) {
      known->second.count += sum.count;
      known->second.bytes += sum.bytes;
    }
    if (const auto account = AccountId::parse(name)) trim(*account);
  }
}

void DenialBook::trim(const AccountId& account) {
  const std::string name = account.str();
  if (!kept_.contains(name)) {
    const auto counted = db_.read([&](store::Reader& reader) { return denials::kept(reader, account); });
    if (!counted) return;
    kept_.emplace(name, *counted);
  }
  denials::Kept& kept = kept_[name];
  const auto erased = db_.write_blocking(
      [&](store::Txn& txn) { return denials::trim(txn, account, kept, limits_, clock_.now(), kTrimMax); });
  if (!erased) {
    log::warn("old denials could not be erased", {{"why", erased.error().message}});
    return;
  }
  kept.count -= std::min(kept.count, erased->count);
  kept.bytes -= std::min(kept.bytes, erased->bytes);
}

}  // namespace warifu::audit
