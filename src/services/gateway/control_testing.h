#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "api/testing.h"
#include "identity/roles.h"
#include "services/gateway/control.h"

/// For tests of the control plane: requests as clients send them, through the whole pipeline.
namespace warifu::services::gateway::testing {

inline constexpr std::string_view kAccountA = "111111111111";
inline constexpr std::string_view kAccountB = "222222222222";

struct Answer {
  int status = 0;
  json::Value body;

  /// The value at a path of member names and indices (`items.0.name`); null when there is none.
  [[nodiscard]] json::Value at(std::string_view path) const {
    const json::Value* value = &body;
    while (!path.empty()) {
      const std::string_view step = path.substr(0, path.find('.'));
      path.remove_prefix(std::min(step.size() + 1, path.size()));
      if (value->is_array()) {
        const auto index = static_cast<std::size_t>(std::stoul(std::string(step)));
        if (index >= value->items().size()) return {};
        value = &value->items()[index];
      } else {
        value = value->find(step);
        if (value == nullptr) return {};
      }
    }
    return *value;
  }
  [[nodiscard]] std::string text(std::string_view path) const {
    const json::Value value = at(path);
    return value.is_string() ? value.as_string() : value.dump();
  }
  [[nodiscard]] std::size_t size(std::string_view path) const {
    const json::Value value = at(path);
    return value.is_array() ? value.items().size() : 0;
  }
  [[nodiscard]] std::string message() const { return text("message"); }
};

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

class ControlTest : public ::testing::Test {
 protected:
  ControlTest() { make_role("Gateway"); }

  Answer call(const api::testing::Keys& keys, std::string method, std::string target, std::string body = "",
              std::string region = "us-east-1") {
    const http::Response response = server.send(keys, {.region = std::move(region),
                                                       .method = std::move(method),
                                                       .target = std::move(target),
                                                       .body = std::move(body)});
    error_type = std::string(response.headers.get("x-amzn-errortype").value_or(""));
    error_type = error_type.substr(0, error_type.find(':'));
    return {.status = response.status, .body = response.body.empty() ? json::Value() : api::testing::body_of(response)};
  }
  Answer call(std::string method, std::string target, std::string body = "") {
    return call(a, std::move(method), std::move(target), std::move(body));
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

  RecordingConnector connector;
  api::testing::TestServer server{
      [this](api::Registry& registry) { bind_control(registry, {.connector = &connector}); }};
  api::testing::Keys a = server.account(kAccountA);
  std::string error_type;  // of the last answer
};

}  // namespace warifu::services::gateway::testing
