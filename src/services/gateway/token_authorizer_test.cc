#include "inbound/token_authorizer.h"

#include "jwt/testing.h"
#include "services/gateway/endpoint_testing.h"

namespace warifu::services::gateway::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kDiscovery = "https://id.example/.well-known/openid-configuration";

class TokenTest : public EndpointTest {
 protected:
  TokenTest() {
    outbound.documents[std::string(kDiscovery)] =
        R"({"issuer":"https://id.example","jwks_uri":"https://id.example/keys"})";
    outbound.documents["https://id.example/keys"] = issuer.jwks();
  }
  std::string guarded(std::string_view more = "") {
    return create("guarded",
                  fmt::format(R"(,"authorizerConfiguration":{{"customJWTAuthorizer":{{"discoveryUrl":"{}",)"
                              R"("allowedAudience":["tools"],"allowedScopes":["use"]{}}}}})",
                              kDiscovery, more),
                  "CUSTOM_JWT");
  }
  [[nodiscard]] std::string claims(std::string_view change = "", std::string_view to = "") const {
    const std::int64_t now = server.environment().clock.now().seconds();
    auto out = json::parse(
        fmt::format(R"({{"iss":"https://id.example","sub":"alice","aud":"tools","scope":"use","exp":{}}})", now + 300));
    std::erase_if(out->members(), [&](const auto& member) { return member.first == change; });
    if (!to.empty()) out->set(std::string(change), json::parse(to).value());
    return out->dump();
  }
  Reply ask(const std::string& id, const std::string& token) {
    return serve(request(id, rpc("ping"), {{"Authorization", "Bearer " + token}}));
  }

  jwt::testing::Issuer issuer;
};

TEST_F(TokenTest, LetsAGoodTokenInAndTellsTheOthersWhy) {
  const std::string id = guarded();
  EXPECT_EQ(ask(id, issuer.sign(claims())).status, 200);
  const Reply nothing = serve(request(id, rpc("ping")));
  EXPECT_EQ(nothing.status, 401);
  EXPECT_EQ(nothing.text("error.message"), "Missing Bearer token");
  const std::string challenge(nothing.headers.get("WWW-Authenticate").value_or(""));
  EXPECT_EQ(challenge, "Bearer resource_metadata=\"http://127.0.0.1:4566/_gateway/" + id +
                           "/.well-known/oauth-protected-resource\", scope=\"use\"");
  const Reply scopeless = ask(id, issuer.sign(claims("scope", R"("other")")));
  EXPECT_EQ(scopeless.status, 403);
  EXPECT_THAT(std::string(scopeless.headers.get("WWW-Authenticate").value_or("")), HasSubstr("insufficient_scope"));
}

TEST_F(TokenTest, EachClaimCounts) {
  const std::string id =
      guarded(R"(,"customClaims":[{"inboundTokenClaimName":"team","inboundTokenClaimValueType":"STRING",)"
              R"("authorizingClaimMatchValue":{"claimMatchValue":{"matchValueString":"blue"},)"
              R"("claimMatchOperator":"EQUALS"}}])");
  const auto with_team = [&](std::string_view change, std::string_view to) {
    auto out = json::parse(claims(change, to)).value();
    if (change != "team") out.set("team", json::Value::string("blue"));
    return issuer.sign(out.dump());
  };
  EXPECT_EQ(ask(id, with_team("sub", R"("bob")")).status, 200);
  const struct {
    std::string name, to;
  } wrong[] = {{"iss", R"("https://other.example")"},
               {"aud", R"("others")"},
               {"exp", "1000"},
               {"exp", ""},
               {"nbf", "99999999999"},
               {"team", R"("red")"},
               {"team", ""},
               {"iss", ""}};
  for (const auto& [name, to] : wrong) EXPECT_EQ(ask(id, with_team(name, to)).status, 401) << name << " " << to;
}

TEST_F(TokenTest, ForgeriesAreRefused) {
  const std::string id = guarded();
  const std::string none = base64url_encode(R"({"alg":"none"})") + "." + base64url_encode(claims()) + ".";
  EXPECT_EQ(ask(id, none).status, 401);
  const std::string hmac =
      base64url_encode(R"({"alg":"HS256","kid":"k1"})") + "." + base64url_encode(claims()) + ".c2ln";
  EXPECT_EQ(ask(id, hmac).status, 401);
  EXPECT_EQ(ask(id, jwt::testing::Issuer("k1").sign(claims())).status, 401) << "another key of the same name";
  std::string tampered = issuer.sign(claims());
  tampered[tampered.size() - 10] = tampered[tampered.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(ask(id, tampered).status, 401);
  http::Request signed_by_aws = request(id, rpc("ping"));
  sign(signed_by_aws, a);
  EXPECT_EQ(serve(signed_by_aws).status, 401) << "the owner's signature is no token";
  http::Request doubled = request(id, rpc("ping"), {{"Authorization", "Bearer " + issuer.sign(claims())}});
  doubled.headers.add("Authorization", "Bearer " + none);
  EXPECT_EQ(serve(doubled).status, 401);
}

TEST_F(TokenTest, KeysAreKeptAndRotate) {
  const std::string id = guarded();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(id, issuer.sign(claims())).status, 200);
  EXPECT_EQ(outbound.fetches["https://id.example/keys"], 1);
  const jwt::testing::Issuer next("k2");
  EXPECT_EQ(ask(id, next.sign(claims())).status, 401);
  outbound.documents["https://id.example/keys"] = fmt::format(R"({{"keys":[{},{}]}})", issuer.jwk(), next.jwk());
  EXPECT_EQ(ask(id, next.sign(claims())).status, 401) << "asked for a moment ago";
  server.clock().advance_ms(11'000);
  EXPECT_EQ(ask(id, next.sign(claims())).status, 200);
  EXPECT_EQ(ask(id, issuer.sign(claims())).status, 200);
  outbound.documents["https://id.example/keys"] = next.jwks();
  server.clock().advance_ms(3'601'000);
  EXPECT_EQ(ask(id, issuer.sign(claims())).status, 401) << "withdrawn";
}

TEST_F(TokenTest, AProviderThatIsNotThereLetsNobodyIn) {
  const std::string id = guarded();
  const auto documents = std::exchange(outbound.documents, {});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(id, issuer.sign(claims())).status, 401);
  EXPECT_EQ(outbound.fetches[std::string(kDiscovery)], 1) << "nor is it asked for every token";
  outbound.documents = documents;
  server.clock().advance_ms(11'000);
  EXPECT_EQ(ask(id, issuer.sign(claims())).status, 200);
}

TEST_F(TokenTest, AResourcePolicyNarrows) {
  const std::string id = guarded();
  const auto statement = [&](std::string_view effect) {
    return fmt::format(
        R"({{"Effect":"{}","Principal":"*","Action":"bedrock-agentcore:InvokeGateway","Resource":"{}"}})", effect,
        arn_of(id));
  };
  policy_of_gateway(arn_of(id), statement("Allow"));
  EXPECT_EQ(ask(id, issuer.sign(claims())).status, 200);
  policy_of_gateway(arn_of(id), statement("Deny"));
  EXPECT_EQ(ask(id, issuer.sign(claims())).status, 403);
}

TEST_F(TokenTest, TheMetadataDocumentIsForEverybody) {
  const std::string id = guarded();
  const std::string plain = create();
  for (const char* path : {"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp",
                           "/mcp/.well-known/oauth-protected-resource"}) {
    http::Request get = request(id, "");
    get.method = "GET";
    get.target = "/_gateway/" + id + path;
    const Reply document = serve(get);
    EXPECT_EQ(document.status, 200);
    EXPECT_EQ(document.text("resource"), "http://127.0.0.1:4566/_gateway/" + id + "/mcp");
    EXPECT_EQ(document.text("authorization_servers.0"), "https://id.example");
    EXPECT_EQ(document.text("scopes_supported.0"), "use");
    get.target = "/_gateway/" + plain + path;
    EXPECT_EQ(serve(get).status, 404);
    get.target = std::string("/_gateway/missing-0123456789") + path;
    EXPECT_EQ(serve(get).status, 404);
  }
}

TEST_F(TokenTest, ASessionIsBoundToTheSubject) {
  const std::string id = create(
      "sessions",
      fmt::format(R"(,"protocolConfiguration":{{"mcp":{{"sessionConfiguration":{{}}}}}},"authorizerConfiguration":)"
                  R"({{"customJWTAuthorizer":{{"discoveryUrl":"{}","allowedAudience":["tools"]}}}})",
                  kDiscovery),
      "CUSTOM_JWT");
  const auto as = [&](std::string_view subject, std::string_view session, std::string body) {
    Extra extra{{"Authorization", "Bearer " + issuer.sign(claims("sub", subject))}};
    if (!session.empty()) extra.emplace_back("Mcp-Session-Id", session);
    return serve(request(id, std::move(body), extra));
  };
  const Reply begun = as(R"("alice")", "", rpc("initialize", R"({"protocolVersion":"2025-06-18"})"));
  const std::string session(begun.headers.get("Mcp-Session-Id").value_or(""));
  ASSERT_FALSE(session.empty()) << begun.raw;
  EXPECT_EQ(as(R"("alice")", session, rpc("ping")).status, 200);
  EXPECT_EQ(as(R"("mallory")", session, rpc("ping")).status, 404);
}

}  // namespace
}  // namespace warifu::services::gateway::testing
