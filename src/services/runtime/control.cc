#include "services/runtime/control.h"

#include <array>

#include "services/runtime/errors.h"
#include "services/runtime/limits.h"

namespace warifu::services::runtime {
namespace {

/// Developer guide, "Resource-based policies for Amazon Bedrock AgentCore".
constexpr std::array<std::string_view, 8> kPolicyActions{
    "bedrock-agentcore:InvokeAgentRuntime",
    "bedrock-agentcore:InvokeAgentRuntimeForUser",
    "bedrock-agentcore:InvokeAgentRuntimeCommand",
    "bedrock-agentcore:InvokeAgentRuntimeCommandShell",
    "bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStream",
    "bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStreamForUser",
    "bedrock-agentcore:StopRuntimeSession",
    "bedrock-agentcore:GetAgentCard"};

template <class Input, class Output>
void bind_with(api::Registry& registry, const wire::TypedOperation<Input, Output>& operation,
               Task<Result<Output>> (*handler)(api::Call&, Input, ControlRef), const ControlRef& control) {
  registry.bind(operation,
                [handler, control](api::Call& call, Input input) { return handler(call, std::move(input), control); });
}

Result<bool> exists(store::Reader& reader, std::string_view arn) {
  const auto named = runtimes::parse(arn);
  if (!named) return false;
  if (named->endpoint.empty()) {
    const auto number = TRY(runtimes::newest(reader, named->place));
    return number.has_value();
  }
  const auto endpoint = TRY(runtimes::find_endpoint(reader, named->place, named->endpoint));
  return endpoint.has_value();
}

/// Whom a token proves is nobody that a policy could name.
Result<> check_policy(store::Reader& reader, std::string_view arn, const policy::Policy& policy) {
  const auto named = runtimes::parse(arn);
  if (!named) return fail(runtime_not_found(arn));
  const std::uint32_t number = TRY(runtimes::require_newest(reader, named->place));
  const Version version = TRY(runtimes::require_version(reader, named->place, number));
  if (!version.shown.authorizer_configuration) return {};
  for (const policy::Statement& statement : policy.statements()) {
    for (const policy::PrincipalName& principal : statement.principals) {
      if (principal.type == policy::PrincipalType::kAnyone && !statement.not_principal) continue;
      return fail(invalid_field("policy",
                                "the policy of a runtime with a customJWTAuthorizer must have the principal `*`: its "
                                "callers are no AWS principals"));
    }
  }
  return {};
}

}  // namespace

const hosting::archive::Bounds& code_bounds() {
  static constexpr hosting::archive::Bounds kBounds{.zip_bytes_max = kZipBytesMax,
                                                    .unzipped_bytes_max = kUnzippedBytesMax};
  return kBounds;
}

void bind_control(api::Registry& registry, Control options) {
  namespace ops = m::ops;
  const auto control = std::make_shared<const Control>(std::move(options));
  bind_with(registry, ops::kCreateAgentRuntime, create_runtime, control);
  bind_with(registry, ops::kGetAgentRuntime, get_runtime, control);
  bind_with(registry, ops::kListAgentRuntimes, list_runtimes, control);
  bind_with(registry, ops::kListAgentRuntimeVersions, list_versions, control);
  bind_with(registry, ops::kUpdateAgentRuntime, update_runtime, control);
  bind_with(registry, ops::kDeleteAgentRuntime, delete_runtime, control);
  bind_with(registry, ops::kCreateAgentRuntimeEndpoint, create_endpoint, control);
  bind_with(registry, ops::kGetAgentRuntimeEndpoint, get_endpoint, control);
  bind_with(registry, ops::kListAgentRuntimeEndpoints, list_endpoints, control);
  bind_with(registry, ops::kUpdateAgentRuntimeEndpoint, update_endpoint, control);
  bind_with(registry, ops::kDeleteAgentRuntimeEndpoint, delete_endpoint, control);
}

api::ResourceKind runtime_kind() {
  return {.prefix = "runtime/", .policy_actions = kPolicyActions, .exists = exists, .check_policy = check_policy};
}

RuntimePlace place_of(const api::Call& call, std::string_view id) {
  return runtimes::new_place(call.account(), call.region(), id);
}

}  // namespace warifu::services::runtime
