#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "base/time.h"
#include "services/memory/keys.h"
#include "store/store.h"

/// Takes away what nothing shows any more: reads hide it at once, these erase it later, kSweepRows rows a transaction.
/// Each checks again, inside its transaction, that what it erases is still gone; running one twice does no harm.
namespace warifu::services::memory::sweep {

/// Erases the expired events among `keys` (of session `ref`).
[[nodiscard]] Result<> expired_events(store::Txn& txn, const store::Partition& partition, SessionRef ref,
                                      const std::vector<std::string>& keys, Timestamp now);

/// Erases sessions of `actor` that are still gone, with their events and branches, and the actor after its last.
/// Stops at kSweepRows rows.
[[nodiscard]] Result<> gone_sessions(store::Txn& txn, const store::Partition& partition, std::string_view actor,
                                     const std::vector<std::string>& sessions, Timestamp now);

/// Notes that everything of this memory is to go. In the transaction that erases the memory.
[[nodiscard]] Result<> mark_memory(store::Txn& txn, std::string_view memory_arn);

/// Erases up to kSweepRows rows of a deleted memory; true when nothing is left, and its mark is gone too.
[[nodiscard]] Result<bool> deleted_memory(store::Txn& txn, std::string_view memory_arn);

/// Memories that are marked, `limit` at most.
[[nodiscard]] Result<std::vector<std::string>> marked_memories(store::Reader& reader, std::size_t limit);

/// Sweeps marked memories, at most `batches` transactions; the rest waits for the next call. At start and after
/// DeleteMemory.
[[nodiscard]] Task<Result<>> run(store::Db& db, std::size_t batches);
/// The same for a thread without an event loop.
[[nodiscard]] Result<> run_blocking(store::Db& db, std::size_t batches);

/// Erases records past their expiry at `now`, of every memory: up to `batches` transactions of kSweepRows rows for
/// each, so that none keeps the others waiting; the rest waits for the next call. How many it erased. Memories without
/// such records cost one short look and no write. Ends early when `stop` is requested.
[[nodiscard]] Result<std::size_t> expired_records(store::Db& db, Timestamp now, std::size_t batches,
                                                  const std::stop_token& stop);

}  // namespace warifu::services::memory::sweep
