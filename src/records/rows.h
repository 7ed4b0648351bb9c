#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "records/filter.h"
#include "records/record.h"
#include "store/store.h"

/// Rows of memory records in their memory's partition (`store::Partition::memory`); docs/storage.md has the bytes.
/// Functions over a transaction; whoever calls them has checked that the memory is there. Each write appends to a
/// short change log, by which indexes catch up (index.h): a record is findable with the transaction that writes it.
namespace warifu::records {

/// Inserts, or replaces the record of the same id, which keeps its order, also when it moves to another namespace.
[[nodiscard]] Result<> put(store::Txn& txn, const store::Partition& partition, const Prepared& prepared);
/// The same for many, with one entry in the log.
[[nodiscard]] Result<> put_all(store::Txn& txn, const store::Partition& partition, std::span<const Prepared> prepared);
/// False when there is no such record (nothing is written then).
[[nodiscard]] Result<bool> erase(store::Txn& txn, const store::Partition& partition, const RecordId& id);
/// How many of `ids` there were.
[[nodiscard]] Result<std::size_t> erase_all(store::Txn& txn, const store::Partition& partition,
                                            std::span<const RecordId> ids);
/// Erases up to `limit` records that are past their expiry at `now`; how many there were.
[[nodiscard]] Result<std::size_t> erase_expired(store::Txn& txn, const store::Partition& partition, Timestamp now,
                                                std::size_t limit);
/// True when some record is past its expiry at `now`: one short look.
[[nodiscard]] Result<bool> any_expired(store::Reader& reader, const store::Partition& partition, Timestamp now);

/// Expired records are still found here; `Record::live` tells. kInternal: a row that does not parse.
[[nodiscard]] Result<std::optional<Record>> find(store::Reader& reader, const store::Partition& partition,
                                                 const RecordId& id);

/// What a caller may see of a memory: the records of one namespace, or of a path and all below it; of one strategy
/// (empty: of none) or of all.
struct Scope {
  std::string path;    // normalised
  bool exact = false;  // that namespace alone
  std::optional<std::string> strategy{};
};

/// True when the record lies in `scope`.
[[nodiscard]] bool lies_in(const Scope& scope, const Record& record);

struct ListedPage {
  std::vector<Record> records;
  std::string after;        // position of the last record looked at; empty: nothing follows
  std::size_t expired = 0;  // passed over: past their expiry
};

/// Live records of `scope` that meet `conditions`, up to `limit`, after position `after` (empty: from the first): by
/// namespace and strategy in byte order, and there the newest arrival first. A position is a place, not a record, so
/// it survives deletions; one that does not lie in `scope` is kValidation (`invalid nextToken`).
[[nodiscard]] Result<ListedPage> list(store::Reader& reader, const store::Partition& partition, const Scope& scope,
                                      const Conditions& conditions, std::string_view after, std::size_t limit,
                                      Timestamp now);

}  // namespace warifu::records
