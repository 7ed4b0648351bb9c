#include "services/gateway/mcp_server_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "mcp/testing.h"

namespace warifu::services::gateway {
namespace {

using mcp::Message;
using mcp::Version;
using mcp::testing::parsed;
using mcp::testing::Script;
using mcp::testing::Server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The outside, reached as it is; says what it was asked to authorize.
class OpenOutbound final : public Outbound {
 public:
  ~OpenOutbound() override { client_.close(); }
  Task<Result<api::RoleSession>> role_session(const Target&) override { co_return fail(internal_error("no role")); }
  Task<Result<>> authorize(const Target&, const Invocation*, std::string&, http::Request& request) override {
    request.headers.add("X-Api-Key", "secret");
    co_return Result<>{};
  }
  Task<Result<http::Response>> fetch(std::string url, http::Request request, std::chrono::milliseconds t) override {
    co_return co_await client_.fetch(std::move(url), std::move(request), t);
  }
  Task<Result<std::unique_ptr<net::ResponseStream>>> open(std::string url, http::Request request,
                                                          net::StreamTimeouts timeouts) override {
    co_return co_await client_.open(std::move(url), std::move(request), timeouts);
  }

 private:
  net::Client client_;
};

class Heard final : public Upcalls {
 public:
  Task<> notify(json::Value notification) override {
    notifications.push_back(notification.dump());
    co_return;
  }
  Task<Answer> ask(json::Value request) override {
    requests.push_back(request.dump());
    co_return std::string(R"({"action":"accept"})");
  }
  std::vector<std::string> notifications, requests;
};

std::shared_ptr<Target> target_at(std::string endpoint) {
  auto target = std::make_shared<Target>(Target{.id = "TARGET0001",
                                                .name = "srv",
                                                .gateway_id = "g-0123456789",
                                                .account = AccountId::parse("111122223333").value()});
  target->version = "1";
  target->place = McpServerPlace{.endpoint = std::move(endpoint)};
  return target;
}

/// The kind, and the loop that it runs on.
class World {
 public:
  template <class T>
  T run(Task<T> task) {
    std::optional<T> out;
    boost::asio::co_spawn(loop_, into(std::move(task), out),
                          [](const std::exception_ptr& failure) { EXPECT_FALSE(failure); });
    while (!out) loop_.run_one();
    return std::move(*out);
  }
  Answer call(const std::shared_ptr<const Target>& target, std::string_view params = R"({"name":"srv___t"})") {
    return invoke(invocation(target, "tools/call", params));
  }
  Answer invoke(Invocation invocation) { return run(kind->invoke(std::move(invocation))); }

  Invocation invocation(const std::shared_ptr<const Target>& target, std::string method, std::string_view params) {
    return {.target = target,
            .method = std::move(method),
            .name = "t",
            .prefixed = "srv___t",
            .params = parsed(params),
            .rpc_id = "1",
            .protocol = "2025-11-25",
            .caller = "arn:aws:iam::111122223333:user/a",
            .upcalls = heard,
            .timeout = std::chrono::seconds(10)};
  }

  std::shared_ptr<Heard> heard = std::make_shared<Heard>();

 private:
  template <class T>
  static Task<> into(Task<T> task, std::optional<T>& out) {
    out.emplace(co_await std::move(task));
  }
  boost::asio::io_context loop_;
  OpenOutbound outbound_;

 public:
  std::unique_ptr<TargetKind> kind = make_mcp_server_kind(outbound_);
};

const std::vector<Version> kHandshakes = {Version::k2025_06_18, Version::k2025_11_25};
const std::vector<Version> kStateless = {Version::k2026_07_28};

Server::Answer echo_params() {
  return [](const Message& request) { return json::Value::object().set("params", request.params); };
}

TEST(McpServerTarget, IsAskedForAllThatItOffers) {
  const Server server(kHandshakes, [](const Message& request) {
    if (request.method == "tools/list")
      return parsed(R"({"tools":[{"name":"a","inputSchema":{}},{"name":"no schema"},{"inputSchema":{}},7]})");
    if (request.method == "prompts/list") return parsed(R"({"prompts":[{"name":"p"}]})");
    if (request.method == "resources/list") return parsed(R"({"resources":[{"uri":"a:b"},{"name":"no uri"}]})");
    return parsed(R"({"resourceTemplates":[{"uriTemplate":"a:{x}"}]})");
  });
  World world;
  const auto found = world.run(world.kind->discover(target_at(server.url())));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->tools.size(), 1U) << "what cannot be called is left out";
  EXPECT_EQ(found->tools[0].find_string("name"), "a");
  EXPECT_EQ(found->prompts.size(), 1U);
  EXPECT_EQ(found->resources.size(), 1U);
  EXPECT_EQ(found->templates.size(), 1U);
  EXPECT_EQ(server.seen("initialize").size(), 1U);
}

TEST(McpServerTarget, WithAStaticCatalogueIsNotAsked) {
  const Server server(kHandshakes, echo_params());
  auto target = target_at(server.url());
  std::get<McpServerPlace>(target->place).tools = {parsed(R"({"name":"s","inputSchema":{}})")};
  World world;
  EXPECT_EQ(world.run(world.kind->discover(target))->tools.size(), 1U);
  EXPECT_TRUE(server.seen().empty());
}

TEST(McpServerTarget, ThatCannotBeReachedSaysSo) {
  Server server(kHandshakes, echo_params());
  server.status_of_all = 503;
  World world;
  const auto found = world.run(world.kind->discover(target_at(server.url())));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message,
            "Failed to connect and fetch tools from the provided MCP target server. "
            "Error - the MCP server answered HTTP 503");

  auto target = target_at(server.url());
  const auto failure = world.call(target);
  ASSERT_TRUE(failure) << "a failure of the target is a result";
  EXPECT_EQ(*failure, failed_result(false, ""));
  auto debugging = target_at(server.url());
  debugging->version = "2";
  debugging->debug = true;
  EXPECT_THAT(*world.call(debugging), HasSubstr("HTTP 503"));
  const auto prompt = world.invoke(world.invocation(target, "prompts/get", "{}"));
  ASSERT_FALSE(prompt);
  EXPECT_EQ(prompt.error().message, kGenericFailure);
}

TEST(McpServerTarget, SeesItsOwnNames) {
  const Server server(kHandshakes, echo_params());
  World world;
  const auto target = target_at(server.url());
  EXPECT_EQ(*world.call(target, R"({"name":"srv___t","arguments":{"name":"srv___t"}})"),
            R"({"params":{"name":"t","arguments":{"name":"srv___t"}}})")
      << "an argument is no name";
  EXPECT_EQ(*world.invoke(world.invocation(target, "completion/complete",
                                           R"({"ref":{"type":"ref/prompt","name":"srv___t"},"argument":{}})")),
            R"({"params":{"ref":{"type":"ref/prompt","name":"t"},"argument":{}}})");
}

TEST(McpServerTarget, IsSentTheTargetsCredential) {
  const Server server(kHandshakes, echo_params());
  auto target = target_at(server.url());
  World world;
  EXPECT_TRUE(world.call(target));
  EXPECT_EQ(server.seen("tools/call")[0].headers.get("x-api-key"), std::nullopt);
  auto other = target_at(server.url());
  other->version = "2";
  other->credential.kind = OutboundCredential::Kind::kApiKey;
  EXPECT_TRUE(world.call(other));
  EXPECT_EQ(server.seen("initialize").back().headers.get("x-api-key"), "secret");
  EXPECT_EQ(server.seen("tools/call").back().headers.get("x-api-key"), "secret");
}

TEST(McpServerTarget, KeepsASessionForEachCallerAndForEachSessionOfAClient) {
  const Server server(kHandshakes, echo_params());
  World world;
  const auto target = target_at(server.url());
  const auto call = [&](std::string caller, std::string session) {
    Invocation invocation = world.invocation(target, "tools/call", R"({"name":"srv___t"})");
    invocation.caller = std::move(caller);
    invocation.session = std::move(session);
    EXPECT_TRUE(world.invoke(std::move(invocation)));
    return std::string(*server.seen("tools/call").back().headers.get("mcp-session-id"));
  };
  EXPECT_EQ(call("a", ""), "s1");
  EXPECT_EQ(call("a", ""), "s1");
  EXPECT_EQ(call("b", ""), "s2");
  EXPECT_EQ(call("a", "x"), "s3");
  EXPECT_EQ(call("a", "x"), "s3");
  world.kind->end_session("g-0123456789", "x");
  world.kind->end_session("g-other00000", "y");
  EXPECT_EQ(call("a", "x"), "s4") << "the ended one is gone";
}

Script asks(std::string_view method) {
  return {.steps = {mcp::notification("notifications/message", parsed(R"({"data":"hi"})")),
                    mcp::request(mcp::Id(1), std::string(method), parsed(R"({"message":"who?"})"))},
          .last = [](const std::vector<Message>& answers) {
            return json::Value::object().set("heard", json::Value::string(mcp::print(answers.at(0))));
          }};
}

TEST(McpServerTarget, IsHeardByTheClientAndMayAskWhatTheClientDeclared) {
  const Server server(kHandshakes, [](const Message&) { return asks("elicitation/create"); });
  World world;
  Invocation invocation = world.invocation(target_at(server.url()), "tools/call", R"({"name":"srv___t"})");
  EXPECT_THAT(*world.invoke(invocation), HasSubstr("-32601")) << "undeclared";
  EXPECT_TRUE(world.heard->requests.empty());
  invocation.session = "x";
  invocation.client_capabilities = parsed(R"({"elicitation":{}})");
  EXPECT_THAT(*world.invoke(invocation), HasSubstr("accept"));
  EXPECT_THAT(world.heard->requests, ElementsAre(R"({"method":"elicitation/create","params":{"message":"who?"}})"));
  EXPECT_EQ(world.heard->notifications.at(0), R"({"method":"notifications/message","params":{"data":"hi"}})");
}

TEST(McpServerTarget, OfALaterVersionAsksInItsResult) {
  const Server server(kStateless, [](const Message& request) {
    if (request.params.find("inputResponses") != nullptr) return parsed(R"({"done":1})");
    return parsed(R"({"resultType":"input_required","inputRequests":{"k":{"method":"elicitation/create"}}})");
  });
  World world;
  Invocation invocation = world.invocation(target_at(server.url()), "tools/call", R"({"name":"srv___t"})");
  invocation.client_capabilities = parsed(R"({"elicitation":{}})");
  invocation.protocol = "2026-07-28";
  EXPECT_THAT(*world.invoke(invocation), HasSubstr("input_required")) << "this client can answer that";
  invocation.protocol = "2025-11-25";
  EXPECT_THAT(*world.invoke(invocation), HasSubstr(R"("done":1)")) << "this one is asked in its own manner";
  EXPECT_EQ(world.heard->requests.size(), 1U);
}

TEST(McpServerTarget, ErrorsAreTheServersOwn) {
  const Server server(kHandshakes, [](const Message&) {
    return mcp::RpcError{.code = -32002, .message = "gone", .data = parsed(R"({"uri":"a:b"})")};
  });
  World world;
  Invocation invocation = world.invocation(target_at(server.url()), "resources/read", R"({"uri":"a:b"})");
  EXPECT_EQ(world.invoke(invocation).error().code, -32002);
  invocation.protocol = "2026-07-28";
  EXPECT_EQ(world.invoke(invocation).error().code, -32602) << "a code that later versions must not use";
}

TEST(McpServerTarget, CallThatIsCancelledIsCancelledThere) {
  const Server server(kHandshakes, [](const Message&) {
    return Script{.steps = {mcp::notification("notifications/message", {})}, .last = {}, .hangs = true};
  });
  World world;
  class Cancelling final : public Upcalls {
   public:
    Task<> notify(json::Value) override {
      cancellation->cancel();
      co_return;
    }
    Task<Answer> ask(json::Value) override { co_return std::string("{}"); }
    std::shared_ptr<Cancellation> cancellation = std::make_shared<Cancellation>();
  };
  const auto upcalls = std::make_shared<Cancelling>();
  Invocation invocation = world.invocation(target_at(server.url()), "tools/call", R"({"name":"srv___t"})");
  invocation.upcalls = upcalls;
  invocation.cancellation = upcalls->cancellation;
  EXPECT_TRUE(world.invoke(std::move(invocation)));
  EXPECT_EQ(server.seen("notifications/cancelled").size(), 1U);
}

TEST(McpServerTarget, LearnsWhichArgumentsItWantsInHeaders) {
  std::atomic<bool> mirrored = false;
  const Server server(kStateless, [&](const Message& request) -> std::variant<json::Value, mcp::RpcError, Script> {
    if (request.method == "tools/list")
      return parsed(R"({"tools":[{"name":"t","inputSchema":{"properties":{"r":{"x-mcp-header":"Region"}}}}]})");
    if (mirrored.exchange(true)) return parsed(R"({"ok":1})");
    return mcp::RpcError{.code = mcp::rpc::kHeaderMismatch, .message = "Header mismatch"};
  });
  World world;
  EXPECT_THAT(*world.call(target_at(server.url()), R"({"name":"srv___t","arguments":{"r":"eu"}})"), HasSubstr("ok"));
  const auto calls = server.seen("tools/call");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[1].headers.get("Mcp-Param-Region"), "eu");
}

}  // namespace
}  // namespace warifu::services::gateway
