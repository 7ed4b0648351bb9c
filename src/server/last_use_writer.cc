#include "server/last_use_writer.h"

#include <chrono>

#include "base/log.h"

namespace warifu::server {
namespace {

constexpr std::chrono::minutes kInterval{1};

}  // namespace

LastUseWriter::LastUseWriter(store::Db& db) : db_(db), thread_([this](const std::stop_token& stop) { run(stop); }) {}

LastUseWriter::~LastUseWriter() {
  thread_.request_stop();
  thread_.join();
}

void LastUseWriter::note(const access::Principal& principal, std::string_view service, std::string_view region,
                         Timestamp now) {
  const identity::LastUsed use{.when = now, .service = std::string(service), .region = std::string(region)};
  if (!principal.session) book_.note(principal.account, principal.access_key_id, use);
  if (principal.kind == access::PrincipalKind::kAssumedRole) book_.note(principal.account, principal.unique_id, use);
}

void LastUseWriter::run(const std::stop_token& stop) {
  // Flushed once more after the stop, even when that comes before the thread first waits.
  do {
    std::unique_lock lock(mutex_);
    (void)wake_.wait_for(lock, stop, kInterval, [] { return false; });
    lock.unlock();
    flush();
  } while (!stop.stop_requested());
}

void LastUseWriter::flush() {
  const identity::Uses uses = book_.take();
  if (uses.empty()) return;
  const Result<> written = db_.write_blocking([&](store::Txn& txn) { return identity::write_uses(txn, uses); });
  if (!written) log::warn("last-used dates could not be written", {{"why", written.error().message}});
}

}  // namespace warifu::server
