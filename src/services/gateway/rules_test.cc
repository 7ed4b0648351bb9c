#include "services/gateway/control_testing.h"
#include "services/gateway/traffic_rules.h"

namespace warifu::services::gateway::testing {
namespace {

using ::testing::HasSubstr;

class GatewayRuleTest : public ControlTest {
 protected:
  GatewayRuleTest() {
    id = create();
    for (const std::string_view name : {"one", "two"}) {
      EXPECT_EQ(call("POST", "/gateways/" + id + "/targets/", lambda_target(name)).status, 202);
    }
  }
  Answer rule(int priority, std::string_view actions, std::string_view conditions = "[]") {
    return call("POST", "/gateways/" + id + "/rules",
                fmt::format(R"({{"priority":{},"actions":{},"conditions":{}}})", priority, actions, conditions));
  }
  static std::string split(int first, int second) {
    return fmt::format(
        R"([{{"routeToTarget":{{"weightedRoute":{{"trafficSplit":[)"
        R"({{"name":"a","targetName":"one","weight":{}}},{{"name":"b","targetName":"two","weight":{}}}]}}}}}}])",
        first, second);
  }

  static constexpr std::string_view kToOne = R"([{"routeToTarget":{"staticRoute":{"targetName":"one"}}}])";
  std::string id;
};

class GatewayRateLimitTest : public ControlTest {
 protected:
  GatewayRateLimitTest() { id = create(); }
  Answer limit(std::string_view more) {
    return call("POST", "/gateways/" + id + "/rate-limits", fmt::format("{{{}}}", more));
  }

  static constexpr std::string_view kByTarget =
      R"("rateLimitId":"by-target","dimensionKeys":["targetName"],)"
      R"("entries":[{"dimensions":{"targetName":"*"},"requests":[{"rate":5,"period":"second"}]}])";
  std::string id;
};

TEST_F(GatewayRuleTest, AreListedByPriorityAndActiveAtOnce) {
  ASSERT_EQ(rule(20, split(30, 70)).status, 202);
  const Answer made = rule(3, kToOne, R"([{"matchPaths":{"anyOf":["/one/*"]}}])");
  ASSERT_EQ(made.status, 202) << made.body.dump();
  EXPECT_EQ(made.text("status"), "ACTIVE");
  const Answer list = call("GET", "/gateways/" + id + "/rules?maxResults=1");
  EXPECT_EQ(list.text("gatewayRules.0.priority"), "3");
  const Answer rest = call("GET", "/gateways/" + id + "/rules?nextToken=" + list.text("nextToken"));
  EXPECT_EQ(rest.size("gatewayRules"), 1U);
  EXPECT_EQ(rest.text("gatewayRules.0.priority"), "20");

  const std::string path = "/gateways/" + id + "/rules/" + made.text("ruleId");
  const Answer patched = call("PATCH", path, R"({"description":"first"})");
  EXPECT_EQ(patched.status, 202) << patched.body.dump();
  EXPECT_EQ(patched.text("priority"), "3");
  EXPECT_EQ(call("GET", path).text("conditions.0.matchPaths.anyOf.0"), "/one/*");
  EXPECT_EQ(call("PATCH", path, R"({"priority":20})").status, 409);
  EXPECT_EQ(call("DELETE", path).status, 202);
  EXPECT_EQ(call("GET", path).status, 404);
}

TEST_F(GatewayRuleTest, MustMakeSense) {
  struct Case {
    std::string actions, conditions;
    std::string_view says;
  };
  const std::vector<Case> cases = {
      {split(30, 60), "[]", "must sum to 100"},
      {R"([{"routeToTarget":{"staticRoute":{"targetName":"three"}}}])", "[]", "no target `three`"},
      {std::string(kToOne), R"([{"matchPaths":{"anyOf":["/one"]}}])", "regular expression"},
      {std::string(kToOne), R"([{"matchPaths":{"anyOf":["/one/*"]}},{"matchPaths":{"anyOf":["/two/*"]}}])",
       "one condition of each kind"},
      {std::string(kToOne), R"([{"matchModels":{"anyOf":[{"value":"m"}]}}])", "matchModels is not supported"},
  };
  for (const Case& c : cases) {
    const Answer answer = rule(1, c.actions, c.conditions);
    EXPECT_EQ(answer.status, 400) << c.says;
    EXPECT_THAT(answer.message(), HasSubstr(std::string(c.says)));
  }
  EXPECT_EQ(rule(1, kToOne).status, 202);
  EXPECT_EQ(rule(1, kToOne).status, 409);
}

TEST_F(GatewayRuleTest, AreTwentyAtMost) {
  for (int i = 1; i <= 20; ++i) ASSERT_EQ(rule(i, kToOne).status, 202) << i;
  EXPECT_EQ(rule(21, kToOne).status, 402);
  EXPECT_EQ(error_type, "ServiceQuotaExceededException");
}

TEST_F(GatewayRateLimitTest, LiveAndGoWithTheirGateway) {
  const Answer made = limit(kByTarget);
  ASSERT_EQ(made.status, 201) << made.body.dump();
  EXPECT_EQ(made.text("status"), "ACTIVE");
  EXPECT_EQ(made.text("gatewayIdentifier"), id);
  EXPECT_EQ(limit(kByTarget).status, 409);
  const std::string path = "/gateways/" + id + "/rate-limits/by-target";
  const Answer updated =
      call("PATCH", path,
           R"({"entries":[{"dimensions":{"targetName":"one"},"requests":[{"rate":0.5,"period":"minute"}]}]})");
  EXPECT_EQ(updated.status, 200) << updated.body.dump();
  EXPECT_EQ(call("GET", path).text("entries.0.dimensions.targetName"), "one");
  EXPECT_EQ(call("GET", "/gateways/" + id + "/rate-limits").size("rateLimits"), 1U);
  EXPECT_EQ(call("DELETE", "/gateways/" + id + "/").status, 202);
  const auto left = server.db().read([&](store::Reader& reader) {
    return traffic_rules::rate_limits(reader, gateways::new_place(*AccountId::parse(kAccountA), "us-east-1", id));
  });
  EXPECT_TRUE(left->empty());
}

TEST_F(GatewayRateLimitTest, MustMakeSense) {
  struct Case {
    std::string_view keys, entry, says;
  };
  constexpr std::string_view kRate = R"("requests":[{"rate":1,"period":"second"}])";
  const std::vector<Case> cases = {
      {R"(["qualifiedModelId"])", R"("dimensions":{"qualifiedModelId":"*"},)", "`qualifiedModelId` is not supported"},
      {R"(["targetName","targetName"])", R"("dimensions":{"targetName":"*"},)", "stands twice"},
      {R"(["targetName"])", R"("dimensions":{"toolName":"x"},)", "no value for dimension"},
      {R"(["targetName"])", R"("dimensions":{"targetName":"x","toolName":"y"},)", "not among dimensionKeys"},
      {R"(["targetName","toolName"])", R"("dimensions":{"targetName":"*","toolName":"y"},)", "trailing"},
  };
  for (const Case& c : cases) {
    const Answer answer = limit(fmt::format(R"("dimensionKeys":{},"entries":[{{{}{}}}])", c.keys, c.entry, kRate));
    EXPECT_EQ(answer.status, 400) << c.says;
    EXPECT_THAT(answer.message(), HasSubstr(std::string(c.says)));
  }
  const Answer tokens = limit(R"("dimensionKeys":["targetName"],"entries":[{"dimensions":{"targetName":"*"},)"
                              R"("tokens":[{"rate":1,"period":"second"}]}])");
  EXPECT_THAT(tokens.message(), HasSubstr("tokens is not supported"));
}

TEST_F(GatewayRateLimitTest, AreReplacedAsOne) {
  ASSERT_EQ(limit(kByTarget).status, 201);
  const std::string path = "/gateways/" + id + "/rate-limits/batch";
  const std::string one = R"({"rateLimitId":"by-tool","dimensionKeys":["toolName"],"entries":[{"dimensions":)"
                          R"({"toolName":"*"},"requests":[{"rate":1,"period":"second"}]}]})";
  const Answer put = call("PUT", path, R"({"rateLimits":[)" + one + "]}");
  EXPECT_EQ(put.status, 200) << put.body.dump();
  EXPECT_EQ(put.text("rateLimits.0.rateLimitId"), "by-tool");
  EXPECT_EQ(call("GET", "/gateways/" + id + "/rate-limits/by-target").status, 404);
  EXPECT_EQ(call("PUT", path, R"({"rateLimits":[)" + one + "," + one + "]}").status, 400);
  EXPECT_EQ(call("GET", "/gateways/" + id + "/rate-limits").size("rateLimits"), 1U);
}

}  // namespace
}  // namespace warifu::services::gateway::testing
