#include "mcp/upstream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "mcp/testing.h"

namespace warifu::mcp {
namespace {

using ::testing::HasSubstr;
using testing::parsed;
using testing::Script;
using testing::Server;

const std::vector<Version> kHandshakes = {Version::k2025_03_26, Version::k2025_06_18, Version::k2025_11_25};
const std::vector<Version> kStateless = {Version::k2026_07_28};

/// A client and the loop that it runs on.
class Client {
 public:
  explicit Client(const Server& server, UpstreamOptions options = {})
      : upstream_(std::make_shared<ClientCarrier>(http_, server.url()), with_name(std::move(options))) {}
  ~Client() { http_.close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  template <class T>
  T run(Task<T> task) {
    std::optional<T> out;
    boost::asio::co_spawn(loop_, into(std::move(task), out),
                          [](const std::exception_ptr& failure) { EXPECT_FALSE(failure); });
    while (!out) loop_.run_one();
    return std::move(*out);
  }
  auto call(std::string method, json::Value params = {}) {
    return run(upstream_.call({.method = std::move(method), .params = std::move(params)}));
  }
  auto call(Call what) { return run(upstream_.call(std::move(what))); }
  Upstream& operator*() { return upstream_; }
  boost::asio::io_context& loop() { return loop_; }

 private:
  template <class T>
  static Task<> into(Task<T> task, std::optional<T>& out) {
    out.emplace(co_await std::move(task));
  }
  static UpstreamOptions with_name(UpstreamOptions options) {
    options.client_info = parsed(R"({"name":"test","version":"1"})");
    return options;
  }
  boost::asio::io_context loop_;
  net::Client http_;
  Upstream upstream_;
};

Server::Answer echo() {
  return [](const Message& request) { return json::Value::object().set("echo", json::Value::string(request.method)); };
}

TEST(Upstream, ShakesHandsOnceAndKeepsTheSession) {
  const Server server(kHandshakes, echo());
  Client client(server);
  for (int i = 0; i < 3; ++i) EXPECT_EQ((*client.call("tools/call"))->dump(), R"({"echo":"tools/call"})");
  EXPECT_EQ(server.seen("server/discover").size(), 1U);
  EXPECT_EQ(server.seen("initialize").size(), 1U);
  EXPECT_EQ(server.seen("notifications/initialized").size(), 1U);
  const auto calls = server.seen("tools/call");
  ASSERT_EQ(calls.size(), 3U);
  EXPECT_EQ(calls[0].headers.get("mcp-session-id"), "s1");
  EXPECT_EQ(calls[0].headers.get("mcp-protocol-version"), "2025-11-25");
  EXPECT_EQ(calls[0].headers.get("mcp-method"), std::nullopt);
}

TEST(Upstream, SpeaksStatelessWhereTheServerDoes) {
  const Server server(kStateless, echo());
  Client client(server);
  const auto params = parsed(R"({"name":"größe","_meta":{"x/y":1,"io.modelcontextprotocol/clientInfo":{"name":"c"}}})");
  Call call{.client_capabilities = parsed(R"({"sampling":{}})"), .method = "tools/call", .params = params};
  EXPECT_EQ((*client.call(std::move(call)))->find_string("echo"), "tools/call");
  EXPECT_TRUE(server.seen("initialize").empty());
  const auto calls = server.seen("tools/call");
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].headers.get("mcp-name"), "=?base64?Z3LDtsOfZQ==?=");
  EXPECT_EQ(read_body(calls[0].body)->messages[0].meta()->dump(),
            R"({"x/y":1,"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
            R"("io.modelcontextprotocol/clientInfo":{"name":"test","version":"1"},)"
            R"("io.modelcontextprotocol/clientCapabilities":{"sampling":{}}})");
}

TEST(Upstream, SettlesOnTheNewestVersionThatBothSpeak) {
  const Server old({Version::k2025_03_26}, echo());
  Client client(old);
  EXPECT_EQ((*client.run((*client).session("", {})))->version, Version::k2025_03_26);
  const Server newer({Version::k2025_11_25}, echo());
  Client limited(newer, {.versions = {Version::k2025_03_26, Version::k2025_06_18}});
  const auto refused = limited.call("tools/call");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("speaks version `2025-11-25`"));
  EXPECT_TRUE(newer.seen("server/discover").empty()) << "it was told to speak no stateless version";
}

TEST(Upstream, ShakesHandsWithAServerOfBothMannersWhereThatIsPreferred) {
  const Server both({Version::k2025_11_25, Version::k2026_07_28}, echo());
  Client client(both);
  const json::Value named = parsed(R"({"name":"t"})");
  EXPECT_TRUE(*client.call(Call{.session_key = "new", .method = "tools/call", .params = named}));
  EXPECT_TRUE(
      *client.call(Call{.session_key = "old", .method = "tools/call", .params = named, .prefers_handshake = true}));
  const auto calls = both.seen("tools/call");
  EXPECT_EQ(calls[0].headers.get("mcp-protocol-version"), "2026-07-28");
  EXPECT_EQ(calls[1].headers.get("mcp-protocol-version"), "2025-11-25");

  const Server newer(kStateless, echo());
  Client other(newer);
  EXPECT_TRUE(*other.call(Call{.method = "tools/call", .params = named, .prefers_handshake = true}))
      << "it cannot, and is asked anew";
}

TEST(Upstream, MakesALostSessionAnewAndCallsOnceMore) {
  for (const bool as_400 : {false, true}) {
    Server server(kHandshakes, echo());
    server.lost_is_400 = as_400;
    Client client(server);
    EXPECT_TRUE(client.call("tools/call"));
    server.forget_sessions();
    EXPECT_TRUE(*client.call("tools/call"));
    EXPECT_EQ(server.seen("initialize").size(), 2U);
    EXPECT_EQ(server.seen("tools/call").back().headers.get("mcp-session-id"), "s2");
  }
}

TEST(Upstream, KeepsASessionForEachKey) {
  const Server server(kHandshakes, echo());
  Client client(server, {.sessions_max = 2});
  for (const std::string key : {"a", "b", "a", "c", "b"}) {
    EXPECT_TRUE(client.call(Call{.session_key = key, .method = "tools/call"}));
  }
  std::vector<std::string> used;
  for (const auto& call : server.seen("tools/call")) used.emplace_back(*call.headers.get("mcp-session-id"));
  EXPECT_EQ(used, (std::vector<std::string>{"s1", "s2", "s1", "s3", "s4"})) << "b had to go for c";
  client.run([](Upstream& upstream) -> Task<bool> {
    co_await upstream.end("c");
    co_return true;
  }(*client));
  EXPECT_EQ(server.seen("DELETE").size(), 1U);
}

Task<> note(std::vector<std::string>& heard, Message message) {
  heard.push_back(print(message));
  co_return;
}

TEST(Upstream, TellsTheServerOfADroppedSessionBesideTheNextCall) {
  const Server server(kHandshakes, echo());
  Client client(server);
  EXPECT_TRUE(client.call(Call{.session_key = "a", .method = "tools/call"}));
  (*client).drop("a");
  (*client).drop("unknown");
  EXPECT_TRUE(server.seen("DELETE").empty());
  EXPECT_TRUE(client.call(Call{.session_key = "b", .method = "tools/call"}));
  while (server.seen("DELETE").empty()) client.loop().run_one();
  EXPECT_EQ(server.seen("DELETE")[0].headers.get("mcp-session-id"), "s1");
}

TEST(Upstream, HandsOnWhatIsSaidOnTheWay) {
  const Server server(kHandshakes, [](const Message& request) {
    const json::Value* token = request.meta() == nullptr ? nullptr : request.meta()->find("progressToken");
    json::Value progress = parsed(R"({"progress":1})");
    if (token != nullptr) progress.set("progressToken", *token);
    return Script{.steps = {notification("notifications/progress", std::move(progress)),
                            notification("notifications/message", parsed(R"({"level":"info","data":"hi"})"))},
                  .last = [](const auto&) { return parsed(R"({"done":true})"); }};
  });
  Client client(server);
  std::vector<std::string> heard;
  Call call{.method = "tools/call", .params = parsed(R"({"name":"t","_meta":{"progressToken":"mine"}})")};
  call.on_notification = [&heard](Message message) { return note(heard, std::move(message)); };
  EXPECT_EQ((*client.call(call))->dump(), R"({"done":true})");
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_THAT(heard[0], HasSubstr(R"("params":{"progress":1,"progressToken":"mine"})"));
  EXPECT_EQ(server.seen("tools/call")[0].body.find("mine"), std::string::npos) << "the server sees a token of ours";
}

TEST(Upstream, LetsTheCallerAnswerWhatTheServerAsks) {
  const auto asks = [](const Message&) {
    return Script{.steps = {request(Id("q1"), "elicitation/create", parsed(R"({"message":"who?"})")),
                            request(Id(77), "ping", {}), request(Id("q2"), "roots/list", {})},
                  .last = [](const std::vector<Message>& answers) {
                    json::Value out = json::Value::array();
                    for (const Message& answer : answers) out.items().push_back(json::Value::string(print(answer)));
                    return json::Value::object().set("heard", std::move(out));
                  }};
  };
  const Server server(kHandshakes, asks);
  Client client(server);
  Call call{.client_capabilities = parsed(R"({"elicitation":{}})"), .method = "tools/call"};
  call.on_request = [](Message message) -> Task<std::expected<json::Value, RpcError>> {
    if (message.method != "elicitation/create") co_return std::unexpected(method_not_found(message.method));
    co_return parsed(R"({"action":"accept"})");
  };
  const auto heard = client.call(call);
  ASSERT_TRUE(heard && *heard);
  const auto& items = (*heard)->find("heard")->items();
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(items[0].as_string(), R"({"jsonrpc":"2.0","id":"q1","result":{"action":"accept"}})");
  EXPECT_EQ(items[1].as_string(), R"({"jsonrpc":"2.0","id":77,"result":{}})");
  EXPECT_THAT(items[2].as_string(), HasSubstr("-32601"));
  EXPECT_THAT(server.seen("initialize")[0].body, HasSubstr(R"("capabilities":{"elicitation":{}})"));
}

Server::Answer asks_for_input() {
  return [](const Message& request) {
    const json::Value* responses = request.params.find("inputResponses");
    if (responses != nullptr)
      return json::Value::object().set("got", *responses).set("state", *request.params.find("requestState"));
    return parsed(R"({"resultType":"input_required","requestState":"s",)"
                  R"("inputRequests":{"k":{"method":"elicitation/create","params":{"message":"who?"}}}})");
  };
}

TEST(Upstream, GathersWhatAStatelessServerRequires) {
  const Server server(kStateless, asks_for_input());
  Client client(server);
  Call call{.method = "tools/call", .params = parsed(R"({"name":"t"})")};
  call.on_request = [](Message message) -> Task<std::expected<json::Value, RpcError>> {
    co_return json::Value::object().set("asked", json::Value::string(message.method));
  };
  const auto outcome = client.call(call);
  ASSERT_TRUE(outcome && *outcome);
  EXPECT_EQ((*outcome)->find("got")->dump(), R"({"k":{"asked":"elicitation/create"}})");
  EXPECT_EQ((*outcome)->find_string("state"), "s");
  call.takes_input_required = true;
  EXPECT_EQ((*client.call(call))->find_string("resultType"), "input_required");
}

TEST(Upstream, TakesUpAStreamThatWasCut) {
  const Server server(kHandshakes, [](const Message&) {
    return Script{.steps = {notification("notifications/message", {})},
                  .last = [](const auto&) { return parsed(R"({"late":1})"); },
                  .cut = true};
  });
  Client client(server);
  EXPECT_EQ((*client.call("tools/call"))->dump(), R"({"late":1})");
}

Task<> cancel(std::shared_ptr<CallHandle> handle) {
  handle->cancel();
  co_return;
}

TEST(Upstream, TellsTheServerThatACallWasCancelled) {
  const Server server(kHandshakes, [](const Message&) {
    return Script{.steps = {notification("notifications/message", {})}, .last = {}, .hangs = true};
  });
  Client client(server);
  Call call{.method = "tools/call", .handle = std::make_shared<CallHandle>()};
  call.on_notification = [handle = call.handle](const Message&) { return cancel(handle); };
  const auto outcome = client.call(call);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().reason, kCancelled);
  const auto notices = server.seen("notifications/cancelled");
  ASSERT_EQ(notices.size(), 1U);
  const Message called = read_body(server.seen("tools/call")[0].body)->messages[0];
  EXPECT_EQ(read_body(notices[0].body)->messages[0].params.find("requestId")->dump(), called.id->text());
}

TEST(Upstream, ListsAllPages) {
  const Server server(kHandshakes, [](const Message& request) {
    if (request.method != "tools/list")
      return std::variant<json::Value, RpcError, Script>(method_not_found(request.method));
    const std::string cursor = request.params.find_string("cursor").value_or("0");
    const int page = std::stoi(cursor);
    json::Value out = parsed(R"({"tools":[{"name":"t)" + cursor + R"("}]})");
    if (page < 3) out.set("nextCursor", json::Value::string(std::to_string(page + 1)));
    return std::variant<json::Value, RpcError, Script>(out);
  });
  Client client(server);
  const auto tools = client.run((*client).list(Listing::kTools));
  ASSERT_TRUE(tools);
  ASSERT_EQ(tools->size(), 4U);
  EXPECT_EQ(tools->back().find_string("name"), "t3");
  EXPECT_TRUE(client.run((*client).list(Listing::kPrompts))->empty()) << "it says that it has no such method";
}

TEST(Upstream, ListThatNeverEndsIsRefused) {
  const Server server(kHandshakes, [](const Message&) { return parsed(R"({"tools":[{}],"nextCursor":"again"})"); });
  Client client(server);
  const auto tools = client.run((*client).list(Listing::kTools));
  ASSERT_FALSE(tools);
  EXPECT_EQ(tools.error().code, ErrorCode::kTooLarge);
}

TEST(Upstream, ErrorsOfTheServerAreItsOwn) {
  const Server server(kHandshakes,
                      [](const Message&) { return RpcError{.code = -32602, .message = "no", .data = parsed("[1]")}; });
  Client client(server);
  const auto outcome = client.call("tools/call");
  ASSERT_TRUE(outcome);
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error(), (RpcError{.code = -32602, .message = "no", .data = parsed("[1]")}));
}

TEST(Upstream, RefusalsOverHttpAreTold) {
  struct Case {
    int status;
    ErrorCode code;
  };
  for (const Case& c : std::vector<Case>{{401, ErrorCode::kUnauthenticated},
                                         {403, ErrorCode::kAccessDenied},
                                         {302, ErrorCode::kValidation},
                                         {500, ErrorCode::kUnavailable}}) {
    Server server(kHandshakes, echo());
    server.status_of_all = c.status;
    Client client(server);
    const auto outcome = client.call("tools/call");
    ASSERT_FALSE(outcome) << c.status;
    EXPECT_EQ(outcome.error().code, c.code) << c.status;
    server.status_of_all = 0;
    EXPECT_TRUE(client.call("tools/call")) << "and it recovers";
  }
}

TEST(Upstream, AnswerPastTheBoundIsRefused) {
  const Server server(kHandshakes, [](const Message& request) {
    const auto size = static_cast<std::size_t>(request.params.find("n")->as_int64().value());
    return json::Value::object().set("x", json::Value::string(std::string(size, 'x')));
  });
  Client client(server, {.message_bytes_max = 10'000});
  EXPECT_TRUE(client.call("tools/call", parsed(R"({"n":9000})")));
  const auto refused = client.call("tools/call", parsed(R"({"n":10001})"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace warifu::mcp
