#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "search/entry.h"

namespace warifu::search {

using RecordId = std::array<char, 16>;

/// Who a record is: its uuid, and its place in the order of arrival (of two equal scores the smaller comes first).
struct Key {
  RecordId id{};
  std::uint64_t order = 0;
};

/// The index of the records of one namespace and one strategy, in memory. Not thread-safe: the owner locks (readers
/// together, a writer alone). Moves, never copies.
///
/// Some 45 bytes, the attributes, the vector and 2 to 3 bytes a term for each record. A small shard is a few sorted
/// arrays, so that ten thousand shards of ten records cost hardly more than one of a hundred thousand.
class Shard {
 public:
  Shard();
  ~Shard();
  Shard(Shard&&) noexcept;
  Shard& operator=(Shard&&) noexcept;

  /// Adds a record, or replaces the one of the same id. `attributes` are opaque bytes for a search's filter (64 KiB at
  /// most: REQUIRES). Now and then it compacts what replacements and erasures left behind: linear in the shard, but
  /// constant a call when spread over them.
  void put(const Key& key, std::string_view attributes, const Entry& entry);

  /// Takes a record out; false when it is not there.
  bool erase(const RecordId& id);

  [[nodiscard]] bool contains(const RecordId& id) const;
  [[nodiscard]] std::size_t size() const;
  /// The heap bytes that it holds, its own included: what a memory budget should count.
  [[nodiscard]] std::size_t bytes() const;
  /// The embedders of the vectors met here, each once; a search brings a query vector for each where it can.
  [[nodiscard]] std::vector<std::uint32_t> embedders() const;

  class Impl;  // for rank alone
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace warifu::search
