#include "services/gateway/routing.h"

#include <algorithm>

#include "policy/context.h"
#include "policy/pattern.h"

namespace warifu::services::gateway::routing {
namespace {

bool like(std::string_view pattern, std::string_view text) {
  constexpr policy::PatternSyntax kSyntax{.wildcards = true, .variables = false};
  if (!policy::read_segments(pattern, kSyntax)) return false;
  return policy::Pattern::compile(pattern, kSyntax).match(policy::Subject::plain(text), policy::Context()) ==
         policy::Match::kYes;
}

bool is_of_iam(const access::Principal& principal) { return principal.kind != access::PrincipalKind::kAnonymous; }

bool matches(const m::MatchPrincipals& wanted, const access::Principal& principal) {
  if (!is_of_iam(principal)) return false;
  return std::ranges::any_of(wanted.any_of, [&](const m::MatchPrincipalEntry& entry) {
    if (!entry.iam_principal) return false;
    const std::string& arn = entry.iam_principal->arn;
    if (entry.iam_principal->operator_ == "StringLike") {
      return like(arn, principal.arn) || like(arn, principal.identity_arn);
    }
    return arn == principal.arn || arn == principal.identity_arn;
  });
}

bool matches(const m::MatchPaths& wanted, std::string_view path) {
  return std::ranges::any_of(wanted.any_of, [&](std::string_view pattern) {
    if (!pattern.ends_with("/*")) return pattern == path;
    const std::string_view folder = pattern.substr(0, pattern.size() - 2);
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
  });
}

bool applies(const Rule& rule, const Traveller& traveller) {
  if (!rule.conditions) return true;
  return std::ranges::all_of(*rule.conditions, [&](const m::Condition& condition) {
    if (condition.match_models) return false;
    if (condition.match_principals && !matches(*condition.match_principals, traveller.principal)) return false;
    return !condition.match_paths || matches(*condition.match_paths, traveller.path);
  });
}

const m::RouteToTargetAction* route_of(const Rule& rule) {
  for (const m::Action& action : rule.actions) {
    if (action.route_to_target) return &*action.route_to_target;
  }
  return nullptr;
}

std::string drawn(const m::WeightedRoute& route, std::uint32_t draw) {
  std::uint32_t left = draw % kDraws;
  for (const m::TargetTrafficSplitEntry& entry : route.traffic_split) {
    const auto weight = static_cast<std::uint32_t>(std::max(entry.weight, 0));
    if (left < weight) return entry.target_name;
    left -= weight;
  }
  return route.traffic_split.empty() ? std::string() : route.traffic_split.back().target_name;
}

}  // namespace

std::string route(std::span<const Rule> rules, const Traveller& traveller, std::uint32_t draw) {
  for (const Rule& rule : rules) {
    const m::RouteToTargetAction* route = route_of(rule);
    if (route == nullptr || !applies(rule, traveller)) continue;
    if (route->static_route) return route->static_route->target_name;
    if (route->weighted_route) return drawn(*route->weighted_route, draw);
  }
  return std::string(traveller.target);
}

}  // namespace warifu::services::gateway::routing
