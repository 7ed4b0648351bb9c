#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "records/rows.h"

/// Inside this module: the keys of its rows, and the log by which a resident index follows the store.
namespace warifu::records {

/// Changes kept: an index that is further behind loads its shards again. A row each, a hundred bytes or so.
inline constexpr std::uint64_t kChangesKept = 65'536;

/// What a shard is named by everywhere: the bytes that keys of its rows begin with, `x` namespace strategy.
using ShardName = std::string;

namespace keys {

[[nodiscard]] std::string record(const RecordId& id);                                   // r id
[[nodiscard]] std::string expiry(Timestamp expires, const RecordId& id);                // y expires id
[[nodiscard]] std::string expiries();                                                   // y
[[nodiscard]] std::string head();                                                       // n
[[nodiscard]] std::string change(std::uint64_t number);                                 // l number
[[nodiscard]] ShardName shard(std::string_view name_space, std::string_view strategy);  // x namespace strategy
/// x namespace strategy order: the newest arrival first.
[[nodiscard]] std::string row(std::string_view shard_name, std::uint64_t order);

/// What names of all shards of a scope begin with.
[[nodiscard]] std::string scope(const Scope& scope);
/// True when a shard of the scope's path (`name` begins as `scope` says) is of its strategy.
[[nodiscard]] bool of_strategy(std::string_view shard_name, const std::optional<std::string>& strategy);
/// The shard's name that a row's key begins with; empty: no such key.
[[nodiscard]] std::string_view shard_of(std::string_view row_key);
[[nodiscard]] std::uint64_t order_of(std::string_view row_key);

}  // namespace keys

/// How far a memory has come. All zeros before its first record.
struct Head {
  std::uint64_t orders = 0;   // given so far
  std::uint64_t changes = 0;  // the number of the last one
};
[[nodiscard]] Result<Head> read_head(store::Reader& reader, const store::Partition& partition);

struct Change {
  bool put = false;  // else: taken out
  ShardName shard;
  std::uint64_t order = 0;
  RecordId id;
};
/// Appends one entry, and forgets the one that kChangesKept has no room for.
[[nodiscard]] Result<> append_changes(store::Txn& txn, const store::Partition& partition, Head head,
                                      const std::vector<Change>& changes);
/// Visits the changes after number `after` up to `upto`, oldest first. False: some are forgotten (none are visited).
[[nodiscard]] Result<bool> changes_between(store::Reader& reader, const store::Partition& partition,
                                           std::uint64_t after, std::uint64_t upto,
                                           const std::function<Result<>(const Change&)>& visit);

/// The value of an index row, in views.
struct IndexRow {
  RecordId id;
  std::string_view attributes, entry;
};
[[nodiscard]] std::string encode_row(const Record& record, std::string_view entry);
[[nodiscard]] Result<IndexRow> decode_row(std::string_view value);

/// The names of the shards of a scope that have rows, in order.
[[nodiscard]] Result<std::vector<ShardName>> shards_of(store::Reader& reader, const store::Partition& partition,
                                                       const Scope& scope);

}  // namespace warifu::records
