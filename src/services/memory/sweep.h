#pragma once

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

}  // namespace warifu::services::memory::sweep
