#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "api/testing.h"
#include "identity/policies.h"
#include "identity/users.h"
#include "identity/workloads.h"
#include "jwt/testing.h"
#include "net/server.h"
#include "services/credentials/operations.h"
#include "services/credentials/providers.h"

namespace warifu::services::credentials {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

struct Answer {
  int status = 0;
  json::Value body;
  [[nodiscard]] std::string text(std::string_view name) const { return body.find_string(name).value_or(""); }
  [[nodiscard]] std::string message() const { return text("message"); }
};

/// An authorization server on loopback that counts what it issues.
class Issuer {
 public:
  Issuer() {
    EXPECT_TRUE(server_.start());
    url = fmt::format("http://127.0.0.1:{}", server_.endpoints().front().port);
  }
  ~Issuer() { server_.stop(std::chrono::milliseconds{0}); }

  std::string url;
  jwt::testing::Issuer keys;
  std::atomic<int> issued = 0;
  std::atomic<int> lasts_s = 3600;
  http::Request last() {
    const std::scoped_lock lock(mutex_);
    return last_;
  }

 private:
  static net::ServerOptions options() {
    net::ServerOptions out;
    out.listen = {*net::Endpoint::parse("127.0.0.1:0")};
    out.threads = 1;
    return out;
  }
  Task<http::Response> answer(http::Request request) {
    http::Response response;
    response.headers.add("Content-Type", "application/json");
    if (request.target.starts_with("/.well-known")) {
      response.body = fmt::format(R"({{"issuer":"{0}","token_endpoint":"{0}/token","jwks_uri":"{0}/keys",)"
                                  R"("token_endpoint_auth_methods_supported":["client_secret_post"]}})",
                                  url);
      co_return response;
    }
    if (request.target == "/keys") {
      response.body = keys.jwks();
      co_return response;
    }
    if (request.body.contains("scope=forbidden")) {
      response.status = 400;
      response.body = R"({"error":"invalid_scope","error_description":"not yours"})";
      co_return response;
    }
    const std::scoped_lock lock(mutex_);
    last_ = std::move(request);
    response.body = fmt::format(R"({{"access_token":"token-{}","expires_in":{}}})", ++issued, lasts_s.load());
    co_return response;
  }

  std::mutex mutex_;
  http::Request last_;
  net::Server server_{options(), [this](http::Request request) { return answer(std::move(request)); }};
};

class CredentialsTest : public ::testing::Test {
 protected:
  Answer call(const api::testing::Keys& keys, std::string_view operation, std::string body = "{}") {
    const http::Response response =
        server.send(keys, {.target = "/identities/" + std::string(operation), .body = std::move(body)});
    error_type = std::string(response.headers.get("x-amzn-errortype").value_or(""));
    error_type = error_type.substr(0, error_type.find(':'));
    return {.status = response.status, .body = response.body.empty() ? json::Value() : api::testing::body_of(response)};
  }
  Answer call(std::string_view operation, std::string body = "{}") { return call(a, operation, std::move(body)); }

  std::string workload_token(std::string_view name = "agent") {
    const Answer token = call("GetWorkloadAccessToken", fmt::format(R"({{"workloadName":"{}"}})", name));
    EXPECT_EQ(token.status, 200) << token.body.dump();
    return token.text("workloadAccessToken");
  }
  void make_workload(std::string_view name = "agent") {
    EXPECT_EQ(call("CreateWorkloadIdentity", fmt::format(R"({{"name":"{}"}})", name)).status, 201);
  }
  void make_key(std::string_view name = "weather") {
    const Answer made =
        call("CreateApiKeyCredentialProvider", fmt::format(R"({{"name":"{}","apiKey":"s3cret"}})", name));
    EXPECT_EQ(made.status, 201) << made.body.dump();
  }
  /// An OAuth provider of the issuer, found by discovery.
  Answer make_oauth(std::string_view name, const Issuer& issuer) {
    return call(
        "CreateOauth2CredentialProvider",
        fmt::format(R"({{"name":"{}","credentialProviderVendor":"CustomOauth2","oauth2ProviderConfigInput":)"
                    R"({{"customOauth2ProviderConfig":{{"clientId":"me","clientSecret":"hu/sh","oauthDiscovery":)"
                    R"({{"discoveryUrl":"{}/.well-known/openid-configuration"}}}}}}}})",
                    name, issuer.url));
  }
  Answer token_of(std::string_view provider, const std::string& workload, std::string_view more = R"("scopes":["a"])") {
    return call("oauth2/token", fmt::format(R"({{"resourceCredentialProviderName":"{}","workloadIdentityToken":"{}",)"
                                            R"("oauth2Flow":"M2M",{}}})",
                                            provider, workload, more));
  }
  api::testing::Keys user(std::string name, std::string_view policy) {
    const AccountId account = *AccountId::parse("111111111111");
    const api::testing::Keys keys{"AKIAUSERUSERUSER" + name, "secret-of-" + name, {}};
    const std::string id = "AIDA" + name;
    const Result<> made = server.db().write_blocking([&](store::Txn& txn) -> Result<> {
      TRY(identity::create_user(txn, account, {.name = name, .path = "/", .id = id, .arn = {}, .created = {}}, {}));
      TRY(identity::put_inline_policy(txn, account, {identity::EntityKind::kUser, id, name},
                                      {.name = "inline", .document = std::string(policy)}));
      return identity::create_access_key(
          txn, account,
          {.id = keys.access_key_id, .user_id = id, .secret = keys.secret, .active = true, .created = {}});
    });
    EXPECT_TRUE(made) << made.error().message;
    return keys;
  }

  ManualClock clock{Timestamp{1'783'165'130'000}};  // as the server's
  Tokens tokens{*net::DestinationPolicy::from({"127.0.0.0/8"}), clock};
  api::testing::TestServer server{[this](api::Registry& registry) { bind(registry, tokens); }};
  api::testing::Keys a = server.account("111111111111");
  std::string error_type;
};

TEST_F(CredentialsTest, AnApiKeyIsNeverShownAgain) {
  make_key();
  const Answer got = call("GetApiKeyCredentialProvider", R"({"name":"weather"})");
  EXPECT_EQ(got.text("credentialProviderArn"),
            "arn:aws:bedrock-agentcore:us-east-1:111111111111:token-vault/default/apikeycredentialprovider/weather");
  EXPECT_THAT(got.body.find("apiKeySecretArn")->find_string("secretArn").value_or(""),
              MatchesRegex("arn:aws:secretsmanager:us-east-1:111111111111:secret:.*apikey/weather-[A-Za-z0-9]{6}"));
  EXPECT_THAT(got.body.dump(), Not(HasSubstr("s3cret")));
  const Answer list = call("ListApiKeyCredentialProviders");
  EXPECT_EQ(list.body.find("credentialProviders")->items().size(), 1U);
  EXPECT_THAT(list.body.dump(), Not(HasSubstr("s3cret")));

  const Answer again = call("CreateApiKeyCredentialProvider", R"({"name":"weather","apiKey":"x"})");
  EXPECT_EQ(again.status, 400);
  EXPECT_EQ(error_type, "ValidationException");
  EXPECT_EQ(again.message(), "Credential provider with name: weather already exists");
}

TEST_F(CredentialsTest, AWorkloadGetsTheKeyAsItIsNow) {
  make_key();
  make_workload();
  const std::string token = workload_token();
  const std::string ask =
      fmt::format(R"({{"resourceCredentialProviderName":"weather","workloadIdentityToken":"{}"}})", token);
  EXPECT_EQ(call("api-key", ask).text("apiKey"), "s3cret");
  EXPECT_EQ(call("UpdateApiKeyCredentialProvider", R"({"name":"weather","apiKey":"n3w"})").status, 200);
  EXPECT_EQ(call("api-key", ask).text("apiKey"), "n3w");
  EXPECT_EQ(call("DeleteApiKeyCredentialProvider", R"({"name":"weather"})").status, 204);
  EXPECT_EQ(call("api-key", ask).status, 404);
  const auto left = server.db().read([](store::Reader& reader) {
    return providers::secret(reader, {.account = *AccountId::parse("111111111111"), .region = "us-east-1"},
                             ProviderKind::kApiKey, "weather");
  });
  EXPECT_FALSE(left);
}

TEST_F(CredentialsTest, ATokenIsGoodForItsAccountAndItsTime) {
  make_key();
  make_workload();
  const std::string token = workload_token();
  const auto ask = [&](const api::testing::Keys& keys, const std::string& with) {
    return call(keys, "api-key",
                fmt::format(R"({{"resourceCredentialProviderName":"weather","workloadIdentityToken":"{}"}})", with));
  };
  EXPECT_EQ(ask(a, token.substr(1)).status, 401);
  EXPECT_EQ(error_type, "UnauthorizedException");
  EXPECT_EQ(ask(server.account("222222222222"), token).status, 401);
  EXPECT_EQ(call("DeleteWorkloadIdentity", R"({"name":"agent"})").status, 204);
  EXPECT_EQ(ask(a, token).status, 404);  // nobody's any more
  make_workload();
  server.clock().advance_ms(61 * 60 * 1000);
  EXPECT_EQ(ask(a, token).status, 401);
}

TEST_F(CredentialsTest, TheWorkloadBehindATokenMustBeAllowedToo) {
  make_key();
  make_workload("agent");
  make_workload("other");
  constexpr std::string_view kArn = "arn:aws:bedrock-agentcore:us-east-1:111111111111:";
  const api::testing::Keys keys =
      user("one", fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":)"
                              R"("bedrock-agentcore:GetResourceApiKey","Resource":["{0}token-vault/default*",)"
                              R"("{0}workload-identity-directory/default",)"
                              R"("{0}workload-identity-directory/default/workload-identity/agent"]}}]}})",
                              kArn));
  const auto ask = [&](const std::string& token) {
    return call(keys, "api-key",
                fmt::format(R"({{"resourceCredentialProviderName":"weather","workloadIdentityToken":"{}"}})", token));
  };
  EXPECT_EQ(ask(workload_token("agent")).text("apiKey"), "s3cret");
  const Answer denied = ask(workload_token("other"));
  EXPECT_EQ(denied.status, 403);
  EXPECT_THAT(denied.message(), HasSubstr("workload-identity/other"));
  EXPECT_EQ(ask("none").status, 403);
}

TEST_F(CredentialsTest, AnAccessTokenIsFetchedOnceForEachAsking) {
  Issuer issuer;
  make_workload();
  const Answer made = make_oauth("idp", issuer);
  ASSERT_EQ(made.status, 201) << made.body.dump();
  EXPECT_THAT(made.body.dump(), Not(HasSubstr("hu/sh")));
  const std::string workload = workload_token();
  const Answer first = token_of("idp", workload);
  ASSERT_EQ(first.status, 200) << first.body.dump();
  EXPECT_EQ(first.text("accessToken"), "token-1");
  EXPECT_THAT(issuer.last().body,
              HasSubstr("grant_type=client_credentials&scope=a&client_id=me&client_secret=hu%2Fsh"));
  EXPECT_EQ(token_of("idp", workload).text("accessToken"), "token-1");
  EXPECT_EQ(token_of("idp", workload, R"("scopes":["b"])").text("accessToken"), "token-2");
  EXPECT_EQ(token_of("idp", workload, R"("scopes":["a"],"forceAuthentication":true)").text("accessToken"), "token-3");
  EXPECT_EQ(token_of("idp", workload).text("accessToken"), "token-3");
  server.clock().advance_ms(59 * 60 * 1000 + 1);  // within its last minute
  EXPECT_EQ(token_of("idp", workload_token()).text("accessToken"), "token-4");
}

TEST_F(CredentialsTest, WhatTheProviderRefusesIsToldAndNotKept) {
  Issuer issuer;
  make_workload();
  make_oauth("idp", issuer);
  const Answer refused = token_of("idp", workload_token(), R"("scopes":["forbidden"])");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.message(), HasSubstr("answered 400 (invalid_scope: not yours)"));
  const Answer federated =
      call("oauth2/token", fmt::format(R"({{"resourceCredentialProviderName":"idp","workloadIdentityToken":"{}",)"
                                       R"("oauth2Flow":"USER_FEDERATION","scopes":[]}})",
                                       workload_token()));
  EXPECT_EQ(federated.status, 400);
  EXPECT_THAT(federated.message(), HasSubstr("USER_FEDERATION is not supported"));
}

TEST_F(CredentialsTest, NobodyIsSentToAnAddressThatIsNotAllowed) {
  Issuer issuer;
  Tokens strict{net::DestinationPolicy(), clock};
  TokenRequest request{.provider_arn = "arn", .client = {.token_endpoint = issuer.url + "/token", .client_id = "me"}};
  const auto token = server.await(strict.fetch(request, server.clock().now()));
  ASSERT_FALSE(token);
  EXPECT_THAT(token.error().message, HasSubstr("may not connect"));
  EXPECT_EQ(issuer.issued, 0);
}

TEST_F(CredentialsTest, AVendorsConfigurationIsItsOwn) {
  const auto create = [&](std::string_view vendor, std::string_view configuration) {
    return call("CreateOauth2CredentialProvider",
                fmt::format(R"({{"name":"p","credentialProviderVendor":"{}","oauth2ProviderConfigInput":{}}})", vendor,
                            configuration));
  };
  EXPECT_EQ(create("GoogleOauth2", R"({"githubOauth2ProviderConfig":{"clientId":"i","clientSecret":"s"}})").status,
            400);
  EXPECT_EQ(create("OktaOauth2", R"({"includedOauth2ProviderConfig":{"clientId":"i","clientSecret":"s"}})").status,
            400);
  EXPECT_EQ(create("GoogleOauth2", R"({"googleOauth2ProviderConfig":{"clientId":"i"}})").status, 400);
  const Answer made = create("MicrosoftOauth2",
                             R"({"microsoftOauth2ProviderConfig":{"clientId":"i","clientSecret":"s","tenantId":"t"}})");
  EXPECT_EQ(made.status, 201) << made.body.dump();
  EXPECT_THAT(made.body.dump(), HasSubstr("https://login.microsoftonline.com/t/v2.0/.well-known/openid-configuration"));
}

TEST_F(CredentialsTest, WorkloadsLiveAndThoseOfAServiceStay) {
  EXPECT_EQ(call("CreateWorkloadIdentity",
                 R"({"name":"agent","allowedResourceOauth2ReturnUrls":["https://app.example/done"]})")
                .status,
            201);
  EXPECT_EQ(call("CreateWorkloadIdentity", R"({"name":"agent"})").status, 400);
  EXPECT_THAT(call("GetWorkloadIdentity", R"({"name":"agent"})").body.dump(), HasSubstr("https://app.example/done"));
  EXPECT_EQ(call("UpdateWorkloadIdentity", R"({"name":"agent"})").status, 200);
  EXPECT_EQ(call("GetWorkloadIdentity", R"({"name":"agent"})").body.find("allowedResourceOauth2ReturnUrls"), nullptr);
  const Result<> put = server.db().write_blocking([](store::Txn& txn) {
    return identity::put_workload_identity(
        txn, *AccountId::parse("111111111111"), "us-east-1",
        {.name = "tools-0123456789", .return_urls = {}, .managed_by = "arn:of:gateway"});
  });
  ASSERT_TRUE(put);
  EXPECT_EQ(call("DeleteWorkloadIdentity", R"({"name":"tools-0123456789"})").status, 400);
  EXPECT_EQ(call("ListWorkloadIdentities").body.find("workloadIdentities")->items().size(), 2U);
  EXPECT_EQ(call("GetWorkloadAccessToken", R"({"workloadName":"nobody"})").status, 404);
}

TEST_F(CredentialsTest, AUsersTokenMustBeSignedByItsIssuerSpeakOfSomebodyAndBeFresh) {
  make_workload();
  Issuer issuer;
  const auto ask = [&](const std::string& token) {
    return call("GetWorkloadAccessTokenForJWT", fmt::format(R"({{"workloadName":"agent","userToken":"{}"}})", token));
  };
  const auto claims = [&](std::string_view subject, std::string_view expires) {
    return fmt::format(R"({{"iss":"{}","sub":{},"exp":{}}})", issuer.url, subject, expires);
  };
  const std::string good = claims(R"("s")", "4102444800");
  EXPECT_EQ(ask(issuer.keys.sign(good)).status, 200);
  EXPECT_THAT(ask(issuer.keys.sign(claims(R"("s")", "1"))).message(), HasSubstr("not proven"));
  EXPECT_THAT(ask(issuer.keys.sign(claims("null", "4102444800"))).message(), HasSubstr("no sub"));
  EXPECT_THAT(ask(jwt::testing::Issuer().sign(good)).message(), HasSubstr("signature does not hold"));
  std::string tampered = issuer.keys.sign(good);
  tampered.replace(0, tampered.find('.'), base64url_encode(R"({"alg":"none"})"));
  EXPECT_THAT(ask(tampered).message(), HasSubstr("not a JWT"));
  EXPECT_THAT(ask(issuer.keys.sign(R"({"iss":"https://10.0.0.1","sub":"s","exp":4102444800})")).message(),
              HasSubstr("cannot be read"))
      << "an issuer where we may not connect to";
  EXPECT_THAT(ask(issuer.keys.sign(R"({"iss":"mailto:x","sub":"s","exp":4102444800})")).message(), HasSubstr("iss"));
  EXPECT_EQ(ask("e30.e30.").status, 400);
}

TEST_F(CredentialsTest, PoliciesSeeTheClaimsOfAUsersToken) {
  make_workload();
  Issuer issuer;
  const auto ask = [&](const api::testing::Keys& keys, std::string_view more) {
    const std::string token =
        issuer.keys.sign(fmt::format(R"({{"iss":"{}","sub":"s","exp":4102444800,{}}})", issuer.url, more));
    return call(keys, "GetWorkloadAccessTokenForJWT",
                fmt::format(R"({{"workloadName":"agent","userToken":"{}"}})", token));
  };
  const auto user_with = [&](std::string name, std::string_view condition) {
    return user(std::move(name),
                fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Resource":"*","Action":)"
                            R"("bedrock-agentcore:GetWorkloadAccessTokenForJWT","Condition":{{{}}}}}]}})",
                            condition));
  };
  const std::string iss = "bedrock-agentcore:InboundJwtClaim/iss";
  const auto ours = user_with("ours", fmt::format(R"("StringEquals":{{"{}":"{}"}})", iss, issuer.url));
  const auto others = user_with("others", fmt::format(R"("StringEquals":{{"{}":"https://other.example"}})", iss));
  const auto scoped =
      user_with("scoped", R"("ForAnyValue:StringEquals":{"bedrock-agentcore:InboundJwtClaim/scope":"write"})");
  const auto aimed = user_with("aimed", R"("ForAnyValue:StringEquals":{"bedrock-agentcore:InboundJwtClaim/aud":"b"},)"
                                        R"("StringEquals":{"bedrock-agentcore:InboundJwtClaim/client_id":"c"})");
  EXPECT_EQ(ask(ours, R"("aud":"a")").status, 200);
  EXPECT_EQ(ask(others, R"("aud":"a")").status, 403);
  EXPECT_EQ(ask(scoped, R"("scope":"read write")").status, 200);
  EXPECT_EQ(ask(scoped, R"("scope":"read writer")").status, 403);
  EXPECT_EQ(ask(aimed, R"("aud":["a","b"],"client_id":"c")").status, 200);
  EXPECT_EQ(ask(aimed, R"("aud":["a","b"],"azp":"c")").status, 403);
  EXPECT_EQ(ask(aimed, R"("aud":["a"],"client_id":"c")").status, 403);
}

TEST_F(CredentialsTest, TheVaultHasNoKeyOfACustomerYet) {
  const Answer vault = call("get-token-vault");
  EXPECT_EQ(vault.status, 200) << vault.body.dump();
  EXPECT_EQ(vault.body.find("kmsConfiguration")->find_string("keyType").value_or(""), "ServiceManagedKey");
  EXPECT_EQ(call("get-token-vault", R"({"tokenVaultId":"other"})").status, 404);
  const Answer set =
      call("set-token-vault-cmk", R"({"kmsConfiguration":{"keyType":"CustomerManagedKey","kmsKeyArn":)"
                                  R"("arn:aws:kms:us-east-1:111111111111:key/12345678-1234-1234-1234-123456789012"}})");
  EXPECT_EQ(set.status, 400);
  EXPECT_THAT(set.message(), HasSubstr("kmsKeyArn is not supported"));
}

}  // namespace
}  // namespace warifu::services::credentials
