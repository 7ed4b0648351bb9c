#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/store.h"

namespace warifu::vault {

/// Opened rows that one thread has read and may read again, each with the moment at which it was read: good only while
/// the store proves them unchanged since. A table of fixed size in sets of two, in which the row that was not asked for
/// lately makes room. Not thread-safe: one for each thread.
class KeptRows {
 public:
  struct Row {
    std::string flat;  // flat key; empty: nothing here
    std::optional<std::string> value;
    store::Moment read_at = 0;
  };

  /// This thread's rows of the database with that number; those of another database are forgotten.
  [[nodiscard]] static KeptRows& of_thread(std::uint64_t database);

  /// nullptr: not kept. Else valid until the next `put`.
  [[nodiscard]] const Row* find(std::string_view flat, store::RowHash hash);
  /// Values longer than kValueBytesMax are not kept.
  void put(std::string flat, store::RowHash hash, const std::optional<std::string>& value, store::Moment read_at);

 private:
  static constexpr std::size_t kSets = 1024;
  static constexpr std::size_t kValueBytesMax = 32 * 1024;
  static constexpr std::size_t kBytesMax = 2 * 1024 * 1024;

  struct Set {
    std::array<Row, 2> ways;  // the first was asked for last
  };

  std::unique_ptr<std::array<Set, kSets>> sets_;  // made when first used: most threads never read
  std::uint64_t database_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace warifu::vault
