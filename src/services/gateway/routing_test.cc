#include "services/gateway/routing.h"

#include <gtest/gtest.h>

namespace warifu::services::gateway::routing {
namespace {

access::Principal session(std::string_view role) {
  return {.kind = access::PrincipalKind::kAssumedRole,
          .account = *AccountId::parse("222222222222"),
          .arn = "arn:aws:sts::222222222222:assumed-role/" + std::string(role) + "/one",
          .identity_arn = "arn:aws:iam::222222222222:role/" + std::string(role),
          .unique_id = {},
          .user_id = {},
          .name = std::string(role),
          .access_key_id = {},
          .session = {},
          .service = {}};
}

m::Action to(std::string target) {
  m::Action action;
  action.route_to_target.emplace().static_route = m::StaticRoute{.target_name = std::move(target)};
  return action;
}

m::Action split(std::int32_t weight, std::string first, std::string second) {
  m::Action action;
  m::WeightedRoute& route = action.route_to_target.emplace().weighted_route.emplace();
  route.traffic_split.resize(2);
  route.traffic_split[0].name = "a";
  route.traffic_split[0].target_name = std::move(first);
  route.traffic_split[0].weight = weight;
  route.traffic_split[1].name = "b";
  route.traffic_split[1].target_name = std::move(second);
  route.traffic_split[1].weight = 100 - weight;
  return action;
}

m::Condition of_principal(std::string arn, std::optional<std::string> comparison = {}) {
  m::MatchPrincipalEntry entry;
  entry.iam_principal = m::IamPrincipal{.arn = std::move(arn), .operator_ = std::move(comparison)};
  m::Condition condition;
  condition.match_principals.emplace().any_of.push_back(std::move(entry));
  return condition;
}

m::Condition of_path(std::string path) {
  m::Condition condition;
  condition.match_paths.emplace().any_of.push_back(std::move(path));
  return condition;
}

Rule rule(std::vector<m::Condition> conditions, m::Action action) {
  Rule out;
  if (!conditions.empty()) out.conditions = std::move(conditions);
  out.actions.push_back(std::move(action));
  return out;
}

std::string sent(const std::vector<Rule>& rules, const access::Principal& who = session("agent"),
                 std::string_view path = "/blue/invocations", std::uint32_t draw = 0) {
  const std::string_view target = path.substr(1, path.find('/', 1) - 1);
  return route(rules, {.principal = who, .target = target, .path = path}, draw);
}

TEST(Routing, WithoutARuleARequestGoesWhereItSays) { EXPECT_EQ(sent({}), "blue"); }

TEST(Routing, TheFirstRuleThatAppliesDecides) {
  EXPECT_EQ(sent({rule({of_path("/red/*")}, to("one")), rule({}, to("two")), rule({}, to("three"))}), "two");
}

TEST(Routing, EveryConditionOfARuleMustHold) {
  const auto role = of_principal("arn:aws:iam::222222222222:role/agent");
  EXPECT_EQ(sent({rule({role, of_path("/blue/*")}, to("green"))}), "green");
  EXPECT_EQ(sent({rule({role, of_path("/red/*")}, to("green"))}), "blue");
  EXPECT_EQ(sent({rule({role, of_path("/blue/*")}, to("green"))}, session("other")), "blue");
}

TEST(Routing, PrincipalsMatchBySessionOrRoleAndWithWildcardsWhereAskedFor) {
  const auto goes = [](std::string arn, std::optional<std::string> comparison = {}) {
    return sent({rule({of_principal(std::move(arn), std::move(comparison))}, to("green"))}) == "green";
  };
  EXPECT_TRUE(goes("arn:aws:sts::222222222222:assumed-role/agent/one"));
  EXPECT_TRUE(goes("arn:aws:iam::222222222222:role/agent", "StringEquals"));
  EXPECT_FALSE(goes("arn:aws:iam::222222222222:role/*")) << "equality knows no wildcards";
  EXPECT_TRUE(goes("arn:aws:iam::222222222222:role/*", "StringLike"));
  EXPECT_TRUE(goes("arn:aws:iam::*:role/a?ent", "StringLike"));
  EXPECT_FALSE(goes("arn:aws:iam::333333333333:role/*", "StringLike"));
}

TEST(Routing, ATokensSubjectIsNoPrincipal) {
  access::Principal bearer = session("agent");
  bearer.kind = access::PrincipalKind::kAnonymous;
  EXPECT_EQ(sent({rule({of_principal(bearer.arn)}, to("green"))}, bearer), "blue");
  EXPECT_EQ(sent({rule({of_principal("*", "StringLike")}, to("green"))}, bearer), "blue");
}

TEST(Routing, PathsMatchByWholeSegments) {
  EXPECT_EQ(sent({rule({of_path("/blue/*")}, to("green"))}, session("agent"), "/blueish/x"), "blueish");
  EXPECT_EQ(sent({rule({of_path("/blue/*")}, to("green"))}, session("agent"), "/blue"), "green");
}

TEST(Routing, ASplitFollowsItsWeights) {
  const std::vector<Rule> rules = {rule({}, split(30, "one", "two"))};
  int first = 0;
  for (std::uint32_t draw = 0; draw < kDraws; ++draw) {
    first += sent(rules, session("agent"), "/blue/x", draw) == "one" ? 1 : 0;
  }
  EXPECT_EQ(first, 30);
}

}  // namespace
}  // namespace warifu::services::gateway::routing
