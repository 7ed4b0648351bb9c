#include <fmt/format.h>

#include "api/client_tokens.h"
#include "identity/tags.h"
#include "services/runtime/control.h"
#include "services/runtime/errors.h"
#include "services/runtime/limits.h"

namespace warifu::services::runtime {
namespace {

namespace ops = m::ops;
namespace tokens = api::client_tokens;

m::CreateAgentRuntimeEndpointOutput created(const RuntimePlace& place, const Endpoint& endpoint) {
  return {.target_version = endpoint.target_version.value_or(""),
          .agent_runtime_endpoint_arn = endpoint.agent_runtime_endpoint_arn,
          .agent_runtime_arn = endpoint.agent_runtime_arn,
          .agent_runtime_id = place.id,
          .endpoint_name = endpoint.name,
          .status = endpoint.status,
          .created_at = endpoint.created_at};
}

m::UpdateAgentRuntimeEndpointOutput updated(const Endpoint& endpoint) {
  return {.live_version = endpoint.live_version,
          .target_version = endpoint.target_version,
          .agent_runtime_endpoint_arn = endpoint.agent_runtime_endpoint_arn,
          .agent_runtime_arn = endpoint.agent_runtime_arn,
          .status = endpoint.status,
          .created_at = endpoint.created_at,
          .last_updated_at = endpoint.last_updated_at};
}

m::AgentRuntimeEndpoint summary_of(const Endpoint& endpoint) {
  return {.name = endpoint.name,
          .live_version = endpoint.live_version,
          .target_version = endpoint.target_version,
          .agent_runtime_endpoint_arn = endpoint.agent_runtime_endpoint_arn,
          .agent_runtime_arn = endpoint.agent_runtime_arn,
          .status = endpoint.status,
          .id = endpoint.id,
          .description = endpoint.description,
          .created_at = endpoint.created_at,
          .last_updated_at = endpoint.last_updated_at};
}

/// The version that the request names, else the newest.
Result<std::string> pinned(store::Reader& reader, const RuntimePlace& place, const std::optional<std::string>& wanted) {
  const std::uint32_t newest = TRY(runtimes::require_newest(reader, place));
  if (!wanted) return std::to_string(newest);
  (void)TRY(runtimes::require_version(reader, place, runtimes::version_number(*wanted)));
  return *wanted;
}

Result<> insert(store::Txn& txn, const RuntimePlace& place, Endpoint& endpoint,
                const std::optional<std::string>& version, const identity::Tags& tags) {
  endpoint.live_version = endpoint.target_version = TRY(pinned(txn, place, version));
  if (TRY(runtimes::find_endpoint(txn, place, endpoint.name))) {
    return fail(conflict(fmt::format("Endpoint {} of agent runtime {} already exists", endpoint.name, place.id)));
  }
  const auto all = TRY(runtimes::endpoints(txn, place));
  if (all.size() >= kEndpointsMax) {
    return fail(quota_exceeded(fmt::format("an agent runtime has at most {} endpoints", kEndpointsMax)));
  }
  TRY(runtimes::put_endpoint(txn, place, endpoint));
  if (tags.empty()) return {};
  return identity::put_tags(txn, place.owner, place.endpoint_arn(endpoint.name), tags);
}

}  // namespace

Task<Result<m::CreateAgentRuntimeEndpointOutput>> create_endpoint(api::Call& call,
                                                                  m::CreateAgentRuntimeEndpointInput input,
                                                                  ControlRef) {
  const RuntimePlace place = place_of(call, input.agent_runtime_id);
  const tokens::Claim claim = tokens::claim_of(call, ops::kCreateAgentRuntimeEndpoint, place.arn, input);
  const identity::Tags tags =
      CO_TRY(identity::requested_tags(input.tags.value_or(std::map<std::string, std::string>{}), "tags"));
  Endpoint endpoint{.agent_runtime_endpoint_arn = place.endpoint_arn(input.name),
                    .agent_runtime_arn = place.arn,
                    .status = std::string(kReady),
                    .created_at = call.now(),
                    .last_updated_at = call.now(),
                    .name = input.name,
                    .id = runtimes::new_id(input.name, call.random())};
  endpoint.description = input.description;
  const auto body = [place, endpoint, claim, tags,
                     version = input.agent_runtime_version](store::Txn& txn) -> Result<Endpoint> {
    if (const auto first = TRY(tokens::find(txn, place.owner, claim))) {
      std::optional<Endpoint> made = TRY(runtimes::find_endpoint(txn, place, *first));
      if (made) return *std::move(made);
    }
    Endpoint made = endpoint;
    TRY(insert(txn, place, made, version, tags));
    TRY(tokens::remember(txn, place.owner, claim, made.name));
    return made;
  };
  const Endpoint made = CO_TRY(co_await call.db().write(body));
  co_return created(place, made);
}

Task<Result<m::GetAgentRuntimeEndpointOutput>> get_endpoint(api::Call& call, m::GetAgentRuntimeEndpointInput input,
                                                            ControlRef) {
  const RuntimePlace place = place_of(call, input.agent_runtime_id);
  co_return call.db().read(
      [&](store::Reader& reader) { return runtimes::require_endpoint(reader, place, input.endpoint_name); });
}

Task<Result<m::ListAgentRuntimeEndpointsOutput>> list_endpoints(api::Call& call,
                                                                m::ListAgentRuntimeEndpointsInput input, ControlRef) {
  const RuntimePlace place = place_of(call, input.agent_runtime_id);
  std::string after;
  if (input.next_token) after = CO_TRY(call.page_position(*input.next_token));
  const auto limit = static_cast<std::size_t>(input.max_results.value_or(kPageDefault));
  const auto body = [&](store::Reader& reader) -> Result<m::ListAgentRuntimeEndpointsOutput> {
    (void)TRY(runtimes::require_newest(reader, place));
    m::ListAgentRuntimeEndpointsOutput output;
    for (const Endpoint& endpoint : TRY(runtimes::endpoints(reader, place))) {
      if (!after.empty() && endpoint.name <= after) continue;
      if (output.runtime_endpoints.size() == limit) {
        output.next_token = call.page_token(output.runtime_endpoints.back().name);
        break;
      }
      output.runtime_endpoints.push_back(summary_of(endpoint));
    }
    return output;
  };
  co_return call.db().read(body);
}

Task<Result<m::UpdateAgentRuntimeEndpointOutput>> update_endpoint(api::Call& call,
                                                                  m::UpdateAgentRuntimeEndpointInput input,
                                                                  ControlRef) {
  const RuntimePlace place = place_of(call, input.agent_runtime_id);
  const tokens::Claim claim =
      tokens::claim_of(call, ops::kUpdateAgentRuntimeEndpoint, place.endpoint_arn(input.endpoint_name), input);
  const auto body = [place, input = std::move(input), claim, now = call.now()](store::Txn& txn) -> Result<Endpoint> {
    Endpoint endpoint = TRY(runtimes::require_endpoint(txn, place, input.endpoint_name));
    if (TRY(tokens::find(txn, place.owner, claim))) return endpoint;
    if (endpoint.name == kDefaultEndpoint && input.agent_runtime_version &&
        *input.agent_runtime_version != endpoint.live_version) {
      return fail(invalid_field("agentRuntimeVersion", "endpoint DEFAULT follows the newest version and pins none"));
    }
    endpoint.live_version = endpoint.target_version = TRY(pinned(txn, place, input.agent_runtime_version));
    endpoint.description = input.description;
    endpoint.last_updated_at = now;
    TRY(runtimes::put_endpoint(txn, place, endpoint));
    TRY(tokens::remember(txn, place.owner, claim, endpoint.name));
    return endpoint;
  };
  const Endpoint endpoint = CO_TRY(co_await call.db().write(body));
  co_return updated(endpoint);
}

Task<Result<m::DeleteAgentRuntimeEndpointOutput>> delete_endpoint(api::Call& call,
                                                                  m::DeleteAgentRuntimeEndpointInput input,
                                                                  ControlRef control) {
  const RuntimePlace place = place_of(call, input.agent_runtime_id);
  const std::string name = input.endpoint_name;
  const auto body = [place, name](store::Txn& txn) -> Result<> {
    (void)TRY(runtimes::require_newest(txn, place));
    (void)TRY(runtimes::require_endpoint(txn, place, name));
    if (name == kDefaultEndpoint) {
      return fail(conflict("Endpoint DEFAULT goes with its agent runtime and cannot be deleted before it"));
    }
    return runtimes::erase_endpoint(txn, place, name);
  };
  CO_TRY(co_await call.db().write(body));
  if (control->retire) control->retire(place.arn, name);
  co_return m::DeleteAgentRuntimeEndpointOutput{
      .status = "DELETING", .agent_runtime_id = place.id, .endpoint_name = name};
}

}  // namespace warifu::services::runtime
