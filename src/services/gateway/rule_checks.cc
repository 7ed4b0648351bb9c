#include "services/gateway/rule_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "services/gateway/control_errors.h"

namespace warifu::services::gateway::rule_checks {
namespace {

constexpr std::int32_t kWeights = 100;
constexpr std::array<std::string_view, 4> kDimensions{"targetName", "toolName", "$.context.iam.principal",
                                                      "$.context.iam.sourceIdentity"};
constexpr std::string_view kClaim = "$.context.jwt.";
constexpr std::string_view kAny = "*";

Result<> check_conditions(const std::vector<m::Condition>& conditions) {
  std::size_t principals = 0;
  std::size_t paths = 0;
  for (const m::Condition& condition : conditions) {
    if (condition.match_models) return fail(unsupported_member("conditions.matchModels"));
    principals += condition.match_principals ? 1 : 0;
    paths += condition.match_paths ? 1 : 0;
  }
  if (principals > 1 || paths > 1) {
    return fail(invalid_field("conditions", "a rule has at most one condition of each kind"));
  }
  return {};
}

Result<> check_route(const std::string& target, bool model, bool fallback, std::span<const std::string> targets) {
  if (model) return fail(unsupported_member("actions.routeToTarget.model"));
  if (fallback) return fail(unsupported_member("actions.routeToTarget.fallback"));
  if (std::ranges::find(targets, target) != targets.end()) return {};
  return fail(invalid_field("actions", fmt::format("the gateway has no target `{}`", target)));
}

Result<> check_weights(const m::WeightedRoute& route, std::span<const std::string> targets) {
  std::int32_t sum = 0;
  std::set<std::string_view> names;
  for (const m::TargetTrafficSplitEntry& entry : route.traffic_split) {
    TRY(check_route(entry.target_name, entry.model.has_value(), entry.fallback.has_value(), targets));
    if (!names.insert(entry.name).second) {
      return fail(invalid_field("actions", fmt::format("traffic split `{}` stands twice", entry.name)));
    }
    sum += entry.weight;
  }
  if (sum == kWeights) return {};
  return fail(invalid_field("actions", fmt::format("the weights of a traffic split must sum to 100, not {}", sum)));
}

Result<> check_actions(const std::vector<m::Action>& actions, std::span<const std::string> targets) {
  if (actions.size() > 1) return fail(invalid_field("actions", "a rule has at most one action of each kind"));
  for (const m::Action& action : actions) {
    if (action.configuration_bundle) return fail(unsupported_member("actions.configurationBundle"));
    const m::RouteToTargetAction& route = *action.route_to_target;
    if (route.weighted_route) TRY(check_weights(*route.weighted_route, targets));
    if (!route.static_route) continue;
    const m::StaticRoute& one = *route.static_route;
    TRY(check_route(one.target_name, one.model.has_value(), one.fallback.has_value(), targets));
  }
  return {};
}

bool known_dimension(std::string_view key) {
  if (std::ranges::find(kDimensions, key) != kDimensions.end()) return true;
  return key.starts_with(kClaim) && key.size() > kClaim.size();
}

Result<> check_dimensions(const std::vector<std::string>& keys) {
  std::set<std::string_view> seen;
  for (const std::string& key : keys) {
    if (!known_dimension(key)) return fail(unsupported_member(fmt::format("dimensionKeys: `{}`", key)));
    if (!seen.insert(key).second) {
      return fail(invalid_field("dimensionKeys", fmt::format("dimension key `{}` stands twice", key)));
    }
  }
  return {};
}

/// The values of an entry in the order of the keys, wildcards only behind all others.
Result<std::vector<std::string_view>> values_of(const m::LimitEntry& entry, const std::vector<std::string>& keys,
                                                const std::string& field) {
  std::vector<std::string_view> values;
  for (const std::string& key : keys) {
    const auto found = entry.dimensions.find(key);
    if (found == entry.dimensions.end()) {
      return fail(invalid_field(field, fmt::format("the entry has no value for dimension `{}`", key)));
    }
    if (found->second != kAny && !values.empty() && values.back() == kAny) {
      return fail(invalid_field(field, "a wildcard may stand only in trailing dimensions"));
    }
    values.push_back(found->second);
  }
  if (entry.dimensions.size() == keys.size()) return values;
  return fail(invalid_field(field, "the entry has dimensions that are not among dimensionKeys"));
}

}  // namespace

Result<> check(const Rule& rule, std::span<const std::string> targets) {
  if (rule.conditions) TRY(check_conditions(*rule.conditions));
  return check_actions(rule.actions, targets);
}

Result<> check(const RateLimit& limit) {
  TRY(check_dimensions(limit.dimension_keys));
  std::set<std::vector<std::string_view>> seen;
  for (std::size_t i = 0; i < limit.entries.size(); ++i) {
    const m::LimitEntry& entry = limit.entries[i];
    const std::string field = fmt::format("entries.{}.member", i + 1);
    if (entry.tokens) return fail(unsupported_member(field + ".tokens"));
    if (entry.connections) return fail(unsupported_member(field + ".connections"));
    if (!entry.requests) return fail(invalid_field(field, "the entry limits nothing"));
    if (!seen.insert(TRY(values_of(entry, limit.dimension_keys, field + ".dimensions"))).second) {
      return fail(invalid_field(field, "two entries have the same dimensions"));
    }
  }
  return {};
}

}  // namespace warifu::services::gateway::rule_checks
