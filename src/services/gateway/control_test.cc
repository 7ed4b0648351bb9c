#include "identity/resource_policies.h"
#include "services/gateway/control_testing.h"
#include "services/gateway/directory.h"

namespace warifu::services::gateway::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class GatewayTest : public ControlTest {};
class GatewayTargetTest : public ControlTest {};

TEST_F(GatewayTest, IsReadyWithTheAnswerThatCreatesIt) {
  const Answer made = call("POST", "/gateways/", gateway_body("My-Tools", R"(,"description":"all of them")"));
  ASSERT_EQ(made.status, 202) << made.body.dump();
  const std::string id = made.text("gatewayId");
  EXPECT_THAT(id, MatchesRegex("my-tools-[0-9a-z]{10}"));
  EXPECT_EQ(made.text("gatewayArn"), arn_of(id));
  EXPECT_EQ(made.text("gatewayUrl"), "http://127.0.0.1:4566/_gateway/" + id + "/mcp");
  EXPECT_EQ(made.text("status"), "READY");
  EXPECT_THAT(made.text("workloadIdentityDetails.workloadIdentityArn"),
              HasSubstr("workload-identity-directory/default/workload-identity/" + id));

  const Answer read = call("GET", "/gateways/" + id + "/");
  EXPECT_EQ(read.body, made.body);
}

TEST_F(GatewayTest, ShowsNothingThatNobodySaid) {
  const std::string id = create();
  const Answer read = call("GET", "/gateways/" + id + "/");
  for (const std::string_view member : {"description", "protocolConfiguration", "authorizerConfiguration", "kmsKeyArn",
                                        "interceptorConfigurations", "exceptionLevel", "policyEngineConfiguration"}) {
    EXPECT_TRUE(read.at(member).is_null()) << member;
  }
}

TEST_F(GatewayTest, IsFoundByItsArnToo) {
  const std::string id = create();
  std::string path = "/gateways/arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A111111111111%3Agateway%2F" + id + "/";
  EXPECT_EQ(call("GET", path).text("gatewayId"), id);
  EXPECT_EQ(call("GET", "/gateways/nothing-0123456789/").status, 404);
  EXPECT_EQ(error_type, "ResourceNotFoundException");
  EXPECT_EQ(call("GET", "/gateways/Not_An_Id/").status, 400);
  EXPECT_EQ(error_type, "ValidationException");
}

TEST_F(GatewayTest, HasANameOfItsOwn) {
  create("tools");
  EXPECT_EQ(call("POST", "/gateways/", gateway_body("tools")).status, 409);
  EXPECT_EQ(error_type, "ConflictException");
  create("tools-more");  // begins as the other does
}

TEST_F(GatewayTest, AnswersAClientTokenOnce) {
  const std::string token = R"(,"clientToken":"0123456789012345678901234567890123456789")";
  const std::string id = create("tools", token);
  EXPECT_EQ(create("tools", token), id);
  EXPECT_EQ(call("POST", "/gateways/", gateway_body("others", token)).status, 400);
  EXPECT_THAT(call("POST", "/gateways/", gateway_body("others", token)).text("reason"),
              HasSubstr("IdempotentParameterMismatch"));
}

TEST_F(GatewayTest, RefusesWhatContradictsItselfAndWhatIsNotHere) {
  struct Case {
    std::string_view authorizer, more, says;
  };
  const std::string jwt = R"(,"authorizerConfiguration":{"customJWTAuthorizer":{"discoveryUrl":)"
                          R"("https://idp.example/.well-known/openid-configuration"}})";
  const std::vector<Case> cases = {
      {"CUSTOM_JWT", "", "customJWTAuthorizer is required"},
      {"AWS_IAM", jwt, "not allowed for authorizerType AWS_IAM"},
      {"AWS_IAM", R"(,"kmsKeyArn":"arn:aws:kms:us-east-1:111111111111:key/12345678-1234-1234-1234-123456789012")",
       "kmsKeyArn is not supported"},
      {"AWS_IAM",
       R"(,"policyEngineConfiguration":{"mode":"ENFORCE","arn":)"
       R"("arn:aws:bedrock-agentcore:us-east-1:111111111111:policy-engine/Engine-0123456789"})",
       "policyEngineConfiguration is not supported"},
      {"AWS_IAM", R"(,"protocolConfiguration":{"mcp":{"supportedVersions":["2024-11-05"]}})", "`2024-11-05`"},
      {"AWS_IAM",
       R"(,"interceptorConfigurations":[{"interceptor":{"lambda":{"arn":)"
       R"("arn:aws:lambda:us-east-1:111111111111:function:f"}},"interceptionPoints":["REQUEST","REQUEST"]}])",
       "at most one interceptor"},
  };
  for (const Case& c : cases) {
    const Answer answer = call("POST", "/gateways/", gateway_body("tools", c.more, c.authorizer));
    EXPECT_EQ(answer.status, 400) << c.more;
    EXPECT_EQ(error_type, "ValidationException") << c.more;
    EXPECT_THAT(answer.message(), HasSubstr(std::string(c.says)));
  }
  EXPECT_EQ(call("GET", "/gateways/").size("items"), 0U);
}

TEST_F(GatewayTest, KeepsWhatItIsConfiguredWithAndForgetsWhatAnUpdateOmits) {
  const std::string more =
      R"(,"protocolConfiguration":{"mcp":{"supportedVersions":["2025-11-25"],"instructions":"Ask.",)"
      R"("searchType":"SEMANTIC","sessionConfiguration":{"sessionTimeoutInSeconds":900},"streamingConfiguration":)"
      R"({"enableResponseStreaming":true}}},"exceptionLevel":"DEBUG","description":"first",)"
      R"("interceptorConfigurations":)"
      R"([{"interceptor":{"lambda":{"arn":"arn:aws:lambda:us-east-1:111111111111:function:f"}},)"
      R"("interceptionPoints":["REQUEST"],"inputConfiguration":{"passRequestHeaders":true}}])";
  const std::string id = create("tools", more);
  const Answer read = call("GET", "/gateways/" + id + "/");
  EXPECT_EQ(read.text("protocolConfiguration.mcp.instructions"), "Ask.");
  EXPECT_EQ(read.text("interceptorConfigurations.0.inputConfiguration.passRequestHeaders"), "true");
  EXPECT_EQ(read.text("exceptionLevel"), "DEBUG");

  const Answer updated = call("PUT", "/gateways/" + id + "/", gateway_body("tools", R"(,"description":"second")"));
  EXPECT_EQ(updated.status, 202) << updated.body.dump();
  const Answer after = call("GET", "/gateways/" + id + "/");
  EXPECT_EQ(after.text("description"), "second");
  EXPECT_TRUE(after.at("protocolConfiguration").is_null());
  EXPECT_TRUE(after.at("exceptionLevel").is_null());
  EXPECT_EQ(after.text("createdAt"), read.text("createdAt"));

  EXPECT_EQ(call("PUT", "/gateways/" + id + "/", gateway_body("renamed")).status, 400);
}

TEST_F(GatewayTest, IsListedInPages) {
  for (const std::string_view name : {"one", "two", "three"}) create(name);
  const Answer first = call("GET", "/gateways/?maxResults=2");
  EXPECT_EQ(first.size("items"), 2U);
  EXPECT_EQ(first.text("items.0.name"), "one");
  EXPECT_TRUE(first.at("items.0.gatewayArn").is_null());
  const Answer second = call("GET", "/gateways/?maxResults=2&nextToken=" + first.text("nextToken"));
  EXPECT_EQ(second.size("items"), 1U);
  EXPECT_TRUE(second.at("nextToken").is_null());
  const api::testing::Keys b = server.account(kAccountB);
  EXPECT_EQ(call(b, "GET", "/gateways/").size("items"), 0U);
  EXPECT_EQ(call(a, "GET", "/gateways/", "", "eu-west-1").size("items"), 0U);
}

TEST_F(GatewayTest, IsDeletedOnlyWithoutTargets) {
  const std::string id = create();
  const std::string target = call("POST", "/gateways/" + id + "/targets/", lambda_target("echo")).text("targetId");
  EXPECT_EQ(call("DELETE", "/gateways/" + id + "/").status, 409);
  EXPECT_EQ(error_type, "ConflictException");
  EXPECT_EQ(call("DELETE", "/gateways/" + id + "/targets/" + target + "/").status, 202);
  const Answer gone = call("DELETE", "/gateways/" + id + "/");
  EXPECT_EQ(gone.status, 202);
  EXPECT_EQ(gone.text("status"), "DELETING");
  EXPECT_EQ(call("GET", "/gateways/" + id + "/").status, 404);
  EXPECT_EQ(call("GET", "/gateways/" + id + "/targets/").status, 404);
}

TEST_F(GatewayTest, OfAnotherAccountIsDeniedNotMissing) {
  const std::string id = create();
  const api::testing::Keys b = server.account(kAccountB);
  const std::string arn = "arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A111111111111%3Agateway%2F" + id;
  EXPECT_EQ(call(b, "GET", "/gateways/" + arn + "/").status, 403);
  EXPECT_EQ(call(b, "DELETE", "/gateways/" + arn + "/").status, 403);
  EXPECT_EQ(call(b, "GET", "/gateways/" + id + "/").status, 404);  // of its own account there is none
}

TEST_F(GatewayTest, IsReadAsOneWithEveryVersion) {
  const std::string id = create();
  const Directory directory;
  const auto known = [&] {
    return server.db().read([&](store::Reader& reader) { return directory.find(reader, id); }).value();
  };
  const auto first = known();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->gateway.name, "tools");
  EXPECT_EQ(known(), first);  // the very same
  call("POST", "/gateways/" + id + "/targets/", lambda_target("echo"));
  const auto second = known();
  ASSERT_EQ(second->targets.size(), 1U);
  EXPECT_GT(second->version, first->version);
  EXPECT_TRUE(first->targets.empty());  // who holds an older one keeps it
  call("POST", "/gateways/" + id + "/rules",
       R"({"priority":5,"actions":[{"routeToTarget":{"staticRoute":{"targetName":"echo"}}}]})");
  EXPECT_EQ(known()->rules.size(), 1U);
  EXPECT_EQ(server.db().read([&](store::Reader& reader) { return directory.find(reader, "none-0123456789"); }).value(),
            nullptr);
}

TEST_F(GatewayTargetTest, OfAFunctionIsReadyAtOnce) {
  const std::string id = create();
  const Answer made = call("POST", "/gateways/" + id + "/targets/", lambda_target("echo-tools"));
  ASSERT_EQ(made.status, 202) << made.body.dump();
  EXPECT_THAT(made.text("targetId"), MatchesRegex("[0-9A-Z]{10}"));
  EXPECT_EQ(made.text("status"), "READY");
  EXPECT_EQ(made.text("protocolType"), "MCP");
  EXPECT_TRUE(connector.told.empty());
  const std::string path = "/gateways/" + id + "/targets/" + made.text("targetId") + "/";
  EXPECT_EQ(call("GET", path).body, made.body);
  const Answer list = call("GET", "/gateways/" + id + "/targets/");
  EXPECT_EQ(list.text("items.0.targetType"), "LAMBDA");
  EXPECT_EQ(call("POST", "/gateways/" + id + "/targets/", lambda_target("echo-tools")).status, 409);
}

TEST_F(GatewayTargetTest, ThatMustBeConnectedToWaitsUntilItIs) {
  const std::string id = create();
  const Answer made = call("POST", "/gateways/" + id + "/targets/", server_target("mcp"));
  ASSERT_EQ(made.status, 202) << made.body.dump();
  EXPECT_EQ(made.text("status"), "CREATING");
  ASSERT_EQ(connector.told.size(), 1U);
  const std::string path = "/gateways/" + id + "/targets/" + made.text("targetId") + "/";
  const auto settle = [&](const WaitingTarget& waiting, Connected connected) {
    return server.db()
        .write_blocking([&](store::Txn& txn) { return targets::settle(txn, waiting, connected); })
        .value();
  };
  EXPECT_TRUE(settle(connector.told[0], {.ok = true, .catalogue = "tools", .now = server.clock().now()}));
  EXPECT_EQ(call("GET", path).text("status"), "READY");
  EXPECT_FALSE(settle(connector.told[0], {.ok = false, .reason = "late"}));
  EXPECT_EQ(call("GET", path).text("status"), "READY");

  const Answer synced = call("PUT", "/gateways/" + id + "/synchronizeTargets",
                             fmt::format(R"({{"targetIdList":["{}"]}})", made.text("targetId")));
  EXPECT_EQ(synced.status, 202) << synced.body.dump();
  EXPECT_EQ(synced.text("targets.0.status"), "SYNCHRONIZING");
  ASSERT_EQ(connector.told.size(), 2U);
  EXPECT_EQ(call("PUT", "/gateways/" + id + "/synchronizeTargets",
                 fmt::format(R"({{"targetIdList":["{}"]}})", made.text("targetId")))
                .status,
            409);
  EXPECT_TRUE(settle(connector.told[1], {.ok = false, .reason = "nobody answers"}));
  const Answer failed = call("GET", path);
  EXPECT_EQ(failed.text("status"), "SYNCHRONIZE_UNSUCCESSFUL");
  EXPECT_EQ(failed.text("statusReasons.0"), "nobody answers");
  const auto waiting = server.db().read([](store::Reader& reader) { return targets::waiting(reader); });
  EXPECT_TRUE(waiting->empty());
}

TEST_F(GatewayTargetTest, IsReplacedByAnUpdate) {
  const std::string id = create();
  const std::string target = call("POST", "/gateways/" + id + "/targets/", server_target("first")).text("targetId");
  const std::string path = "/gateways/" + id + "/targets/" + target + "/";
  const Answer updated = call("PUT", path, lambda_target("second"));
  EXPECT_EQ(updated.status, 202) << updated.body.dump();
  EXPECT_EQ(updated.text("status"), "READY");
  EXPECT_TRUE(call("GET", path).at("targetConfiguration.mcp.mcpServer").is_null());
  // The first name is free again, and what the first waited for is settled by nobody.
  EXPECT_EQ(call("POST", "/gateways/" + id + "/targets/", lambda_target("first")).status, 202);
  EXPECT_EQ(call("PUT", path, lambda_target("first")).status, 409);
  const auto settled = server.db().write_blocking(
      [&](store::Txn& txn) { return targets::settle(txn, connector.told[0], {.ok = false, .reason = "late"}); });
  EXPECT_FALSE(*settled);
}

TEST_F(GatewayTargetTest, NeedsARoleThatTheServiceMayAssume) {
  make_role("Lambdas", "lambda.amazonaws.com");
  std::string body = gateway_body("tools");
  body.replace(body.find("role/Gateway"), 12, "role/Lambdas");
  const std::string id = call("POST", "/gateways/", body).text("gatewayId");
  const Answer answer = call("POST", "/gateways/" + id + "/targets/", lambda_target("echo"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.message(), HasSubstr("Gateway execution role lacks permission"));
  // Nobody acts as the role there.
  EXPECT_EQ(call("POST", "/gateways/" + id + "/targets/", server_target("mcp")).status, 202);
}

TEST_F(GatewayTargetTest, RefusesSchemasThatAreNone) {
  const std::string id = create();
  struct Case {
    std::string_view schema, says;
  };
  const std::vector<Case> cases = {
      {R"({"type":"string"})", "must be of type object"},
      {R"({"type":"object","required":["message"]})", "`message` is not among the properties"},
      {R"({"type":"object","properties":{"a":{"type":"string","items":{"type":"string"}}}})", "has no items"},
      {R"({"type":"object","properties":{"a":{"type":"integer","properties":{}}}})", "has no properties"},
      {R"({"type":"object","properties":{"a":{"type":"date"}}})", "enum value set"},
  };
  for (const Case& c : cases) {
    const Answer answer = call("POST", "/gateways/" + id + "/targets/", lambda_target("echo", c.schema));
    EXPECT_EQ(answer.status, 400) << c.schema;
    EXPECT_THAT(answer.body.dump(), HasSubstr(std::string(c.says))) << c.schema;
  }
  EXPECT_EQ(call("POST", "/gateways/" + id + "/targets/", lambda_target("has_underscore")).status, 400);
  EXPECT_EQ(call("GET", "/gateways/" + id + "/targets/").size("items"), 0U);
}

TEST_F(GatewayTargetTest, RefusesCredentialsThatDoNotFit) {
  const std::string id = create();
  const auto with = [](std::string_view configuration, std::string_view credential) {
    return fmt::format(R"({{"name":"t","targetConfiguration":{},"credentialProviderConfigurations":[{}]}})",
                       configuration, credential);
  };
  const std::string lambda =
      R"({"mcp":{"lambda":{"lambdaArn":"arn:aws:lambda:us-east-1:111111111111:function:f","toolSchema":)"
      R"({"inlinePayload":[{"name":"e","description":"d","inputSchema":{"type":"object"}}]}}}})";
  const std::string mcp = R"({"mcp":{"mcpServer":{"endpoint":"https://mcp.example/mcp"}}})";
  const std::string open_api = R"({"mcp":{"openApiSchema":{"inlinePayload":"{}"}}})";
  const std::string http = R"({"http":{"passthrough":{"endpoint":"https://api.example","protocolType":"CUSTOM"}}})";
  const std::string key = R"({"credentialProviderType":"API_KEY","credentialProvider":{"apiKeyCredentialProvider":)"
                          R"({"providerArn":"arn:aws:bedrock-agentcore:us-east-1:111111111111:token-vault/default/)"
                          R"(apikeycredentialprovider/k"}}})";
  struct Case {
    std::string body;
    bool fits;
  };
  const std::vector<Case> cases = {
      {with(lambda, key), false},
      {with(open_api, key), true},
      {with(mcp, R"({"credentialProviderType":"GATEWAY_IAM_ROLE"})"), false},
      {with(mcp, R"({"credentialProviderType":"GATEWAY_IAM_ROLE","credentialProvider":{"iamCredentialProvider":)"
                 R"({"service":"execute-api"}}})"),
       true},
      {with(open_api, R"({"credentialProviderType":"GATEWAY_IAM_ROLE"})"), false},  // signed for whom?
      {with(http, R"({"credentialProviderType":"GATEWAY_IAM_ROLE"})"), false},
      {with(open_api, R"({"credentialProviderType":"JWT_PASSTHROUGH"})"), false},
      {with(http, R"({"credentialProviderType":"JWT_PASSTHROUGH"})"), false},         // an IAM gateway has no token
      {with(http, R"({"credentialProviderType":"CALLER_IAM_CREDENTIALS"})"), false},  // not here yet
      {with(http, key), true},
      {with(mcp, R"({"credentialProviderType":"API_KEY"})"), false},
      {with(open_api, R"({"credentialProviderType":"API_KEY","credentialProvider":{"apiKeyCredentialProvider":)"
                      R"({"providerArn":"arn:aws:bedrock-agentcore:us-east-1:222222222222:token-vault/default/)"
                      R"(apikeycredentialprovider/k"}}})"),
       false},
  };
  for (const Case& c : cases) {
    const Answer answer = call("POST", "/gateways/" + id + "/targets/", c.body);
    EXPECT_EQ(answer.status, c.fits ? 202 : 400) << c.body << answer.body.dump();
    if (c.fits) call("DELETE", "/gateways/" + id + "/targets/" + answer.text("targetId") + "/");
  }
}

TEST_F(GatewayTargetTest, RefusesWhatCannotBeServedByName) {
  const std::string id = create();
  struct Case {
    std::string_view configuration, says;
  };
  const std::vector<Case> cases = {
      {R"({"mcp":{"apiGateway":{"restApiId":"a","stage":"s","apiGatewayToolConfiguration":{"toolFilters":[]}}}})",
       "openApiSchema"},
      {R"({"mcp":{"connector":{"source":{"connectorId":"web-search"}}}})", "connector is not supported"},
      {R"({"mcp":{"openApiSchema":{"s3":{"uri":"s3://bucket/key"}}}})", "openApiSchema.s3 is not supported"},
      {R"({"mcp":{"openApiSchema":{"inlinePayload":"broken"}}})", "does not parse"},
      {R"({"inference":{"provider":{"endpoint":"https://llm.example"}}})", "inference is not supported"},
      {R"({"mcp":{"mcpServer":{"endpoint":"https://"}}})", "not an http or https URL"},
      {R"({"http":{"passthrough":{"endpoint":"https://a.example","protocolType":"CUSTOM","schema":{"source":)"
       R"({"inlinePayload":"{}"}}}}})",
       "passthrough.schema is not supported"},
      {R"({"http":{"passthrough":{"endpoint":"https://a.example","protocolType":"CUSTOM","staticQueryParameters":)"
       R"({"a":"b"}}}})",
       "staticQueryParameters is not supported"},
      {R"({"http":{"agentcoreRuntime":{"arn":"arn:aws:bedrock-agentcore:us-east-1:111111111111:runtime/a-0123456789",)"
       R"("schema":{"source":{"inlinePayload":"{}"}}}}})",
       "agentcoreRuntime.schema is not supported"},
      {R"({"inference":{"connector":{"source":{"connectorId":"bedrock"}}}})", "inference is not supported"},
  };
  for (const Case& c : cases) {
    const Answer answer = call("POST", "/gateways/" + id + "/targets/",
                               fmt::format(R"({{"name":"t","targetConfiguration":{}}})", c.configuration));
    EXPECT_EQ(answer.status, 400) << c.configuration;
    EXPECT_THAT(answer.message(), HasSubstr(std::string(c.says))) << c.configuration;
  }
}

TEST_F(ControlTest, AGatewayThatTakesTokensMayHaveNoPolicyForPrincipals) {
  const std::string id = create();
  const auto put = [&](std::string_view principal) {
    const std::string document =
        fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{},)"
                    R"("Action":"bedrock-agentcore:InvokeGateway","Resource":"{}"}}]}})",
                    principal, arn_of(id));
    const Result<> done = server.db().write_blocking([&](store::Txn& txn) {
      return identity::put_bound_resource_policy(txn, *AccountId::parse(kAccountA), arn_of(id), document,
                                                 server.clock().now());
    });
    ASSERT_TRUE(done) << done.error().message;
  };
  const std::string update =
      gateway_body("tools",
                   R"(,"authorizerConfiguration":{"customJWTAuthorizer":{"discoveryUrl":)"
                   R"("https://id.example/.well-known/openid-configuration","allowedClients":["c"]}})",
                   "CUSTOM_JWT");
  put(R"({"AWS":"arn:aws:iam::222222222222:root"})");
  const Answer refused = call("PUT", "/gateways/" + id + "/", update);
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.message(), HasSubstr("must have the principal `*`"));
  EXPECT_EQ(call("GET", "/gateways/" + id + "/").text("authorizerType"), "AWS_IAM");
  put(R"("*")");
  EXPECT_EQ(call("PUT", "/gateways/" + id + "/", update).status, 202);
}

TEST_F(GatewayTargetTest, MayNotNameHeadersThatNeverPass) {
  const std::string id = create();
  const auto with = [&](std::string_view header) {
    std::string body = server_target("t");
    body.pop_back();
    return body + fmt::format(R"(,"metadataConfiguration":{{"allowedRequestHeaders":["{}"]}}}})", header);
  };
  for (const std::string_view header : {"Authorization", "cookie", "X-Amzn-Trace-Id", "X-Forwarded-For", "Accept"}) {
    EXPECT_EQ(call("POST", "/gateways/" + id + "/targets/", with(header)).status, 400) << header;
  }
  EXPECT_EQ(call("POST", "/gateways/" + id + "/targets/", with("X-Tenant")).status, 202);
}

}  // namespace
}  // namespace warifu::services::gateway::testing
