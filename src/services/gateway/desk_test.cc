#include "services/gateway/endpoint_testing.h"
#include "services/gateway/passing.h"

namespace warifu::services::gateway::testing {
namespace {

using ::testing::HasSubstr;

class DeskTest : public EndpointTest {
 protected:
  std::string with_echo(std::string_view more = "") {
    const std::string id = create("tools", more);
    add_target(id, "t", echo_tool());
    return id;
  }
};

TEST_F(DeskTest, AnswersWithoutAHandshakeAsLongAsThereAreNoSessions) {
  const std::string id = with_echo();
  const Reply list = post(a, id, rpc("tools/list"));
  EXPECT_EQ(list.text("result.tools.0.name"), "t___echo");
  EXPECT_EQ(list.text("result.tools.0.inputSchema.required.0"), "message");
  const Reply begun =
      post(a, id, rpc("initialize", R"({"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x"}})"));
  EXPECT_EQ(begun.text("result.protocolVersion"), "2025-06-18");
  EXPECT_EQ(begun.text("result.serverInfo.name"), "agentcore-gateway");
  EXPECT_FALSE(begun.headers.get("Mcp-Session-Id"));
  const Reply noted = post(a, id, R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  EXPECT_EQ(noted.status, 202);
  EXPECT_EQ(noted.raw, "");
}

TEST_F(DeskTest, RefusesWhatIsNoRequest) {
  const std::string id = with_echo();
  EXPECT_EQ(post(a, id, "{").text("error.code"), "-32700");
  EXPECT_EQ(post(a, id, rpc("nothing/here")).text("error.code"), "-32601");
  EXPECT_EQ(post(a, id, rpc("prompts/get")).text("error.code"), "-32601") << "no target has prompts";
  EXPECT_EQ(post(a, id, rpc("prompts/list")).text("result.prompts"), "[]");
  EXPECT_EQ(post(a, id, rpc("tools/call", R"({"name":"t___other"})")).text("error.message"), "Unknown tool: t___other");
  EXPECT_EQ(post(a, id, rpc("tools/call", R"({"name":"echo"})")).text("error.code"), "-32602");
  EXPECT_EQ(post(a, id, rpc("tools/call", R"({"name":"t___echo","arguments":[1]})")).text("error.code"), "-32602");
  EXPECT_EQ(post(a, id, rpc("tools/list", R"({"cursor":"7"})")).text("error.code"), "-32602");
  EXPECT_EQ(post(a, id, rpc("tools/list", R"({"cursor":7})")).text("error.code"), "-32602");
  http::Request get = request(id, "");
  get.method = "GET";
  sign(get, a);
  EXPECT_EQ(serve(get).status, 405);
  http::Request elsewhere = request(id, "{}");
  elsewhere.target = "/_gateway/" + id + "/nothing/invocations";
  sign(elsewhere, a);
  EXPECT_EQ(serve(elsewhere).status, 404);
}

TEST_F(DeskTest, ValidatesArgumentsBeforeAnythingIsCalled) {
  const std::string id = with_echo();
  const std::string call = rpc("tools/call", R"({"name":"t___echo","arguments":{"message":7}})");
  const Reply early = post(a, id, call, {{"MCP-Protocol-Version", "2025-06-18"}});
  EXPECT_EQ(early.text("error.code"), "-32602");
  EXPECT_THAT(early.text("error.message"), HasSubstr("`/message`"));
  const Reply later = post(a, id, call, {{"MCP-Protocol-Version", "2025-11-25"}});
  EXPECT_EQ(later.text("result.isError"), "true") << "where a model can read it";
  EXPECT_THAT(later.text("result.content.0.text"), HasSubstr("`/message`"));
  EXPECT_TRUE(lambda.calls.empty());
}

TEST_F(DeskTest, SpeaksTheStatelessVersion) {
  const std::string id = with_echo();
  const std::string meta = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                           R"("io.modelcontextprotocol/clientCapabilities":{}})";
  const Extra headers{{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/list"}};
  const Reply list = post(a, id, rpc("tools/list", "{" + meta + "}"), headers);
  EXPECT_EQ(list.text("result.resultType"), "complete");
  EXPECT_EQ(list.text("result.cacheScope"), "private");
  EXPECT_EQ(list.text("result.tools.0.name"), "t___echo");
  const Reply called =
      post(a, id, rpc("tools/call", R"({"name":"t___echo","arguments":{"message":"x"},)" + meta + "}"),
           {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/call"}, {"Mcp-Name", "t___echo"}});
  EXPECT_EQ(called.text("result.resultType"), "complete") << called.raw;
  const Reply gone = post(a, id, rpc("nothing", "{" + meta + "}"),
                          {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "nothing"}});
  EXPECT_EQ(gone.status, 404);
  const Reply refused = post(b, id, rpc("tools/list", "{" + meta + "}"), headers);
  EXPECT_EQ(refused.text("error.code"), "-32001") << "-32002 means another thing there";
}

TEST_F(DeskTest, PagesThroughManyTools) {
  const std::string id = create();
  std::string tools;
  for (int i = 0; i < 250; ++i) tools += (i == 0 ? "" : ",") + echo_tool(fmt::format("echo{}", i));
  add_target(id, "t", tools);
  std::size_t seen = 0;
  std::string cursor;
  for (int page = 0; page < 10; ++page) {
    const std::string params = cursor.empty() ? "{}" : fmt::format(R"({{"cursor":"{}"}})", cursor);
    const Reply list = post(a, id, rpc("tools/list", params));
    ASSERT_NE(list.at("result.tools"), nullptr) << list.raw.substr(0, 200);
    seen += list.at("result.tools")->items().size();
    cursor = list.body.find("result")->find_string("nextCursor").value_or("");
    if (cursor.empty()) break;
  }
  EXPECT_EQ(seen, 250u);
  add_target(id, "u", echo_tool());
  EXPECT_EQ(post(a, id, rpc("tools/list", R"({"cursor":"2"})")).at("result.tools")->items().size(), 51u)
      << "a change is seen at the next call";
}

TEST_F(DeskTest, FindsToolsByMeaning) {
  const std::string id = create("tools", R"(,"protocolConfiguration":{"mcp":{"searchType":"SEMANTIC"}})");
  const auto tool = [](std::string_view name, std::string_view description) {
    return fmt::format(R"({{"name":"{}","description":"{}","inputSchema":{{"type":"object"}}}})", name, description);
  };
  add_target(id, "t",
             tool("bookFlight", "Reserve a seat on an airplane") + "," + tool("get_weather", "Forecast for a city") +
                 "," + tool("pay_invoice", "Transfer money for a bill"));
  EXPECT_EQ(post(a, id, rpc("tools/list")).text("result.tools.0.name"), "x_amz_bedrock_agentcore_search");
  const auto ask = [&](std::string_view query) {
    const Reply found =
        post(a, id,
             rpc("tools/call",
                 fmt::format(R"({{"name":"x_amz_bedrock_agentcore_search","arguments":{{"query":"{}"}}}})", query)));
    EXPECT_EQ(found.text("result.content.0.text"), found.text("result.structuredContent"));
    return found.text("result.structuredContent.tools.0.name");
  };
  EXPECT_EQ(ask("will it rain tomorrow, what is the weather"), "t___get_weather");
  EXPECT_EQ(ask("buy a plane ticket"), "t___bookFlight");
  EXPECT_EQ(ask("pay a bill"), "t___pay_invoice");
}

TEST_F(DeskTest, ALambdaGetsTheArgumentsAndTheContext) {
  const std::string id = with_echo();
  lambda.payload = R"({"statusCode":200,"body":"hello"})";
  const Reply called = call_echo(id);
  EXPECT_EQ(called.text("result.isError"), "false") << called.raw;
  EXPECT_EQ(called.text("result.content.0.text"), lambda.payload) << "not unwrapped";
  ASSERT_EQ(lambda.calls.size(), 1u);
  EXPECT_EQ(lambda.calls[0].function_name, kFunction);
  EXPECT_EQ(lambda.calls[0].payload, R"({"message":"hi"})");
  EXPECT_EQ(lambda.callers[0], "arn:aws:sts::111111111111:assumed-role/Gateway/AgentCoreGateway");
  const auto context = json::parse(base64_decode(lambda.calls[0].client_context.value_or("")).value_or(""));
  ASSERT_TRUE(context);
  const json::Value& custom = *context->find("custom");
  EXPECT_EQ(custom.find_string("bedrockAgentCoreToolName"), "t___echo");
  EXPECT_EQ(custom.find_string("bedrockAgentCoreGatewayId"), id);
  EXPECT_EQ(custom.find_string("bedrockAgentCoreMcpMessageId"), "1");
  EXPECT_EQ(custom.find_string("bedrockAgentCoreMessageVersion"), "1.0");
  EXPECT_EQ(custom.find_string("bedrockAgentCoreAwsRequestId"), called.headers.get("x-amzn-RequestId"));
  EXPECT_TRUE(custom.find("bedrockAgentCoreTargetId"));
}

TEST_F(DeskTest, ALambdasResultIsText) {
  EXPECT_EQ(lambda_result("\"plain\"", false), R"({"isError":false,"content":[{"type":"text","text":"plain"}]})");
  EXPECT_EQ(lambda_result("null", false), R"({"isError":false,"content":[{"type":"text","text":"null"}]})");
  EXPECT_EQ(lambda_result("[1]", true), R"({"isError":false,"content":[{"type":"text","text":"[1]"}]})");
  EXPECT_EQ(lambda_result(R"({"a":1})", true),
            R"({"isError":false,"content":[{"type":"text","text":"{\"a\":1}"}],"structuredContent":{"a":1}})");
}

TEST_F(DeskTest, FailuresAreToldUnderDebugAlone) {
  const std::string quiet = with_echo();
  const std::string loud = create("loud", R"(,"exceptionLevel":"DEBUG")");
  add_target(loud, "t", echo_tool());
  lambda.payload = R"({"errorType":"KeyError","errorMessage":"'city'"})";
  lambda.function_error = "Unhandled";
  const Reply generic = call_echo(quiet);
  EXPECT_EQ(generic.status, 200);
  EXPECT_EQ(generic.text("result.isError"), "true");
  EXPECT_EQ(generic.text("result.content.0.text"), "An internal error occurred. Please retry later.");
  EXPECT_THAT(call_echo(loud).text("result.content.0.text"), HasSubstr("KeyError: 'city'"));

  lambda.function_error.clear();
  grant_role("Gateway",
             R"({"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:*:*:function:x"})");
  EXPECT_EQ(call_echo(quiet).text("result.content.0.text"), "An internal error occurred. Please retry later.")
      << "what was allowed a moment ago is not any more";
  const Reply denied = call_echo(loud);
  EXPECT_THAT(denied.text("result.content.0.text"), HasSubstr("Access denied while invoking Lambda function"));
  EXPECT_EQ(denied.text("result._meta.debug.text"), denied.text("result.content.0.text"));
  EXPECT_EQ(lambda.calls.size(), 2u);
  grant_role("Gateway", R"({"Effect":"Allow","Action":"lambda:*","Resource":"*"})");
  EXPECT_EQ(call_echo(loud).text("result.isError"), "false");
}

TEST_F(DeskTest, ASessionIsItsCallersOwnAndEnds) {
  const std::string id =
      with_echo(R"(,"protocolConfiguration":{"mcp":{"sessionConfiguration":{"sessionTimeoutInSeconds":900}}})");
  const std::string hello = rpc("initialize", R"({"protocolVersion":"2025-11-25","capabilities":{}})");
  EXPECT_EQ(post(a, id, rpc("tools/list")).status, 400) << "without a session";
  const Reply begun = post(a, id, hello);
  const std::string session(begun.headers.get("Mcp-Session-Id").value_or(""));
  ASSERT_FALSE(session.empty());
  const Extra with{{"Mcp-Session-Id", session}};
  EXPECT_EQ(post(a, id, rpc("tools/list"), with).status, 200);
  EXPECT_EQ(post(a, id, rpc("tools/list"), {{"Mcp-Session-Id", session + "x"}}).status, 404);
  policy_of_gateway(arn_of(id), R"({"Effect":"Allow","Principal":"*","Action":"bedrock-agentcore:InvokeGateway",)"
                                R"("Resource":")" +
                                    arn_of(id) + "\"}");
  EXPECT_EQ(post(b, id, rpc("tools/list"), with).status, 404) << "another's session is none";
  http::Request end = request(id, "", with);
  end.method = "DELETE";
  sign(end, a);
  const auto known_elsewhere = [&] {
    const ClientSessions other{server.environment().sealer, server.environment().random};
    const auto found = server.db().read([&](store::Reader& reader) {
      return other.find(reader, session, *gateways::parse_place(arn_of(id)), "arn:aws:iam::111111111111:user/admin",
                        server.clock().now());
    });
    return found && found->has_value();
  };
  EXPECT_TRUE(known_elsewhere());
  EXPECT_EQ(serve(end).status, 204);
  EXPECT_EQ(post(a, id, rpc("tools/list"), with).status, 404) << "ended";
  EXPECT_FALSE(known_elsewhere()) << "for every process, before and after a restart";
  const std::string second(post(a, id, hello).headers.get("Mcp-Session-Id").value_or(""));
  server.clock().advance_ms(901'000);
  EXPECT_EQ(post(a, id, rpc("tools/list"), {{"Mcp-Session-Id", second}}).status, 404) << "its time is over";
}

TEST_F(DeskTest, WhatEndsWithoutAWordIsOneEvent) {
  const std::string id =
      with_echo(R"(,"protocolConfiguration":{"mcp":{"streamingConfiguration":{"enableResponseStreaming":true}}})");
  const Reply called = call_echo(id);
  EXPECT_EQ(called.headers.get("Content-Type"), "text/event-stream");
  EXPECT_NE(called.raw.find(R"(data: {"jsonrpc":"2.0","id":1,"result":{"isError":false)"), std::string::npos);
}

TEST_F(DeskTest, ALimitIsTakenFromEachAskerAlone) {
  const std::string id = with_echo();
  const std::string limit =
      R"({"rateLimitId":"per-tool","dimensionKeys":["toolName","$.context.iam.principal"],"entries":[)"
      R"({"dimensions":{"toolName":"t___echo","$.context.iam.principal":"*"},)"
      R"("requests":[{"rate":2,"period":"minute"}]}]})";
  const auto made = server.send(a, {.method = "POST", .target = "/gateways/" + id + "/rate-limits", .body = limit});
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(call_echo(id).status, 200);
  EXPECT_EQ(call_echo(id).status, 200);
  const Reply over = call_echo(id);
  EXPECT_EQ(over.status, 429);
  EXPECT_EQ(over.headers.get("Retry-After"), "30");
  EXPECT_EQ(over.text("error.message"), "Rate exceeded");
  EXPECT_EQ(post(a, id, rpc("tools/list")).status, 200) << "no tool, no limit";
  server.clock().advance_ms(30'000);
  EXPECT_EQ(call_echo(id).status, 200);
  EXPECT_EQ(call_echo(id).status, 429);
}

TEST_F(DeskTest, AllowedHeadersReachTheFunctionAndNoOthers) {
  const std::string id = create();
  add_target(id, "t", echo_tool(), R"(,"metadataConfiguration":{"allowedRequestHeaders":["X-Tenant"]})");
  (void)post(a, id, rpc("tools/call", R"({"name":"t___echo","arguments":{"message":"x"}})"),
             {{"X-Tenant", "blue"}, {"X-Other", "red"}});
  ASSERT_EQ(lambda.calls.size(), 1u);
  const std::string context = base64_decode(*lambda.calls[0].client_context).value_or("");
  EXPECT_THAT(context, HasSubstr(R"("bedrockAgentCorePropagatedHeaders":{"X-Tenant":"blue"})"));
  EXPECT_THAT(context, ::testing::Not(HasSubstr("red")));
  http::Headers headers;
  headers.add("Authorization", "secret");
  headers.add("X-Ok", std::string(kHeaderValueMax + 1, 'x'));
  headers.add("X-Bad", "\x01");
  EXPECT_TRUE(propagated(headers, {"Authorization", "X-Ok", "X-Bad"}).fields().empty());
  EXPECT_EQ(propagated_query("a=1&b=%20&c=3&a%62=4", {"b", "ab"}), "b=%20&a%62=4");
}

TEST_F(DeskTest, ABatchIsOfTheFirstVersionAlone) {
  const std::string id = with_echo();
  const std::string batch = "[" + rpc("ping") + "," + rpc("tools/list", "{}", "2") +
                            R"(,{"jsonrpc":"2.0","method":"notifications/initialized"}])";
  const Reply both = post(a, id, batch, {{"MCP-Protocol-Version", "2025-03-26"}});
  ASSERT_TRUE(both.body.is_array()) << both.raw;
  EXPECT_EQ(both.body.items().size(), 2u);
  EXPECT_EQ(post(a, id, batch, {{"MCP-Protocol-Version", "2025-06-18"}}).status, 400);
}

}  // namespace
}  // namespace warifu::services::gateway::testing
