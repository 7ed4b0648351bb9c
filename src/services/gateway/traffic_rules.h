#pragma once

#include <string_view>
#include <vector>

#include "gen/agentcore/gateway_rate_limits.h"
#include "gen/agentcore/gateway_rules.h"
#include "services/gateway/gateways.h"

/// Rows of a gateway's routing rules and rate limits. Functions over a transaction; every change moves the version of
/// the gateway. A rule and a rate limit are ACTIVE with the transaction that makes them.
namespace warifu::services::gateway {

using Rule = m::GetGatewayRuleOutput;
using RateLimit = m::GetGatewayRateLimitOutput;

namespace traffic_rules {

/// In order of priority, lowest number first: the first that matches decides, for each kind of action.
[[nodiscard]] Result<std::vector<Rule>> rules(store::Reader& reader, const GatewayPlace& place);
/// In byte order of their ids.
[[nodiscard]] Result<std::vector<RateLimit>> rate_limits(store::Reader& reader, const GatewayPlace& place);

/// kNotFound.
[[nodiscard]] Result<Rule> require_rule(store::Reader& reader, const GatewayPlace& place, std::string_view id);
[[nodiscard]] Result<RateLimit> require_rate_limit(store::Reader& reader, const GatewayPlace& place,
                                                   std::string_view id);
[[nodiscard]] Result<> put(store::Txn& txn, const GatewayPlace& place, const Rule& rule);
[[nodiscard]] Result<> put(store::Txn& txn, const GatewayPlace& place, const RateLimit& limit);
[[nodiscard]] Result<> erase_rule(store::Txn& txn, const GatewayPlace& place, std::string_view id);
[[nodiscard]] Result<> erase_rate_limit(store::Txn& txn, const GatewayPlace& place, std::string_view id);
[[nodiscard]] Result<> erase_rate_limits(store::Txn& txn, const GatewayPlace& place);
/// With the gateway.
[[nodiscard]] Result<> erase_all(store::Txn& txn, const GatewayPlace& place);

}  // namespace traffic_rules
}  // namespace warifu::services::gateway
