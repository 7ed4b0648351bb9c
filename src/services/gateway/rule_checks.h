#pragma once

#include <span>

#include "base/result.h"
#include "services/gateway/targets_store.h"
#include "services/gateway/traffic_rules.h"

/// What must hold of rules and rate limits beyond the model's constraints. Pure.
namespace warifu::services::gateway::rule_checks {

/// kValidation naming the member: two conditions or actions of one kind, a route to a target that the gateway does
/// not have, weights that do not sum to 100; what this server cannot honour (configuration bundles, models, fallbacks).
/// `targets`: names of the gateway's targets.
[[nodiscard]] Result<> check(const Rule& rule, std::span<const std::string> targets);

/// kValidation naming the member: dimension keys that stand twice or that this server does not know; entries whose
/// dimensions are not those keys, that limit nothing, stand twice, or have a wildcard before a value; what this server
/// cannot honour (limits on tokens and connections).
[[nodiscard]] Result<> check(const RateLimit& limit);

}  // namespace warifu::services::gateway::rule_checks
