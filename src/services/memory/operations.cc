#include "services/memory/operations.h"

namespace warifu::services::memory {

void bind(api::Registry& registry) {
  namespace ops = m::ops;
  registry.bind(ops::kCreateMemory, create_memory);
  registry.bind(ops::kGetMemory, get_memory);
  registry.bind(ops::kListMemories, list_memories);
  registry.bind(ops::kUpdateMemory, update_memory);
  registry.bind(ops::kDeleteMemory, delete_memory);

  registry.bind(ops::kCreateEvent, create_event);
  registry.bind(ops::kGetEvent, get_event);
  registry.bind(ops::kDeleteEvent, delete_event);
  registry.bind(ops::kListEvents, list_events);
  registry.bind(ops::kListSessions, list_sessions);
  registry.bind(ops::kListActors, list_actors);

  registry.bind(ops::kTagResource, tag_resource);
  registry.bind(ops::kUntagResource, untag_resource);
  registry.bind(ops::kListTagsForResource, list_tags_for_resource);
  registry.bind(ops::kPutResourcePolicy, put_resource_policy);
  registry.bind(ops::kGetResourcePolicy, get_resource_policy);
  registry.bind(ops::kDeleteResourcePolicy, delete_resource_policy);
}

}  // namespace warifu::services::memory
