#pragma once

#include <string_view>

#include "gen/agentcore/events.h"
#include "services/memory/event_rows.h"
#include "services/memory/keys.h"

namespace warifu::services::memory {

/// The Event of an answer. `memory_id` is echoed as the request named the memory; without `with_payload` the member is
/// absent. REQUIRES: `event_id` is canonical.
[[nodiscard]] model::agentcore::Event event_output(std::string_view memory_id, SessionRef ref,
                                                   std::string_view event_id, const EventView& event,
                                                   bool with_payload);

}  // namespace warifu::services::memory
