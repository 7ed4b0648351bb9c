#include "services/gateway/endpoint_testing.h"

namespace warifu::services::gateway::testing {
namespace {

using ::testing::HasSubstr;

/// Targets that ask services of this very server: by their Smithy models, as the gateway's role.
class OwnServicesTest : public EndpointTest {
 protected:
  static std::string model(std::string_view prefix) {
    return fmt::format(
        R"({{"smithy":"2.0","shapes":{{"x#S":{{"type":"service","version":"1","operations":[{{"target":"x#Echo"}}],)"
        R"("traits":{{"aws.protocols#restJson1":{{}},"aws.auth#sigv4":{{"name":"{0}"}},)"
        R"("aws.api#service":{{"endpointPrefix":"{0}","sdkId":"S"}}}}}},)"
        R"("x#Echo":{{"type":"operation","input":{{"target":"x#In"}},"traits":{{"smithy.api#http":{{"method":"POST",)"
        R"("uri":"/2015-03-31/functions/echo/invocations"}}}}}},)"
        R"("x#In":{{"type":"structure","members":{{"message":{{"target":"smithy.api#String"}}}}}}}}}})",
        prefix);
  }
  Answer invoke(std::string_view prefix, OutboundCredential::Kind kind = OutboundCredential::Kind::kGatewayRole) {
    Target out{.id = "T",
               .name = "aws",
               .gateway_id = "g",
               .gateway_arn = "arn:aws:bedrock-agentcore:us-east-1:111111111111:gateway/g",
               .gateway_role_arn = "arn:aws:iam::111111111111:role/Gateway",
               .region = "us-east-1",
               .account = *AccountId::parse(kA),
               .debug = true};
    out.place = OpenApiPlace{.document = model(prefix)};
    out.credential.kind = kind;
    out.version = std::string(prefix);
    Invocation invocation{.target = std::make_shared<const Target>(std::move(out))};
    invocation.method = "tools/call";
    invocation.name = "Echo";
    invocation.params = json::parse(R"({"arguments":{"message":"hi"}})").value();
    return server.await(shared.kinds.open_api->invoke(std::move(invocation)));
  }
};

TEST_F(OwnServicesTest, AServiceThatIsServedHereIsAskedHereByTheGatewaysRole) {
  const Answer answered = invoke("lambda");
  EXPECT_EQ(answered.value_or(""), R"({"isError":false,"content":[{"type":"text","text":"{\"ok\":true}"}]})");
  ASSERT_EQ(lambda.calls.size(), 1U);
  EXPECT_EQ(lambda.calls[0].payload, R"({"message":"hi"})");
  EXPECT_EQ(lambda.callers[0], "arn:aws:sts::111111111111:assumed-role/Gateway/AgentCoreGateway");
}

TEST_F(OwnServicesTest, TheRolesPermissionsDecide) {
  grant_role("Gateway",
             R"({"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:*:*:function:other"})");
  const std::string refused = invoke("lambda").value_or("");
  EXPECT_THAT(refused, HasSubstr("not authorized to perform: lambda:InvokeFunction"));
  EXPECT_THAT(refused, HasSubstr(R"("isError":true)"));
  EXPECT_TRUE(lambda.calls.empty());
}

TEST_F(OwnServicesTest, NobodysRequestIsNobodys) {
  EXPECT_THAT(invoke("lambda", OutboundCredential::Kind::kNone).value_or(""), HasSubstr("The API answered 403"));
  EXPECT_TRUE(lambda.calls.empty());
}

TEST_F(OwnServicesTest, TheRolesCredentialsAreNotSentToAws) {
  EXPECT_THAT(invoke("dynamodb").value_or(""), HasSubstr("is not served by this server"));
  EXPECT_TRUE(outbound.fetches.empty());
}

TEST_F(OwnServicesTest, WhatIsNoApiOfThePublicUrlIsOutside) {
  const auto leads = [&](const std::string& url) { return front_door.leads_here(*net::Url::parse(url)); };
  EXPECT_TRUE(leads("http://127.0.0.1:4566/runtimes/x/invocations"));
  EXPECT_FALSE(leads("http://127.0.0.1:4566/_gateway/other/mcp"));
  EXPECT_FALSE(leads("http://127.0.0.1:4567/runtimes/x/invocations")) << "another port";
  EXPECT_TRUE(leads("https://bedrock-agentcore.us-east-1.amazonaws.com/runtimes/x/invocations"));
  EXPECT_FALSE(leads("https://lambda.us-east-1.amazonaws.com.evil.example/"));
  EXPECT_FALSE(leads("https://localhost/"));
}

}  // namespace
}  // namespace warifu::services::gateway::testing
