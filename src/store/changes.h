#pragma once

#include <atomic>
#include <bitset>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/keys.h"
#include "store/merge_scan.h"
#include "store/store.h"

namespace warifu::store {

/// What a group of closures has changed so far over its engine's rows: ordered by flat key, the last change of each.
/// A closure's changes stand after `keep`, and are taken back by `roll_back`. Used by the committer's thread alone.
class Changes {
 public:
  /// A value, or nullopt for an erased row.
  using Rows = std::map<std::string, std::optional<std::string>, std::less<>>;

  void change(std::string flat, std::optional<std::string> value);
  /// nullptr: not changed; else valid until the row changes again.
  [[nodiscard]] const std::optional<std::string>* find(std::string_view flat) const;
  /// Those within `range`, in its direction.
  [[nodiscard]] std::vector<ChangedRow> in(const FlatRange& range) const;
  /// False: no closure of this group has changed the row, not even one that was rolled back.
  [[nodiscard]] bool may_hold(RowHash row) const { return !rows_.empty() && touched_.test(row % kTouched); }

  void keep() { undo_.clear(); }
  void roll_back();

  [[nodiscard]] const Rows& rows() const { return rows_; }
  /// Keys and values together.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// Begins the next group.
  void clear();

 private:
  static constexpr std::size_t kTouched = 4096;

  // A row, and what it had before: no place here, or a value or an erasure.
  using Before = std::pair<Rows::iterator, std::optional<std::optional<std::string>>>;

  Rows rows_;
  std::vector<Before> undo_;  // of the closure that runs
  std::bitset<kTouched> touched_;
  std::size_t bytes_ = 0;
};

/// When rows changed, by hash in a table of fixed size: each slot holds the last moment at which one of its rows did.
/// One thread notes, any thread asks. A change must be noted before the state that holds it is published, so that who
/// reads that state sees the note.
class ChangeTimes {
 public:
  void note(RowHash row, Moment when) { slots_[row % kSlots].store(when, std::memory_order_release); }
  /// False may be another row's change.
  [[nodiscard]] bool unchanged(RowHash row, Moment since) const {
    return slots_[row % kSlots].load(std::memory_order_acquire) <= since;
  }

 private:
  static constexpr std::size_t kSlots = std::size_t{1} << 16U;

  std::vector<std::atomic<Moment>> slots_ = std::vector<std::atomic<Moment>>(kSlots);
};

}  // namespace warifu::store
