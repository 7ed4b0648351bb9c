#include "services/gateway/control.h"

#include <array>

#include "services/gateway/control_errors.h"
#include "services/gateway/gateway_rules.h"

namespace warifu::services::gateway {
namespace {

constexpr std::array<std::string_view, 1> kPolicyActions{"bedrock-agentcore:InvokeGateway"};

template <class Input, class Output>
void bind_with(api::Registry& registry, const wire::TypedOperation<Input, Output>& operation,
               Task<Result<Output>> (*handler)(api::Call&, Input, ControlRef), const ControlRef& control) {
  registry.bind(operation,
                [handler, control](api::Call& call, Input input) { return handler(call, std::move(input), control); });
}

Result<bool> exists(store::Reader& reader, std::string_view arn) {
  const std::optional<GatewayPlace> place = gateways::parse_place(arn);
  if (!place) return false;
  const std::optional<Gateway> gateway = TRY(gateways::find(reader, *place));
  return gateway.has_value();
}

Result<> check_policy(store::Reader& reader, std::string_view arn, const policy::Policy& policy) {
  const std::optional<GatewayPlace> place = gateways::parse_place(arn);
  if (!place) return fail(gateway_not_found(arn));
  const Gateway gateway = TRY(gateways::require(reader, *place));
  return gateway_rules::check_policy(gateway, policy, "policy");
}

void bind_rules(api::Registry& registry) {
  namespace ops = m::ops;
  registry.bind(ops::kCreateGatewayRule, create_rule);
  registry.bind(ops::kGetGatewayRule, get_rule);
  registry.bind(ops::kListGatewayRules, list_rules);
  registry.bind(ops::kUpdateGatewayRule, update_rule);
  registry.bind(ops::kDeleteGatewayRule, delete_rule);
  registry.bind(ops::kCreateGatewayRateLimit, create_rate_limit);
  registry.bind(ops::kGetGatewayRateLimit, get_rate_limit);
  registry.bind(ops::kListGatewayRateLimits, list_rate_limits);
  registry.bind(ops::kUpdateGatewayRateLimit, update_rate_limit);
  registry.bind(ops::kDeleteGatewayRateLimit, delete_rate_limit);
  registry.bind(ops::kBatchPutGatewayRateLimits, batch_put_rate_limits);
}

}  // namespace

void bind_control(api::Registry& registry, Control options) {
  namespace ops = m::ops;
  const auto control = std::make_shared<const Control>(std::move(options));
  bind_with(registry, ops::kCreateGateway, create_gateway, control);
  bind_with(registry, ops::kGetGateway, get_gateway, control);
  bind_with(registry, ops::kListGateways, list_gateways, control);
  bind_with(registry, ops::kUpdateGateway, update_gateway, control);
  bind_with(registry, ops::kDeleteGateway, delete_gateway, control);
  bind_with(registry, ops::kCreateGatewayTarget, create_target, control);
  bind_with(registry, ops::kGetGatewayTarget, get_target, control);
  bind_with(registry, ops::kListGatewayTargets, list_targets, control);
  bind_with(registry, ops::kUpdateGatewayTarget, update_target, control);
  bind_with(registry, ops::kDeleteGatewayTarget, delete_target, control);
  bind_with(registry, ops::kSynchronizeGatewayTargets, synchronize_targets, control);
  bind_rules(registry);
}

api::ResourceKind gateway_kind() {
  return {.prefix = "gateway/", .policy_actions = kPolicyActions, .exists = exists, .check_policy = check_policy};
}

}  // namespace warifu::services::gateway
