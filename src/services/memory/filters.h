#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services/memory/branches.h"
#include "services/memory/event_rows.h"

/// Which events of a session a listing wants. Pure.
namespace warifu::services::memory {

enum class MetadataOperator : std::uint8_t { kEqualsTo, kExists, kNotExists };

struct MetadataFilter {
  std::string key;
  MetadataOperator op = MetadataOperator::kExists;
  std::string value{};  // of kEqualsTo
};

struct EventFilter {
  std::vector<MetadataFilter> metadata;  // all must hold
  std::vector<branches::Cut> branches;   // one must hold; empty: every branch
};

/// True when the event passes every part of the filter. An event without metadata passes kNotExists.
[[nodiscard]] bool matches(const EventFilter& filter, const EventView& event, std::string_view event_id);

}  // namespace warifu::services::memory
