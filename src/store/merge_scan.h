#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/keys.h"

namespace warifu::store {

/// A row that a transaction changed: its flat key, and its value, or nullopt when it was erased.
struct ChangedRow {
  std::string key;
  std::optional<std::string> value;
};

/// Visits the rows under `base`, overlaid with `changed`, in the direction of `range`. `base` stands on its first row
/// within the range and offers `valid()`, `key()`, `value()`, `next()`; `changed` lies within the range and is ordered
/// in its direction. It is a copy, so that the visitor may write to the transaction that it was taken from.
template <class Base>
void merge_scan(Base& base, const std::vector<ChangedRow>& changed, const FlatRange& range, const Visitor& visit) {
  const auto show = [&](std::string_view key, std::string_view value) {
    return visit(key.substr(range.prefix_bytes), value);
  };
  // Negative: the base's row comes first.
  const auto order_of = [&](const ChangedRow& row) {
    const int order = base.key().compare(row.key);
    return range.direction == Direction::kForward ? order : -order;
  };
  auto change = changed.begin();
  while (base.valid() || change != changed.end()) {
    const int order = !base.valid() ? 1 : change == changed.end() ? -1 : order_of(*change);
    if (order < 0) {
      if (!show(base.key(), base.value())) return;
      base.next();
      continue;
    }
    // The changed row comes first, or hides the base's row of the same key.
    if (order == 0) base.next();
    if (change->value && !show(change->key, *change->value)) return;
    ++change;
  }
}

}  // namespace warifu::store
