#include "services/memory/event_outputs.h"

#include "base/check.h"

namespace warifu::services::memory {

model::agentcore::Event event_output(std::string_view memory_id, SessionRef ref, std::string_view event_id,
                                     const EventView& event, bool with_payload) {
  const std::optional<EventId> id = EventId::parse(event_id);
  CHECK(id.has_value(), "an event's key ends in its id");
  model::agentcore::Event output{.memory_id = std::string(memory_id),
                                 .actor_id = std::string(ref.actor),
                                 .session_id = std::string(ref.session),
                                 .event_id = std::string(event_id),
                                 .event_timestamp = id->time};
  if (with_payload) output.payload = wire::Document{.json = std::string(event.payload)};
  output.branch.emplace().name = std::string(event.branch);
  if (!event.root_event_id.empty()) output.branch->root_event_id = std::string(event.root_event_id);
  each_pair(event.metadata, [&](std::string_view key, std::string_view value) {
    if (!output.metadata) output.metadata.emplace();
    (*output.metadata)[std::string(key)].string_value = std::string(value);
  });
  return output;
}

}  // namespace warifu::services::memory
