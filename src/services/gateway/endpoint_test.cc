#include "services/gateway/endpoint_testing.h"

namespace warifu::services::gateway::testing {
namespace {

using ::testing::HasSubstr;

class AdmissionTest : public EndpointTest {
 protected:
  /// A user of account B with this statement alone.
  api::testing::Keys user_of_b(std::string_view statement) {
    const api::testing::Keys keys{identity::new_access_key_id(random_), identity::new_secret_key(random_), {}};
    const AccountId account = *AccountId::parse(kB);
    const std::string name = fmt::format("user{}", ++users_);
    write([&](store::Txn& txn) -> Result<> {
      const identity::User user{.name = name, .path = "/", .id = "AIDA" + name, .arn = {}, .created = {}};
      TRY(identity::create_user(txn, account, user, {}));
      TRY(identity::put_inline_policy(txn, account, {.kind = identity::EntityKind::kUser, .id = user.id, .name = name},
                                      {"inline", document(statement)}));
      return identity::create_access_key(
          txn, account,
          {.id = keys.access_key_id, .user_id = user.id, .secret = keys.secret, .active = true, .created = {}});
    });
    return keys;
  }
  static std::string may_invoke(std::string_view arn) {
    return fmt::format(R"({{"Effect":"Allow","Action":"bedrock-agentcore:InvokeGateway","Resource":"{}"}})", arn);
  }
  static std::string lets_in(std::string_view who, std::string_view arn, std::string_view effect = "Allow") {
    return fmt::format(
        R"({{"Effect":"{}","Principal":{{"AWS":"{}"}},"Action":"bedrock-agentcore:InvokeGateway","Resource":"{}"}})",
        effect, who, arn);
  }

  SeededRandom random_{42};
  int users_ = 0;
};

TEST_F(AdmissionTest, LetsTheOwnersAdministratorInAndNobodyUnsigned) {
  const std::string id = create();
  EXPECT_EQ(post(a, id, rpc("ping")).status, 200);
  const Reply refused = serve(request(id, rpc("ping", "{}", "7")));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.text("error.code"), "-32001");
  EXPECT_EQ(refused.text("id"), "7") << "a proxy can show it to who asked";
  EXPECT_EQ(refused.headers.get("x-amzn-errortype"), "MissingAuthenticationTokenException");
  EXPECT_TRUE(refused.headers.get("x-amzn-RequestId"));
}

TEST_F(AdmissionTest, AcrossAccountsBothHalvesMustMatch) {
  const std::string id = create();
  const std::string arn = arn_of(id);
  const auto allowed = user_of_b(may_invoke(arn));
  const auto unallowed = user_of_b(may_invoke(arn_of("another-0123456789")));
  const auto ask = [&](const api::testing::Keys& keys) { return post(keys, id, rpc("tools/list")); };

  const Reply no_resource_policy = ask(allowed);
  EXPECT_EQ(no_resource_policy.status, 403);
  EXPECT_EQ(no_resource_policy.text("error.message"),
            "User: arn:aws:iam::222222222222:user/user1 is not authorized to perform: bedrock-agentcore:InvokeGateway "
            "on resource: " +
                arn + " because no resource-based policy allows the bedrock-agentcore:InvokeGateway action");
  EXPECT_EQ(no_resource_policy.text("error.code"), "-32002");

  policy_of_gateway(arn, lets_in("arn:aws:iam::222222222222:root", arn));
  EXPECT_EQ(ask(allowed).status, 200);
  EXPECT_THAT(ask(unallowed).text("error.message"), HasSubstr("no identity-based policy allows"));

  policy_of_gateway(arn, lets_in("arn:aws:iam::333333333333:root", arn));
  EXPECT_EQ(ask(allowed).status, 403) << "another account is let in";
  policy_of_gateway(arn, lets_in("*", arn_of("another-0123456789")));
  EXPECT_EQ(ask(allowed).status, 403) << "another gateway is meant";
  policy_of_gateway(arn, lets_in("*", arn, "Deny"));
  EXPECT_THAT(post(a, id, rpc("ping")).text("error.message"), HasSubstr("with an explicit deny"));
}

TEST_F(AdmissionTest, AMissingGatewayAnswersAsOneThatRefuses) {
  const Reply missing = post(b, "missing-0123456789", rpc("ping"));
  const Reply refused = post(b, create(), rpc("ping"));
  EXPECT_EQ(missing.status, refused.status);
  EXPECT_EQ(missing.headers.get("x-amzn-errortype"), refused.headers.get("x-amzn-errortype"));
  EXPECT_THAT(missing.text("error.message"), HasSubstr("no resource-based policy allows"));
  EXPECT_EQ(post(a, "missing-0123456789", rpc("ping")).status, 403);
  const Reply nameless = serve(request("missing-0123456789", rpc("ping")));
  EXPECT_EQ(nameless.text("error.code"), "-32001");
  EXPECT_EQ(serve(request("Not%20an%20id", rpc("ping"))).status, 403);
}

TEST_F(AdmissionTest, ASignatureIsForOneBodyOneGatewayOneRegionAndAWhile) {
  const std::string id = create();
  const std::string other = create("other");
  http::Request good = request(id, rpc("ping"));
  sign(good, a);
  EXPECT_EQ(serve(good).status, 200);

  http::Request tampered = good;
  tampered.body = rpc("tools/list");
  EXPECT_EQ(serve(tampered).text("error.code"), "-32001");
  http::Request moved = good;
  moved.target = "/_gateway/" + other + "/mcp";
  EXPECT_EQ(serve(moved).status, 403);
  moved.target = "/_gateway/" + other + "/../" + id + "/mcp";
  EXPECT_EQ(serve(moved).status, 200) << "what is signed is what is meant";
  http::Request resigned = request(id, rpc("ping"));
  sign(resigned, a, "eu-west-1");
  EXPECT_EQ(serve(resigned).status, 403);
  http::Request elsewhere = request(id, rpc("ping"));
  sign(elsewhere, a, "us-east-1", "iam");
  EXPECT_EQ(serve(elsewhere).status, 403);
  server.clock().advance_ms(16 * 60 * 1000);
  EXPECT_EQ(serve(good).status, 403) << "replayed later";
}

TEST_F(AdmissionTest, NoneLetsAnybodyInAndAuthenticateOnlyAnybodyWithAName) {
  const std::string open = create("open", "", "NONE");
  EXPECT_EQ(serve(request(open, rpc("ping"))).status, 200);
  const std::string named = create("named", "", "AUTHENTICATE_ONLY");
  EXPECT_EQ(serve(request(named, rpc("ping"))).status, 403);
  EXPECT_EQ(post(user_of_b(may_invoke("arn:aws:bedrock-agentcore:us-east-1:1:gateway/x")), named, rpc("ping")).status,
            200);
}

TEST_F(AdmissionTest, AForeignPageIsTurnedAway) {
  const std::string open = create("open", "", "NONE");
  EXPECT_EQ(serve(request(open, rpc("ping"), {{"Origin", "https://evil.example"}})).status, 403);
  EXPECT_EQ(serve(request(open, rpc("ping"), {{"Origin", "http://localhost:6274"}})).status, 200);
  http::Request rebound = request(open, rpc("ping"));
  rebound.headers.fields().front().second = "evil.example";
  EXPECT_EQ(serve(rebound).status, 403);
}

TEST_F(AdmissionTest, TheHostNamesAGatewayToo) {
  const std::string open = create("open", "", "NONE");
  http::Request sent = request(open, rpc("ping"));
  sent.target = "/mcp";
  sent.headers.fields().front().second = open + ".gateway.bedrock-agentcore.us-east-1.amazonaws.com";
  EXPECT_EQ(serve(sent).status, 200);
  sent.headers.fields().front().second = open + ".gateway.bedrock-agentcore.us-east-1.example.com";
  EXPECT_FALSE(endpoint.takes(sent)) << "a domain that is not ours";
}

TEST_F(AdmissionTest, ARuleSaysWhichTargetAPathIsFor) {
  const std::string id = create();
  add_target(id, "blue", echo_tool());
  add_target(id, "green", echo_tool());
  const auto get = [&] {
    http::Request sent = request(id, "{}");
    sent.target = "/_gateway/" + id + "/blue/invocations";
    sign(sent, a);
    return serve(std::move(sent)).text("message");
  };
  EXPECT_THAT(get(), HasSubstr("`blue`")) << "no HTTP target of that name";
  const auto made =
      server.send(a, {.method = "POST",
                      .target = "/gateways/" + id + "/rules",
                      .body = R"({"priority":10,"conditions":[{"matchPaths":{"anyOf":["/blue/*"]}}],)"
                              R"("actions":[{"routeToTarget":{"staticRoute":{"targetName":"green"}}}]})"});
  ASSERT_EQ(made.status, 202) << made.body;
  EXPECT_THAT(get(), HasSubstr("`green`")) << "at the next request";
}

}  // namespace
}  // namespace warifu::services::gateway::testing
