#include "services/memory/filters.h"

#include <algorithm>

namespace warifu::services::memory {
namespace {

bool holds(const MetadataFilter& filter, const EventView& event) {
  const std::optional<std::string_view> value = event.find_metadata(filter.key);
  switch (filter.op) {
    case MetadataOperator::kEqualsTo:
      return value == filter.value;
    case MetadataOperator::kExists:
      return value.has_value();
    case MetadataOperator::kNotExists:
      return !value.has_value();
  }
  return false;
}

bool within(const branches::Cut& cut, const EventView& event, std::string_view event_id) {
  return event.branch == cut.branch && (cut.last_event_id.empty() || event_id <= cut.last_event_id);
}

}  // namespace

bool matches(const EventFilter& filter, const EventView& event, std::string_view event_id) {
  if (!filter.branches.empty() &&
      std::ranges::none_of(filter.branches, [&](const branches::Cut& cut) { return within(cut, event, event_id); })) {
    return false;
  }
  return std::ranges::all_of(filter.metadata, [&](const MetadataFilter& one) { return holds(one, event); });
}

}  // namespace warifu::services::memory
