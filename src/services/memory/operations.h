#pragma once

#include <memory>

#include "api/registry.h"
#include "api/resource_kinds.h"
#include "gen/agentcore/events.h"
#include "gen/agentcore/extraction_jobs.h"
#include "gen/agentcore/memories.h"
#include "gen/agentcore/resource_policies.h"
#include "gen/agentcore/tags.h"

/// The operations of AgentCore Memory, and of tags and resource policies of AgentCore's resources.
namespace warifu::services::memory {

namespace extraction {
class Notices;
}

/// Binds every handler below. Call once, before the server serves. `extraction` is told of what waits for it; null: the
/// entries lie in the store until somebody runs them. `others`: what else than memories tags and resource policies may
/// hang on.
void bind(api::Registry& registry, extraction::Notices* extraction = nullptr, api::ResourceKinds others = {});

/// What tags and resource policies may hang on, memories among them.
using Kinds = std::shared_ptr<const api::ResourceKinds>;

namespace m = model::agentcore;

// Control plane (memory_operations.cc, update_memory.cc).
Task<Result<m::CreateMemoryOutput>> create_memory(api::Call& call, m::CreateMemoryInput input);
Task<Result<m::GetMemoryOutput>> get_memory(api::Call& call, m::GetMemoryInput input);
Task<Result<m::ListMemoriesOutput>> list_memories(api::Call& call, m::ListMemoriesInput input);
Task<Result<m::UpdateMemoryOutput>> update_memory(api::Call& call, m::UpdateMemoryInput input);
Task<Result<m::DeleteMemoryOutput>> delete_memory(api::Call& call, m::DeleteMemoryInput input);

// Short-term memory (create_event.cc, event_operations.cc, list_operations.cc).
Task<Result<m::CreateEventOutput>> create_event(api::Call& call, m::CreateEventInput input,
                                                extraction::Notices* extraction);
Task<Result<m::GetEventOutput>> get_event(api::Call& call, m::GetEventInput input);
Task<Result<m::DeleteEventOutput>> delete_event(api::Call& call, m::DeleteEventInput input);
Task<Result<m::ListEventsOutput>> list_events(api::Call& call, m::ListEventsInput input);
Task<Result<m::ListSessionsOutput>> list_sessions(api::Call& call, m::ListSessionsInput input);
Task<Result<m::ListActorsOutput>> list_actors(api::Call& call, m::ListActorsInput input);

// What long-term memory is made of, and how that goes (ingest_data.cc, extraction_jobs.cc).
Task<Result<m::IngestDataOutput>> ingest_data(api::Call& call, m::IngestDataInput input,
                                              extraction::Notices* extraction);
Task<Result<m::ListMemoryExtractionJobsOutput>> list_extraction_jobs(api::Call& call,
                                                                     m::ListMemoryExtractionJobsInput input,
                                                                     extraction::Notices* extraction);
Task<Result<m::StartMemoryExtractionJobOutput>> start_extraction_job(api::Call& call,
                                                                     m::StartMemoryExtractionJobInput input,
                                                                     extraction::Notices* extraction);

// Of any AgentCore resource (tags.cc, resource_policies.cc).
Task<Result<m::TagResourceOutput>> tag_resource(api::Call& call, m::TagResourceInput input, Kinds kinds);
Task<Result<m::UntagResourceOutput>> untag_resource(api::Call& call, m::UntagResourceInput input, Kinds kinds);
Task<Result<m::ListTagsForResourceOutput>> list_tags_for_resource(api::Call& call, m::ListTagsForResourceInput input,
                                                                  Kinds kinds);
Task<Result<m::PutResourcePolicyOutput>> put_resource_policy(api::Call& call, m::PutResourcePolicyInput input,
                                                             Kinds kinds);
Task<Result<m::GetResourcePolicyOutput>> get_resource_policy(api::Call& call, m::GetResourcePolicyInput input,
                                                             Kinds kinds);
Task<Result<m::DeleteResourcePolicyOutput>> delete_resource_policy(api::Call& call, m::DeleteResourcePolicyInput input,
                                                                   Kinds kinds);

}  // namespace warifu::services::memory
