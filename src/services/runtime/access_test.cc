#include <fmt/ranges.h>

#include "identity/access_keys.h"
#include "identity/policies.h"
#include "services/runtime/address.h"
#include "services/runtime/forward.h"
#include "services/runtime/runtime_testing.h"

namespace warifu::services::runtime::testing {
namespace {

using ::testing::HasSubstr;

/// A caller of account B that holds one inline policy.
class AccessTest : public RuntimeTest {
 protected:
  AccessTest() {
    server.account(kAccountB);
    const Result<> made = server.db().write_blocking([&](store::Txn& txn) -> Result<> {
      TRY(identity::create_user(txn, account_b,
                                {.name = "caller",
                                 .path = "/",
                                 .id = std::string(kCaller),
                                 .arn = {},
                                 .created = server.environment().clock.now(),
                                 .boundary_arn = {}},
                                {}));
      return identity::create_access_key(txn, account_b,
                                         {.id = b.access_key_id,
                                          .user_id = std::string(kCaller),
                                          .secret = b.secret,
                                          .active = true,
                                          .created = server.environment().clock.now()});
    });
    CHECK(made.has_value(), "a user of a new name");
  }
  void grant(const std::string& statements) {
    const Result<> put = server.db().write_blocking([&](store::Txn& txn) {
      return identity::put_inline_policy(
          txn, account_b, {identity::EntityKind::kUser, std::string(kCaller), "caller"},
          {.name = "only", .document = R"({"Version":"2012-10-17","Statement":[)" + statements + "]}"});
    });
    ASSERT_TRUE(put) << put.error().message;
  }
  static std::string allow(std::string_view action, const std::vector<std::string>& resources) {
    return fmt::format(R"({{"Effect":"Allow","Action":"bedrock-agentcore:{}","Resource":["{}"]}})", action,
                       fmt::join(resources, R"(",")"));
  }
  static std::string let_b(std::string_view action, const std::string& arn, std::string_view condition = "{}") {
    return fmt::format(R"({{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::222222222222:root"}},)"
                       R"("Action":"bedrock-agentcore:{}","Resource":"{}","Condition":{}}})",
                       action, arn, condition);
  }
  /// Past authorization: an image does not run here.
  static bool came_in(const http::Response& response) {
    return response.status == 424 && response.body.find("docker driver") != std::string::npos;
  }

  static constexpr std::string_view kCaller = "AIDACALLERCALLERCALLE";
  AccountId account_b = *AccountId::parse(kAccountB);
  api::testing::Keys b{"AKIACALLERCALLERCALL", "secretsecretsecretsecretsecretsecretsecr", {}};
};

TEST_F(AccessTest, BothResourcePoliciesMustLetAnotherAccountIn) {
  const std::string id = create("helper");
  grant(allow("InvokeAgentRuntime", {arn_of(id), endpoint_of(id)}));
  const http::Response neither = invoke(b, id);
  EXPECT_EQ(neither.status, 403);
  EXPECT_THAT(neither.body, HasSubstr("on resource: " + arn_of(id) + " because no resource-based policy allows"));
  put_policy(arn_of(id), let_b("InvokeAgentRuntime", arn_of(id)));
  const http::Response half = invoke(b, id);
  EXPECT_EQ(half.status, 403);
  EXPECT_THAT(half.body, HasSubstr("on resource: " + endpoint_of(id) + " because no resource-based policy allows"));
  put_policy(endpoint_of(id), let_b("InvokeAgentRuntime", endpoint_of(id)));
  const http::Response both = invoke(b, id);
  EXPECT_TRUE(came_in(both)) << both.status << both.body;
}

TEST_F(AccessTest, TheCallersPolicyMustNameRuntimeAndEndpointOfTheOwnersAccount) {
  const std::string id = create("helper");
  put_policy(arn_of(id), let_b("InvokeAgentRuntime", arn_of(id)));
  put_policy(endpoint_of(id), let_b("InvokeAgentRuntime", endpoint_of(id)));
  grant(allow("InvokeAgentRuntime",
              {arn_of(id), "arn:aws:bedrock-agentcore:*:222222222222:runtime/*/runtime-endpoint/*"}));
  const http::Response half = invoke(b, id);
  EXPECT_EQ(half.status, 403);
  EXPECT_THAT(half.body, HasSubstr("on resource: " + endpoint_of(id) + " because no identity-based policy allows"));
  grant(allow("InvokeAgentRuntime", {arn_of(id), endpoint_of(id)}));
  EXPECT_TRUE(came_in(invoke(b, id)));
}

TEST_F(AccessTest, SourceAccountIsNotSetOfAPrincipalsOwnCallAndPrincipalAccountIs) {
  const std::string id = create("helper");
  grant(allow("InvokeAgentRuntime", {arn_of(id), endpoint_of(id)}));
  for (const auto& [key, in] : {std::pair{"aws:SourceAccount", false}, std::pair{"aws:PrincipalAccount", true}}) {
    const std::string condition = fmt::format(R"({{"StringEquals":{{"{}":"222222222222"}}}})", key);
    put_policy(arn_of(id), let_b("InvokeAgentRuntime", arn_of(id), condition));
    put_policy(endpoint_of(id), let_b("InvokeAgentRuntime", endpoint_of(id), condition));
    EXPECT_EQ(came_in(invoke(b, id)), in) << key;
  }
}

TEST_F(AccessTest, WhoSpeaksForAUserNeedsThatRightOnBoth) {
  const std::string id = create("helper");
  const std::vector<http::Headers::Field> user{{std::string(kUserHeader), "alice"}};
  put_policy(arn_of(id), let_b("InvokeAgentRuntime*", arn_of(id)));
  put_policy(endpoint_of(id), let_b("InvokeAgentRuntime*", endpoint_of(id)));
  grant(allow("InvokeAgentRuntime", {arn_of(id), endpoint_of(id)}));
  EXPECT_TRUE(came_in(invoke(b, id)));
  const http::Response without = invoke(b, id, user);
  EXPECT_EQ(without.status, 403);
  EXPECT_THAT(without.body, HasSubstr("bedrock-agentcore:InvokeAgentRuntimeForUser"));
  grant(allow("InvokeAgentRuntime", {arn_of(id), endpoint_of(id)}) + "," +
        allow("InvokeAgentRuntimeForUser", {arn_of(id)}));
  EXPECT_THAT(invoke(b, id, user).body, HasSubstr("on resource: " + endpoint_of(id)));
  grant(allow("InvokeAgentRuntime*", {arn_of(id), endpoint_of(id)}));
  EXPECT_TRUE(came_in(invoke(b, id, user)));
}

TEST_F(AccessTest, ExistenceIsToldToThoseWhoMayAsk) {
  const std::string id = create("helper");
  grant(allow("ListAgentRuntimes", {"*"}));
  EXPECT_EQ(invoke(b, "helper-0000000000").status, 403);
  EXPECT_EQ(invoke(a, "helper-0000000000").status, 404);
  EXPECT_EQ(invoke(a, id, {}, "?qualifier=nowhere").status, 404);
  EXPECT_TRUE(came_in(invoke(a, id)));
}

TEST_F(AccessTest, EachOperationIsAskedForByItsOwnName) {
  const std::string id = create("helper");
  put_policy(arn_of(id), let_b("*", arn_of(id)));
  put_policy(endpoint_of(id), let_b("*", endpoint_of(id)));
  const std::string root = "/runtimes/" + percent_encode(arn_of(id));
  const struct {
    std::string_view method, path, action;
  } kOperations[] = {{"POST", "/invocations", "InvokeAgentRuntime"},
                     {"POST", "/commands", "InvokeAgentRuntimeCommand"},
                     {"POST", "/stopruntimesession", "StopRuntimeSession"},
                     {"GET", "/invocations/.well-known/agent-card.json", "GetAgentCard"}};
  for (const auto& [method, path, action] : kOperations) {
    const api::testing::Sent sent{.method = std::string(method), .target = root + std::string(path), .body = ""};
    grant(allow("ListAgentRuntimes", {"*"}));
    const http::Response denied = send_to_agent(b, sent);
    EXPECT_EQ(denied.status, 403) << action;
    EXPECT_THAT(denied.body, HasSubstr(fmt::format("perform: bedrock-agentcore:{} on", action)));
    grant(allow(action, {arn_of(id), endpoint_of(id)}));
    EXPECT_NE(send_to_agent(b, sent).status, 403) << action;
  }
}

TEST_F(AccessTest, ABareIdNeedsItsAccount) {
  const std::string id = create("helper");
  const auto send = [&](std::string_view query) {
    return send_to_agent(a, {.target = fmt::format("/runtimes/{}/invocations{}", id, query), .body = "{}"});
  };
  EXPECT_EQ(send("").status, 400);
  EXPECT_TRUE(came_in(send("?accountId=111111111111")));
  EXPECT_EQ(send("?accountId=222222222222").status, 403);
}

TEST_F(AccessTest, ARuntimeTakesTokensOrSignatures) {
  const std::string id =
      create("guarded", R"(,"authorizerConfiguration":{"customJWTAuthorizer":{"discoveryUrl":)"
                        R"("https://id.example/.well-known/openid-configuration","allowedAudience":["x"]}})");
  const http::Response signature = invoke(a, id);
  EXPECT_EQ(signature.status, 403);
  EXPECT_THAT(signature.body, HasSubstr("Authorization method mismatch"));
  const std::string target = "/runtimes/" + percent_encode(arn_of(id)) + "/invocations";
  const http::Response nothing =
      server.await(plane->serve(api::testing::TestServer::unsigned_request({.target = target, .body = "{}"})));
  EXPECT_EQ(nothing.status, 401);
  EXPECT_EQ(std::string(nothing.headers.get("WWW-Authenticate").value_or("")),
            "Bearer resource_metadata=\"http://127.0.0.1:4566" + target +
                "/.well-known/oauth-protected-resource?qualifier=DEFAULT\"");
  const http::Response document = server.await(plane->serve(api::testing::TestServer::unsigned_request(
      {.method = "GET", .target = target + "/.well-known/oauth-protected-resource?qualifier=DEFAULT"})));
  EXPECT_EQ(document.status, 200);
  EXPECT_THAT(document.body, HasSubstr(R"("authorization_servers":["https://id.example"])"));
  const std::string plain = create("plain");
  EXPECT_EQ(server
                .await(plane->serve(api::testing::TestServer::unsigned_request(
                    {.target = "/runtimes/" + percent_encode(arn_of(plain)) + "/invocations",
                     .body = "{}",
                     .headers = {{"Authorization", "Bearer x.y.z"}}})))
                .status,
            403);
}

TEST_F(AccessTest, ASessionIdHas33CharactersOrMore) {
  const std::string id = create("helper");
  const auto with = [&](std::string session) {
    return invoke(a, id, {{std::string(kSessionHeader), std::move(session)}});
  };
  EXPECT_EQ(with(std::string(32, 's')).status, 400);
  EXPECT_TRUE(came_in(with(std::string(33, 's'))));
  EXPECT_TRUE(came_in(with(std::string(256, 's'))));
  EXPECT_EQ(with(std::string(257, 's')).status, 400);
  EXPECT_EQ(with(std::string(33, 's') + "/../x").status, 400);
}

TEST(RuntimeAddress, TakesWhatIsOfAgentsAndLeavesTheControlPlane) {
  const std::string arn = "arn:aws:bedrock-agentcore:us-east-1:111111111111:runtime/a-0123456789";
  const struct {
    std::string_view method;
    std::string target, runtime;
  } kCases[] = {
      {"POST", "/runtimes/" + percent_encode(arn) + "/invocations", arn},
      {"POST", "/runtimes/" + arn + "/invocations/", arn},
      {"POST", "/runtimes/a-0123456789/commands?accountId=111111111111", "a-0123456789"},
      {"POST", "/runtimes/a-0123456789/versions/", ""},
      {"PUT", "/runtimes/a-0123456789/runtime-endpoints/commands/", ""},
      {"POST", "/runtimes/a-0123456789/runtime-endpoints/commands", ""},
      {"POST", "/runtimes/", ""},
      {"POST", "/runtimes//invocations", ""},
      {"GET", "/runtimes/a-0123456789/invocations", ""},
      {"POST", "/runtimes/" + arn + "/x/invocations", ""},
  };
  for (const auto& [method, target, runtime] : kCases) {
    http::Request request;
    request.method = method;
    request.target = target;
    const auto addressee = addressee_of(request);
    EXPECT_EQ(addressee ? addressee->runtime : "", runtime) << method << " " << target;
  }
}

TEST(RuntimeHeaders, PassWhereTheListOrThePrefixLetsThem) {
  Runtime runtime;
  runtime.request_header_configuration = m::RequestHeaderConfiguration{};
  runtime.request_header_configuration->request_header_allowlist = {"X-Team", "Authorization"};
  http::Request request;
  request.headers.add("x-team", "blue");
  request.headers.add("X-Other", "no");
  request.headers.add("Cookie", "no");
  request.headers.add("Authorization", "AWS4-HMAC-SHA256 …");
  request.headers.add("X-Amzn-Bedrock-AgentCore-Runtime-Custom-Color", "red");
  const auto passed = to_agent(request, runtime, {.session_id = "s", .request_id = "r"});
  ASSERT_TRUE(passed);
  EXPECT_EQ(passed->get("X-Team"), "blue");
  EXPECT_EQ(passed->get("X-Amzn-Bedrock-AgentCore-Runtime-Custom-Color"), "red");
  EXPECT_EQ(passed->get(kSessionHeader), "s");
  for (const std::string_view name : {"X-Other", "Cookie", "Authorization", "WorkloadAccessToken"}) {
    EXPECT_FALSE(passed->get(name)) << name;
  }
}

}  // namespace
}  // namespace warifu::services::runtime::testing
