#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "api/handler_testing.h"
#include "identity/roles.h"
#include "services/gateway/control.h"

/// For tests of the control plane: requests as clients send them, through the whole pipeline.
namespace warifu::services::gateway::testing {

using api::testing::Answer;
using api::testing::kAccountA;
using api::testing::kAccountB;

/// Remembers what it is told; refuses documents that say so.
class RecordingConnector final : public Connector {
 public:
  [[nodiscard]] Result<> check(const m::TargetConfiguration& configuration) const override {
    const auto& mcp = configuration.mcp;
    if (mcp && mcp->open_api_schema && mcp->open_api_schema->inline_payload == "broken") {
      return std::unexpected(validation_error("the document does not parse"));
    }
    return {};
  }
  void wanted(const WaitingTarget& waiting) override { told.push_back(waiting); }

  std::vector<WaitingTarget> told;
};

/// Made before the server, whose handlers hold it.
struct WithConnector {
  RecordingConnector connector;
};

class ControlTest : protected WithConnector, public api::testing::HandlerTest {
 protected:
  ControlTest() : HandlerTest([this](api::Registry& registry) { bind_control(registry, {.connector = &connector}); }) {
    make_role("Gateway");
  }

  /// Makes a role of account A that `service` may assume.
  void make_role(std::string name, std::string_view service = "bedrock-agentcore.amazonaws.com") {
    const std::string trust =
        fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{}"}},)"
                    R"("Action":"sts:AssumeRole"}}]}})",
                    service);
    const identity::Role role{.name = name, .path = "/", .id = "AROA" + name, .arn = {}, .created = {}};
    const Result<> made = server.db().write_blocking(
        [&](store::Txn& txn) { return identity::create_role(txn, *AccountId::parse(kAccountA), role, trust, {}); });
    ASSERT_TRUE(made) << made.error().message;
  }
  /// The members of a request that makes an IAM gateway; `more` is JSON after them.
  static std::string gateway_body(std::string_view name, std::string_view more = "",
                                  std::string_view authorizer = "AWS_IAM") {
    return fmt::format(R"({{"name":"{}","roleArn":"arn:aws:iam::{}:role/Gateway","protocolType":"MCP",)"
                       R"("authorizerType":"{}"{}}})",
                       name, kAccountA, authorizer, more);
  }
  /// Creates a gateway and answers its id.
  std::string create(std::string_view name = "tools", std::string_view more = "",
                     std::string_view authorizer = "AWS_IAM") {
    const Answer made = call("POST", "/gateways/", gateway_body(name, more, authorizer));
    EXPECT_EQ(made.status, 202) << made.body.dump();
    return made.text("gatewayId");
  }
  static std::string lambda_target(std::string_view name, std::string_view schema = R"({"type":"object"})") {
    return fmt::format(R"({{"name":"{}","targetConfiguration":{{"mcp":{{"lambda":{{"lambdaArn":)"
                       R"("arn:aws:lambda:us-east-1:111111111111:function:echo","toolSchema":{{"inlinePayload":[)"
                       R"({{"name":"echo","description":"Echoes","inputSchema":{}}}]}}}}}}}},)"
                       R"("credentialProviderConfigurations":[{{"credentialProviderType":"GATEWAY_IAM_ROLE"}}]}})",
                       name, schema);
  }
  static std::string server_target(std::string_view name, std::string_view more = "") {
    return fmt::format(
        R"({{"name":"{}","targetConfiguration":{{"mcp":{{"mcpServer":{{"endpoint":"https://mcp.example/mcp"{}}}}}}}}})",
        name, more);
  }
  static std::string arn_of(std::string_view id, std::string_view account = kAccountA) {
    return fmt::format("arn:aws:bedrock-agentcore:us-east-1:{}:gateway/{}", account, id);
  }
};

}  // namespace warifu::services::gateway::testing
