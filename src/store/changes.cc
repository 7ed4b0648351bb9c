#include "store/changes.h"

#include <algorithm>

namespace warifu::store {
namespace {

std::size_t bytes_of(const std::optional<std::string>& value) { return value ? value->size() : 0; }

}  // namespace

void Changes::change(std::string flat, std::optional<std::string> value) {
  touched_.set(row_hash(flat) % kTouched);
  bytes_ += flat.size() + bytes_of(value);
  const auto [it, fresh] = rows_.try_emplace(std::move(flat));
  if (fresh) {
    undo_.emplace_back(it, std::nullopt);
    it->second = std::move(value);
    return;
  }
  bytes_ -= it->first.size() + bytes_of(it->second);
  undo_.emplace_back(it, std::exchange(it->second, std::move(value)));
}

const std::optional<std::string>* Changes::find(std::string_view flat) const {
  const auto it = rows_.find(flat);
  return it == rows_.end() ? nullptr : &it->second;
}

std::vector<ChangedRow> Changes::in(const FlatRange& range) const {
  std::vector<ChangedRow> out;
  if (range.empty()) return out;
  const auto end = rows_.lower_bound(range.end);
  for (auto it = rows_.lower_bound(range.begin); it != end; ++it) out.push_back({it->first, it->second});
  if (range.direction == Direction::kBackward) std::ranges::reverse(out);
  return out;
}

void Changes::roll_back() {
  for (auto before = undo_.rbegin(); before != undo_.rend(); ++before) {
    const auto it = before->first;
    bytes_ -= it->first.size() + bytes_of(it->second);
    if (!before->second) {
      rows_.erase(it);
      continue;
    }
    it->second = std::move(*before->second);
    bytes_ += it->first.size() + bytes_of(it->second);
  }
  undo_.clear();
}

void Changes::clear() {
  rows_.clear();
  undo_.clear();
  touched_.reset();
  bytes_ = 0;
}

}  // namespace warifu::store
