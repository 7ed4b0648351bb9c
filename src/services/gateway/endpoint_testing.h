#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/session_token.h"
#include "api/testing.h"
#include "base/encoding.h"
#include "gen/lambda/invocations.h"
#include "gen/sts/roles.h"
#include "identity/policies.h"
#include "identity/resource_policies.h"
#include "identity/roles.h"
#include "identity/users.h"
#include "services/gateway/control.h"
#include "services/gateway/endpoint.h"
#include "services/gateway/front_door.h"
#include "services/gateway/lambda_target.h"
#include "services/gateway/openapi_target.h"

/// For tests of the data plane: requests as clients send them, through endpoint and pipeline, with a Lambda and an STS
/// that do just enough behind the real authorization.
namespace warifu::services::gateway::testing {

inline constexpr std::string_view kA = "111111111111";
inline constexpr std::string_view kB = "222222222222";
inline constexpr std::string_view kFunction = "arn:aws:lambda:us-east-1:111111111111:function:echo";

/// The Internet as a map from URLs to documents; everything else as in a server.
class FakeOutbound final : public Outbound {
 public:
  FakeOutbound(const FrontDoor& door, std::unique_ptr<ClosableOutbound> real) : door_(door), real_(std::move(real)) {}
  Task<Result<api::RoleSession>> role_session(const Target& target) override { return real_->role_session(target); }
  Task<Result<>> authorize(const Target& target, const Invocation* invocation, std::string& url,
                           http::Request& request) override {
    return real_->authorize(target, invocation, url, request);
  }
  Task<Result<http::Response>> fetch(std::string url, http::Request request, std::chrono::milliseconds) override {
    ++fetches[url];
    const auto to = net::Url::parse(url);
    if (to && door_.leads_here(*to)) co_return co_await real_->fetch(url, std::move(request), {});
    last = std::move(request);
    const auto found = documents.find(url);
    if (found == documents.end()) co_return fail(unavailable("nothing is at " + url));
    co_return http::Response{.status = answer_status, .headers = answer_headers, .body = found->second};
  }
  Task<Result<std::unique_ptr<net::ResponseStream>>> open(std::string url, http::Request request,
                                                          net::StreamTimeouts timeouts) override {
    const auto to = net::Url::parse(url);
    if (to && door_.leads_here(*to)) co_return co_await real_->open(std::move(url), std::move(request), timeouts);
    auto response = co_await fetch(std::move(url), std::move(request), timeouts.head);
    if (!response) co_return fail(response.error());
    co_return std::make_unique<WholeAnswer>(std::move(*response));
  }

  std::map<std::string, std::string> documents;
  std::map<std::string, int> fetches;
  http::Headers answer_headers;  // of every document
  int answer_status = 200;
  http::Request last;

 private:
  class WholeAnswer final : public net::ResponseStream {
   public:
    explicit WholeAnswer(http::Response answer) : body_(std::exchange(answer.body, {})), head_(std::move(answer)) {}
    [[nodiscard]] const http::Response& head() const override { return head_; }
    Task<Result<std::optional<std::string>>> next() override {
      if (body_.empty()) co_return std::optional<std::string>{};
      co_return std::optional(std::exchange(body_, {}));
    }
    void cancel() override {}

   private:
    std::string body_;
    http::Response head_;
  };

  const FrontDoor& door_;
  std::unique_ptr<ClosableOutbound> real_;
};

/// What a function was called with, and what it returns.
struct FakeLambda {
  std::vector<model::lambda::InvokeInput> calls;
  std::vector<std::string> callers;
  std::string payload = R"({"ok":true})";
  std::string function_error;
  /// When set, what it returns to this input.
  std::function<std::string(const std::string& function, const json::Value& event)> answer;

  Task<Result<model::lambda::InvokeOutput>> invoke(api::Call& call, model::lambda::InvokeInput input) {
    callers.push_back(call.principal().arn);
    model::lambda::InvokeOutput out;
    out.status_code = 200;
    out.payload = payload;
    if (answer)
      out.payload = answer(input.function_name, json::parse(input.payload.value_or("")).value_or(json::Value()));
    calls.push_back(std::move(input));
    if (!function_error.empty()) out.function_error = function_error;
    co_return out;
  }
};

inline Task<Result<model::sts::AssumeRoleOutput>> assume_role(api::Call& call, model::sts::AssumeRoleInput input) {
  const auto role =
      call.db().read([&](store::Reader& reader) { return identity::role_by_arn(reader, input.role_arn); });
  CHECK(role && *role, "authorized on a role that is there");
  const std::string account(ArnView::parse(input.role_arn)->account);
  access::Principal principal{
      .kind = access::PrincipalKind::kAssumedRole,
      .account = *AccountId::parse(account),
      .arn = fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", account, (*role)->name, input.role_session_name),
      .identity_arn = (*role)->arn,
      .unique_id = (*role)->id,
      .user_id = (*role)->id + ":" + input.role_session_name,
      .name = (*role)->name,
      .access_key_id = {},
      .session =
          access::Session{
              .name = input.role_session_name, .issued = call.now(), .expires = call.now().plus_seconds(3600)},
      .service = {}};
  const auto made = access::issue(principal, call.environment().sealer, call.random());
  model::sts::AssumeRoleOutput out;
  out.credentials = model::sts::Credentials{.access_key_id = made.access_key_id,
                                            .secret_access_key = made.secret_access_key,
                                            .session_token = made.session_token,
                                            .expiration = made.expires};
  co_return out;
}

struct Reply {
  int status = 0;
  http::Headers headers;
  std::string raw;
  json::Value body;

  [[nodiscard]] const json::Value* at(std::string_view path) const {
    const json::Value* value = &body;
    while (value != nullptr && !path.empty()) {
      const std::string_view step = path.substr(0, path.find('.'));
      path.remove_prefix(std::min(step.size() + 1, path.size()));
      if (value->is_array()) {
        const auto index = static_cast<std::size_t>(std::stoul(std::string(step)));
        value = index < value->items().size() ? &value->items()[index] : nullptr;
      } else {
        value = value->find(step);
      }
    }
    return value;
  }
  [[nodiscard]] std::string text(std::string_view path) const {
    const json::Value* value = at(path);
    if (value == nullptr) return "-";
    return value->is_string() ? value->as_string() : value->dump();
  }
};

class EndpointTest : public ::testing::Test {
 protected:
  EndpointTest() { make_role("Gateway", R"({"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"*"})"); }

  static std::string document(std::string_view statement) {
    return fmt::format(R"({{"Version":"2012-10-17","Statement":[{}]}})", statement);
  }
  void write(const std::function<Result<>(store::Txn&)>& change) {
    const Result<> done = server.db().write_blocking(change);
    ASSERT_TRUE(done) << done.error().message;
  }
  void make_role(const std::string& name, std::string_view statement) {
    const std::string trust = document(
        R"({"Effect":"Allow","Principal":{"Service":"bedrock-agentcore.amazonaws.com"},"Action":"sts:AssumeRole"})");
    write([&](store::Txn& txn) -> Result<> {
      const identity::Role role{.name = name, .path = "/", .id = "AROA" + name, .arn = {}, .created = {}};
      return identity::create_role(txn, *AccountId::parse(kA), role, trust, {});
    });
    grant_role(name, statement);
  }
  void grant_role(const std::string& name, std::string_view statement) {
    write([&](store::Txn& txn) {
      return identity::put_inline_policy(txn, *AccountId::parse(kA),
                                         {.kind = identity::EntityKind::kRole, .id = "AROA" + name, .name = name},
                                         {"inline", document(statement)});
    });
  }
  void policy_of_gateway(const std::string& arn, std::string_view statement) {
    write([&](store::Txn& txn) {
      return identity::put_bound_resource_policy(txn, *AccountId::parse(kA), arn, document(statement),
                                                 server.clock().now());
    });
  }

  /// Creates a gateway and answers its id.
  std::string create(std::string_view name = "tools", std::string_view more = "",
                     std::string_view authorizer = "AWS_IAM") {
    const std::string body =
        fmt::format(R"({{"name":"{}","roleArn":"arn:aws:iam::{}:role/Gateway","protocolType":"MCP",)"
                    R"("authorizerType":"{}"{}}})",
                    name, kA, authorizer, more);
    const auto made = server.send(a, {.method = "POST", .target = "/gateways/", .body = body});
    EXPECT_EQ(made.status, 202) << made.body;
    return api::testing::body_of(made).find_string("gatewayId").value_or("");
  }
  /// A Lambda target with tools of these definitions.
  void add_target(const std::string& gateway, std::string_view name, std::string_view tools,
                  std::string_view more = "") {
    const std::string body =
        fmt::format(R"({{"name":"{}","targetConfiguration":{{"mcp":{{"lambda":{{"lambdaArn":"{}","toolSchema":)"
                    R"({{"inlinePayload":[{}]}}}}}}}},"credentialProviderConfigurations":[)"
                    R"({{"credentialProviderType":"GATEWAY_IAM_ROLE"}}]{}}})",
                    name, kFunction, tools, more);
    const auto made = server.send(a, {.method = "POST", .target = "/gateways/" + gateway + "/targets/", .body = body});
    EXPECT_EQ(made.status, 202) << made.body;
  }
  static std::string echo_tool(std::string_view name = "echo") {
    return fmt::format(R"({{"name":"{}","description":"Echo back a message","inputSchema":{{"type":"object",)"
                       R"("properties":{{"message":{{"type":"string"}}}},"required":["message"]}}}})",
                       name);
  }
  static std::string arn_of(std::string_view id) {
    return fmt::format("arn:aws:bedrock-agentcore:us-east-1:{}:gateway/{}", kA, id);
  }

  static std::string rpc(std::string_view method, std::string_view params = "{}", std::string_view id = "1") {
    return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"{}","params":{}}})", id, method, params);
  }
  using Extra = std::vector<http::Headers::Field>;
  [[nodiscard]] http::Request request(const std::string& gateway, std::string body, Extra extra = {}) const {
    http::Request out;
    out.method = "POST";
    out.target = "/_gateway/" + gateway + "/mcp";
    out.body = std::move(body);
    out.peer_ip = out.local_host = "127.0.0.1";
    out.headers.add("Host", "127.0.0.1:4566");
    out.headers.add("Content-Type", "application/json");
    out.headers.add("Accept", "application/json, text/event-stream");
    for (auto& [name, value] : extra) out.headers.add(name, value);
    return out;
  }
  void sign(http::Request& out, const api::testing::Keys& keys, std::string region = "us-east-1",
            std::string service = "bedrock-agentcore") {
    const sigv4::Credentials credentials{.access_key_id = keys.access_key_id,
                                         .secret = crypto::SecretBytes::copy_of(keys.secret),
                                         .session_token = keys.session_token};
    sigv4::sign(out, credentials, {.region = std::move(region), .service = std::move(service)}, server.clock().now());
  }
  Reply serve(http::Request sent) {
    EXPECT_TRUE(endpoint.takes(sent));
    const http::Response response = server.await(whole(endpoint.serve(std::move(sent))));
    Reply out{.status = response.status, .headers = response.headers, .raw = response.body, .body = {}};
    if (auto parsed = json::parse(response.body)) out.body = std::move(*parsed);
    return out;
  }
  Reply post(const api::testing::Keys& keys, const std::string& gateway, std::string body, Extra extra = {}) {
    http::Request out = request(gateway, std::move(body), std::move(extra));
    sign(out, keys);
    return serve(std::move(out));
  }
  Reply call_echo(const std::string& gateway, std::string_view arguments = R"({"message":"hi"})") {
    return post(a, gateway, rpc("tools/call", fmt::format(R"({{"name":"t___echo","arguments":{}}})", arguments)));
  }

  FakeLambda lambda;
  api::testing::TestServer server{[this](api::Registry& registry) {
    bind_control(registry, {});
    registry.bind(model::sts::ops::kAssumeRole, assume_role);
    registry.bind(model::lambda::ops::kInvoke, [this](api::Call& call, model::lambda::InvokeInput input) {
      return lambda.invoke(call, std::move(input));
    });
  }};
  api::testing::Keys a = server.account(kA);
  api::testing::Keys b = server.account(kB);
  FrontDoor front_door{server.pipeline(), server.environment()};
  FakeOutbound outbound{front_door, make_outbound(server.environment(), {.front_door = &front_door})};
  Shared shared{.environment = server.environment(),
                .kinds = {.lambda = make_lambda_kind(server.environment(), outbound),
                          .mcp_server = {},
                          .open_api = make_openapi_kind(outbound)},
                .offers = {},
                .search = {},
                .sessions = {server.environment().sealer, server.environment().random},
                .running = {},
                .throttle = {}};
  Endpoint endpoint{server.pipeline(), server.environment(), shared, outbound, {}};

 private:
  /// Reads a stream on the loop that it lives on.
  static Task<http::Response> whole(Task<http::Response> serving) {
    http::Response response = co_await std::move(serving);
    while (response.stream) {
      auto piece = co_await response.stream->next();
      if (!piece || !*piece) {
        response.stream.reset();
      } else {
        response.body += **piece;
      }
    }
    co_return response;
  }
};

}  // namespace warifu::services::gateway::testing
