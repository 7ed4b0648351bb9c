#include "services/memory/sweep.h"

#include <algorithm>

#include "base/arn.h"
#include "base/ids.h"
#include "records/rows.h"
#include "services/memory/errors.h"
#include "services/memory/events.h"
#include "services/memory/limits.h"
#include "services/memory/memories.h"
#include "services/memory/sessions.h"

namespace warifu::services::memory::sweep {
namespace {

Result<std::vector<std::string>> keys_under(store::Reader& reader, const store::Partition& partition,
                                            const store::Range& range, std::size_t limit) {
  std::vector<std::string> found;
  if (limit == 0) return found;
  TRY(reader.scan(partition, range, [&](std::string_view key, std::string_view) {
    found.emplace_back(key);
    return found.size() < limit;
  }));
  return found;
}

/// Everything under one prefix, `budget` rows at most, which is reduced; true when nothing is left there.
Result<bool> erase_under(store::Txn& txn, const store::Partition& partition, std::string_view prefix,
                         std::size_t& budget) {
  const std::vector<std::string> found = TRY(keys_under(txn, partition, store::prefix_range(prefix), budget));
  for (const std::string& key : found) TRY(txn.erase(partition, key));
  const bool all = found.size() < budget;
  budget -= found.size();
  return all;
}

/// As erase_under, with the token rows of the events.
Result<bool> erase_events(store::Txn& txn, const store::Partition& partition, SessionRef ref, std::size_t& budget) {
  const store::Range range = store::prefix_range(keys::events(ref));
  const std::vector<std::string> found = TRY(keys_under(txn, partition, range, budget));
  for (const std::string& key : found) {
    const std::optional<std::string> row = TRY(txn.get(partition, key));
    if (!row) continue;
    const EventView event = TRY(EventView::parse(*row));
    TRY(events::erase_row(txn, partition, key, event));
  }
  const bool all = found.size() < budget;
  budget -= found.size();
  return all;
}

Result<> erase_session(store::Txn& txn, const store::Partition& partition, SessionRef ref, std::size_t& budget) {
  const bool events_gone = TRY(erase_events(txn, partition, ref, budget));
  if (!events_gone) return {};
  const bool branches_gone = TRY(erase_under(txn, partition, keys::branches(ref), budget));
  if (!branches_gone) return {};
  return txn.erase(partition, keys::session(ref));
}

/// nullopt: not the ARN of a memory, so nothing of ours can lie there.
std::optional<store::Partition> partition_of(std::string_view memory_arn) {
  const std::optional<ArnView> arn = ArnView::parse(memory_arn);
  if (!arn) return std::nullopt;
  const std::optional<AccountId> owner = AccountId::parse(arn->account);
  if (!owner) return std::nullopt;
  return store::Partition::memory(*owner, memory_arn);
}

}  // namespace

Result<> expired_events(store::Txn& txn, const store::Partition& partition, SessionRef ref,
                        const std::vector<std::string>& keys, Timestamp now) {
  Timestamp last;
  for (const std::string& key : keys) {
    const std::optional<std::string> row = TRY(txn.get(partition, key));
    if (!row) continue;
    const EventView event = TRY(EventView::parse(*row));
    if (event.live(now)) continue;
    last = std::max(last, event.expires);
    TRY(events::erase_row(txn, partition, key, event));
  }
  return sessions::note_if_empty(txn, partition, ref, last);
}

Result<> gone_sessions(store::Txn& txn, const store::Partition& partition, std::string_view actor,
                       const std::vector<std::string>& gone, Timestamp now) {
  std::size_t budget = kSweepRows;
  for (const std::string& session : gone) {
    if (budget == 0) break;
    const SessionRef ref{actor, session};
    const std::optional<std::string> bytes = TRY(txn.get(partition, keys::session(ref)));
    if (!bytes) continue;
    const sessions::SessionRow row = TRY(sessions::decode(*bytes));
    if (TRY(sessions::visible(txn, partition, ref, row, false, now))) continue;
    TRY(erase_session(txn, partition, ref, budget));
  }
  const store::Range left_range = store::prefix_range(keys::sessions(actor));
  const std::vector<std::string> left = TRY(keys_under(txn, partition, left_range, 1));
  if (!left.empty()) return {};
  return txn.erase(partition, keys::actor(actor));
}

Result<> mark_memory(store::Txn& txn, std::string_view memory_arn) {
  return txn.put(store::Partition::system(), keys::sweep(memory_arn), "");
}

Result<bool> deleted_memory(store::Txn& txn, std::string_view memory_arn) {
  const std::optional<store::Partition> partition = partition_of(memory_arn);
  std::size_t budget = kSweepRows;
  if (partition) {
    const bool all = TRY(erase_under(txn, *partition, "", budget));
    if (!all) return false;
  }
  TRY(txn.erase(store::Partition::system(), keys::sweep(memory_arn)));
  return true;
}

Result<std::vector<std::string>> marked_memories(store::Reader& reader, std::size_t limit) {
  const std::string prefix = keys::sweeps();
  std::vector<std::string> marked =
      TRY(keys_under(reader, store::Partition::system(), store::prefix_range(prefix), limit));
  for (std::string& key : marked) key.erase(0, prefix.size());
  return marked;
}

namespace {

Result<std::size_t> expired_records_of(store::Db& db, const memories::Target& target, Timestamp now,
                                       std::size_t batches, const std::stop_token& stop) {
  std::size_t erased = 0;
  for (std::size_t batch = 0; batch < batches && !stop.stop_requested(); ++batch) {
    const bool due =
        TRY(db.read([&](store::Reader& reader) { return records::any_expired(reader, target.partition, now); }));
    if (!due) break;
    erased += TRY(db.write_blocking([&](store::Txn& txn) -> Result<std::size_t> {
      // A deleted memory's rows are another sweep's; what this one wrote to its change log would stay behind.
      if (!TRY(memories::find(txn, target))) return std::size_t{0};
      return records::erase_expired(txn, target.partition, now, kSweepRows);
    }));
  }
  return erased;
}

}  // namespace

Result<std::size_t> expired_records(store::Db& db, Timestamp now, std::size_t batches, const std::stop_token& stop) {
  const auto targets = TRY(db.read([](store::Reader& reader) { return memories::all(reader); }));
  std::size_t erased = 0;
  for (const memories::Target& target : targets) {
    if (stop.stop_requested()) break;
    erased += TRY(expired_records_of(db, target, now, batches, stop));
  }
  return erased;
}

Task<Result<>> run(store::Db& db, std::size_t batches) {
  const auto marked = CO_TRY(db.read([&](store::Reader& reader) { return marked_memories(reader, batches); }));
  for (const std::string& arn : marked) {
    bool done = false;
    while (!done && batches > 0) {
      --batches;
      const auto batch = [arn](store::Txn& txn) { return deleted_memory(txn, arn); };
      done = CO_TRY(co_await db.write(batch));
    }
  }
  co_return Result<>{};
}

Result<> run_blocking(store::Db& db, std::size_t batches) {
  const auto marked = TRY(db.read([&](store::Reader& reader) { return marked_memories(reader, batches); }));
  for (const std::string& arn : marked) {
    bool done = false;
    while (!done && batches > 0) {
      --batches;
      done = TRY(db.write_blocking([&](store::Txn& txn) { return deleted_memory(txn, arn); }));
    }
  }
  return {};
}

}  // namespace warifu::services::memory::sweep
