#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "store/store.h"

/// How keys are made of parts, and how a partition and a key become the one flat key that an engine orders.
/// Pure functions. `docs/storage.md` gives the bytes.
namespace warifu::store {

/// Appends `text` so that keys order as their texts do, part by part, whatever bytes a text holds: 0x00 becomes
/// 01 01, 0x01 becomes 01 02, and a 0x00 ends the part. No encoded text is a prefix of another.
void append_text(std::string& key, std::string_view text);
/// Reads what `append_text` wrote and advances `key` past it; nullopt (and `key` unchanged) when it is not that.
[[nodiscard]] std::optional<std::string> take_text(std::string_view& key);

/// Appends eight bytes, most significant first, so that keys order as their numbers do.
void append_u64(std::string& key, std::uint64_t number);
/// Reads what `append_u64` wrote and advances `key` past it; nullopt when fewer than eight bytes are left.
[[nodiscard]] std::optional<std::uint64_t> take_u64(std::string_view& key);

/// The least string greater than every string that starts with `prefix`; empty when there is none.
[[nodiscard]] std::string prefix_end(std::string_view prefix);

/// The engine's key: the partition's name, 0x00, `key`.
[[nodiscard]] std::string flat_key(const Partition& partition, std::string_view key);

/// The part of a flat key up to its first `#`, with it; empty when it has none. Keys of one such part lie together, and
/// engines know of each part whether it may have rows: a scan of a range within one that has none is cheap.
[[nodiscard]] std::string_view marked_part(std::string_view flat);
/// The names that a marked part begins with, up to the last 0x00 in it; empty when it has no mark or no name. Rows
/// under the same names are mostly written near each other.
[[nodiscard]] std::string_view names_part(std::string_view flat);

/// Which row a flat key is, for `Reader::unchanged`.
[[nodiscard]] inline RowHash row_hash(std::string_view flat) { return std::hash<std::string_view>{}(flat); }

/// A range of one partition as flat keys [begin, end); `end` is never empty.
struct FlatRange {
  std::string begin;
  std::string end;
  std::size_t prefix_bytes;  // how much of each flat key the partition takes
  Direction direction;

  [[nodiscard]] bool empty() const { return begin >= end; }
};
[[nodiscard]] FlatRange flat_range(const Partition& partition, const Range& range);

}  // namespace warifu::store
