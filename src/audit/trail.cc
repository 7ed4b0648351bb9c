#include "audit/trail.h"

#include <algorithm>
#include <memory>

#include "audit/rows.h"
#include "base/log.h"
#include "identity/accounts.h"
#include "store/keys.h"

namespace warifu::audit {
namespace {

constexpr std::size_t kBatchRows = 128;  // a transaction keeps the store's committer for as long as it runs
constexpr std::size_t kBatchBytes = std::size_t{1} << 20;
constexpr std::size_t kSweepRows = 256;
constexpr std::size_t kIndexRowsMax = 65'536;
constexpr std::chrono::milliseconds kRetry{200};
constexpr std::int64_t kDaySeconds = 24 * 3600;

std::size_t bytes_of(const Row& row) { return row.json.size() + 1'024; }

Error no_room() { return unavailable("the call cannot be recorded: the trail does not take more"); }

}  // namespace

Trail::Trail(store::Db& db, const Clock& clock, TrailOptions options)
    : db_(db),
      clock_(clock),
      options_(options),
      thread_([this](const std::stop_token& stop) { run(stop); }),
      sweeper_([this](const std::stop_token& stop) { sweep_now_and_then(stop); }) {}

Trail::~Trail() { close(); }

void Trail::close() {
  if (!thread_.joinable()) return;
  sweeper_.request_stop();
  thread_.request_stop();
  sweeper_.join();
  thread_.join();
}

bool Trail::has_room() const {
  return queue_.size() < options_.queue_rows_max && queued_bytes_ < options_.queue_bytes_max;
}

void Trail::push(std::vector<Row> rows) {
  noted_ += rows.size();
  for (Row& row : rows) {
    queued_bytes_ += bytes_of(row);
    queue_.push_back(std::move(row));
  }
}

/// Suspends the coroutine: `enter` is given how to resume it, with the lock held.
template <class Enter>
Task<Result<>> Trail::wait(Enter enter) {
  auto initiate = [this, enter = std::move(enter)](auto handler) mutable {
    auto executor = boost::asio::get_associated_executor(handler);
    const std::lock_guard lock(mutex_);
    enter(Resume([handler = std::move(handler), executor](Result<> outcome) mutable {
      boost::asio::post(executor, [handler = std::move(handler), outcome = std::move(outcome)]() mutable {
        std::move(handler)(std::move(outcome));
      });
    }));
    wake_.notify_one();
  };
  co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Result<>)>(
      std::move(initiate), boost::asio::use_awaitable);
}

Task<Result<>> Trail::note(std::vector<Row> rows) {
  if (rows.empty()) co_return Result<>{};
  {
    const std::lock_guard lock(mutex_);
    if (closed_) co_return fail(no_room());
    // Who came before and waits still goes first.
    if (waiters_.empty() && has_room()) {
      push(std::move(rows));
      wake_.notify_one();
      co_return Result<>{};
    }
  }
  auto kept = std::make_shared<std::vector<Row>>(std::move(rows));
  co_return co_await wait([this, kept](Resume resume) {
    waiters_.push_back({.rows = std::move(*kept),
                        .until = 0,
                        .deadline = std::chrono::steady_clock::now() + options_.wait_max,
                        .resume = std::move(resume)});
  });
}

Task<Result<>> Trail::settled(std::chrono::milliseconds wait_max) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || (written_ == noted_ && waiters_.empty())) co_return Result<>{};
  }
  co_return co_await wait([this, wait_max](Resume resume) {
    waiters_.push_back({.rows = {},
                        .until = noted_,
                        .deadline = std::chrono::steady_clock::now() + wait_max,
                        .resume = std::move(resume)});
  });
}

Timestamp Trail::oldest() const { return clock_.now().plus_seconds(-kDaySeconds * options_.days_max); }

void Trail::run(const std::stop_token& stop) {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      (void)wake_.wait(lock, stop, [this] { return !queue_.empty() || !waiters_.empty(); });
      if (stop.stop_requested() && queue_.empty()) {
        closed_ = true;
        break;
      }
    }
    write(next_batch(stop), stop);
    release_waiters(false);
  }
  release_waiters(true);
}

std::vector<Row> Trail::next_batch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!queue_.empty()) {
    (void)wake_.wait_for(lock, stop, options_.gather,
                         [this] { return queue_.size() >= kBatchRows || !waiters_.empty(); });
  }
  std::vector<Row> batch;
  std::size_t bytes = 0;
  while (!queue_.empty() && batch.size() < kBatchRows && bytes < kBatchBytes) {
    bytes += bytes_of(queue_.front());
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_bytes_ -= bytes;
  return batch;
}

void Trail::write(std::vector<Row> batch, const std::stop_token& stop) {
  if (batch.empty()) return;
  bool warned = false;
  while (true) {
    const Result<> written = write_group(batch);
    if (written) break;
    if (written.error().code != ErrorCode::kUnavailable) {
      write_one_by_one(batch);
      break;
    }
    if (!warned) log::warn("records of the trail wait for the store", {{"why", written.error().message}});
    warned = true;
    if (stop.stop_requested()) {
      log::error("records of the trail are lost: the store does not write",
                 {{"records", std::to_string(batch.size())}});
      break;
    }
    release_waiters(false);
    std::unique_lock lock(mutex_);
    (void)wake_.wait_for(lock, stop, kRetry, [] { return false; });
  }
  const std::lock_guard lock(mutex_);
  written_ += batch.size();
}

Result<> Trail::write_group(const std::vector<Row>& batch) {
  std::vector<rows::Beside> fresh;
  std::unordered_set<std::string> names;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (i > 0 && rows::together(batch[i - 1], batch[i])) continue;
    for (rows::Beside& one : rows::beside(batch[i])) {
      std::string name = store::flat_key(one.partition, one.key);
      if (index_rows_.contains(name) || !names.insert(std::move(name)).second) continue;
      fresh.push_back(std::move(one));
    }
  }
  TRY(db_.write_blocking([&](store::Txn& txn) -> Result<> {
    const AccountId* known = nullptr;  // mostly a group is one account's
    for (const Row& row : batch) {
      if (known == nullptr || *known != row.account) {
        // Of an account that has gone nothing may be left behind: with such a row in the group each goes by itself.
        if (!TRY(identity::find_account(txn, row.account))) return fail(internal_error("an account has gone"));
        known = &row.account;
      }
      TRY(rows::put_alone(txn, row));
    }
    for (const rows::Beside& one : fresh) TRY(txn.put(one.partition, one.key, {}));
    return {};
  }));
  if (index_rows_.size() + names.size() > kIndexRowsMax) index_rows_.clear();
  // A place goes when it is swept empty, so it is written with every group; the index of what is recent stays.
  for (const rows::Beside& one : fresh) {
    if (one.partition.owner()) index_rows_.insert(store::flat_key(one.partition, one.key));
  }
  return {};
}

/// A row that cannot be written must not keep others from it.
void Trail::write_one_by_one(const std::vector<Row>& batch) {
  for (const Row& row : batch) {
    const Result<> written = db_.write_blocking([&](store::Txn& txn) { return rows::put(txn, row); });
    if (!written) log::error("a record of the trail is lost", {{"why", written.error().message}});
  }
}

void Trail::release_waiters(bool give_up) {
  std::vector<std::pair<Resume, Result<>>> due;
  {
    const std::lock_guard lock(mutex_);
    const Instant now = std::chrono::steady_clock::now();
    std::deque<Waiter> still;
    for (Waiter& one : waiters_) {
      const bool writes = !one.rows.empty();
      if (writes && still.empty() && has_room() && !give_up) {
        push(std::move(one.rows));
        due.emplace_back(std::move(one.resume), Result<>{});
      } else if (!writes && written_ >= one.until) {
        due.emplace_back(std::move(one.resume), Result<>{});
      } else if (give_up || one.deadline <= now) {
        due.emplace_back(std::move(one.resume), fail(no_room()));
      } else {
        still.push_back(std::move(one));
      }
    }
    waiters_ = std::move(still);
  }
  for (auto& [resume, outcome] : due) resume(std::move(outcome));
}

void Trail::sweep_now_and_then(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  while (!stop.stop_requested()) {
    sweep(stop);
    std::unique_lock lock(mutex);
    (void)wake.wait_for(lock, stop, options_.sweep_every, [] { return false; });
  }
}

void Trail::sweep(const std::stop_token& stop) {
  const auto all = db_.read([](store::Reader& reader) { return rows::places(reader); });
  if (!all) return log::warn("the trail could not be swept", {{"why", all.error().message}});
  for (const rows::Place& place : *all) {
    std::size_t erased = kSweepRows;
    while (erased == kSweepRows && !stop.stop_requested()) {
      const auto swept =
          db_.write_blocking([&](store::Txn& txn) { return rows::sweep(txn, place, oldest(), kSweepRows); });
      if (!swept) return log::warn("the trail could not be swept", {{"why", swept.error().message}});
      erased = *swept;
    }
  }
}

}  // namespace warifu::audit
