#include "services/memory/operations.h"

#include "services/memory/resources.h"

namespace warifu::services::memory {

namespace {

/// Binds a handler that tells the extraction of what it wrote.
template <class Input, class Output>
void bind_extracting(api::Registry& registry, const wire::TypedOperation<Input, Output>& operation,
                     Task<Result<Output>> (*handler)(api::Call&, Input, extraction::Notices*),
                     extraction::Notices* extraction) {
  registry.bind(operation, [handler, extraction](api::Call& call, Input input) {
    return handler(call, std::move(input), extraction);
  });
}

/// Binds a handler of whatever resource its ARN names.
template <class Input, class Output>
void bind_named(api::Registry& registry, const wire::TypedOperation<Input, Output>& operation,
                Task<Result<Output>> (*handler)(api::Call&, Input, Kinds), const Kinds& kinds) {
  registry.bind(operation,
                [handler, kinds](api::Call& call, Input input) { return handler(call, std::move(input), kinds); });
}

}  // namespace

void bind(api::Registry& registry, extraction::Notices* extraction, api::ResourceKinds others) {
  others.push_back(resources::memory_kind());
  const auto kinds = std::make_shared<const api::ResourceKinds>(std::move(others));
  namespace ops = m::ops;
  registry.bind(ops::kCreateMemory, create_memory);
  registry.bind(ops::kGetMemory, get_memory);
  registry.bind(ops::kListMemories, list_memories);
  registry.bind(ops::kUpdateMemory, update_memory);

  bind_extracting(registry, ops::kCreateEvent, create_event, extraction);
  bind_extracting(registry, ops::kIngestData, ingest_data, extraction);
  bind_extracting(registry, ops::kListMemoryExtractionJobs, list_extraction_jobs, extraction);
  bind_extracting(registry, ops::kStartMemoryExtractionJob, start_extraction_job, extraction);
  registry.bind(ops::kGetEvent, get_event);
  registry.bind(ops::kDeleteEvent, delete_event);
  registry.bind(ops::kListEvents, list_events);
  registry.bind(ops::kListSessions, list_sessions);
  registry.bind(ops::kListActors, list_actors);

  bind_named(registry, ops::kTagResource, tag_resource, kinds);
  bind_named(registry, ops::kUntagResource, untag_resource, kinds);
  bind_named(registry, ops::kListTagsForResource, list_tags_for_resource, kinds);
  bind_named(registry, ops::kPutResourcePolicy, put_resource_policy, kinds);
  bind_named(registry, ops::kGetResourcePolicy, get_resource_policy, kinds);
  bind_named(registry, ops::kDeleteResourcePolicy, delete_resource_policy, kinds);
}

}  // namespace warifu::services::memory
