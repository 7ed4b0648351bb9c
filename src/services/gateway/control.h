#pragma once

#include <memory>
#include <string>

#include "api/registry.h"
#include "api/resource_kinds.h"
#include "gen/agentcore/gateway_rate_limits.h"
#include "gen/agentcore/gateway_rules.h"
#include "gen/agentcore/gateway_targets.h"
#include "gen/agentcore/gateways.h"
#include "services/gateway/gateways.h"
#include "services/gateway/targets_store.h"

/// The operations on gateways, their targets, rules and rate limits.
namespace warifu::services::gateway {

/// What the handlers need beside their call. Immutable; shared by them.
struct Control {
  /// Connects to targets; null: those that need it keep waiting. Outlives all calls.
  Connector* connector = nullptr;
  /// Under which gateways have host names of their own, with TLS; empty: they are paths of the public URL.
  std::string domain{};
};
using ControlRef = std::shared_ptr<const Control>;

/// Binds every handler below. Call once, before the server serves.
void bind_control(api::Registry& registry, Control control);

/// What tags and resource policies may hang on.
[[nodiscard]] api::ResourceKind gateway_kind();

/// Where clients of the gateway send requests: `<public URL>/_gateway/<id>/mcp`, or with a domain
/// `https://<id>.gateway.bedrock-agentcore.<region>.<domain>/mcp`; without `/mcp` for gateways without protocolType
/// MCP.
[[nodiscard]] std::string gateway_url(const Gateway& gateway, const GatewayPlace& place, std::string_view public_url,
                                      std::string_view domain);

// gateway_operations.cc
Task<Result<m::CreateGatewayOutput>> create_gateway(api::Call& call, m::CreateGatewayInput input, ControlRef control);
Task<Result<m::GetGatewayOutput>> get_gateway(api::Call& call, m::GetGatewayInput input, ControlRef control);
Task<Result<m::ListGatewaysOutput>> list_gateways(api::Call& call, m::ListGatewaysInput input, ControlRef control);
Task<Result<m::UpdateGatewayOutput>> update_gateway(api::Call& call, m::UpdateGatewayInput input, ControlRef control);
Task<Result<m::DeleteGatewayOutput>> delete_gateway(api::Call& call, m::DeleteGatewayInput input, ControlRef control);

// target_operations.cc
Task<Result<m::CreateGatewayTargetOutput>> create_target(api::Call& call, m::CreateGatewayTargetInput input,
                                                         ControlRef control);
Task<Result<m::GetGatewayTargetOutput>> get_target(api::Call& call, m::GetGatewayTargetInput input, ControlRef control);
Task<Result<m::ListGatewayTargetsOutput>> list_targets(api::Call& call, m::ListGatewayTargetsInput input,
                                                       ControlRef control);
Task<Result<m::UpdateGatewayTargetOutput>> update_target(api::Call& call, m::UpdateGatewayTargetInput input,
                                                         ControlRef control);
Task<Result<m::DeleteGatewayTargetOutput>> delete_target(api::Call& call, m::DeleteGatewayTargetInput input,
                                                         ControlRef control);
Task<Result<m::SynchronizeGatewayTargetsOutput>> synchronize_targets(api::Call& call,
                                                                     m::SynchronizeGatewayTargetsInput input,
                                                                     ControlRef control);

// rule_operations.cc
Task<Result<m::CreateGatewayRuleOutput>> create_rule(api::Call& call, m::CreateGatewayRuleInput input);
Task<Result<m::GetGatewayRuleOutput>> get_rule(api::Call& call, m::GetGatewayRuleInput input);
Task<Result<m::ListGatewayRulesOutput>> list_rules(api::Call& call, m::ListGatewayRulesInput input);
Task<Result<m::UpdateGatewayRuleOutput>> update_rule(api::Call& call, m::UpdateGatewayRuleInput input);
Task<Result<m::DeleteGatewayRuleOutput>> delete_rule(api::Call& call, m::DeleteGatewayRuleInput input);

// rate_limit_operations.cc
Task<Result<m::CreateGatewayRateLimitOutput>> create_rate_limit(api::Call& call, m::CreateGatewayRateLimitInput input);
Task<Result<m::GetGatewayRateLimitOutput>> get_rate_limit(api::Call& call, m::GetGatewayRateLimitInput input);
Task<Result<m::ListGatewayRateLimitsOutput>> list_rate_limits(api::Call& call, m::ListGatewayRateLimitsInput input);
Task<Result<m::UpdateGatewayRateLimitOutput>> update_rate_limit(api::Call& call, m::UpdateGatewayRateLimitInput input);
Task<Result<m::DeleteGatewayRateLimitOutput>> delete_rate_limit(api::Call& call, m::DeleteGatewayRateLimitInput input);
Task<Result<m::BatchPutGatewayRateLimitsOutput>> batch_put_rate_limits(api::Call& call,
                                                                       m::BatchPutGatewayRateLimitsInput input);

}  // namespace warifu::services::gateway
