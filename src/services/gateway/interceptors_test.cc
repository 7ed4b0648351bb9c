#include "services/gateway/interceptors.h"

#include "services/gateway/endpoint_testing.h"

namespace warifu::services::gateway::testing {
namespace {

using ::testing::HasSubstr;

class InterceptorsTest : public EndpointTest {
 protected:
  static constexpr std::string_view kGuard = "arn:aws:lambda:us-east-1:111111111111:function:guard";

  std::string intercepted(std::string_view points, std::string_view input = R"({"passRequestHeaders":true})") {
    const std::string id = create(
        "guarded", fmt::format(R"(,"exceptionLevel":"DEBUG","interceptorConfigurations":[{{"interceptor":{{"lambda":)"
                               R"({{"arn":"{}"}}}},"interceptionPoints":{},"inputConfiguration":{}}}])",
                               kGuard, points, input));
    add_target(id, "t", echo_tool(), R"(,"metadataConfiguration":{"allowedRequestHeaders":["X-Tenant"]})");
    return id;
  }
  /// The guard says `said`; every other function what it always does.
  void guard_says(std::function<std::string(const json::Value&)> said) {
    lambda.answer = [this, said = std::move(said)](const std::string& function, const json::Value& event) {
      return function == kGuard ? said(event) : lambda.payload;
    };
  }
  static std::string output(std::string_view members) {
    return fmt::format(R"({{"interceptorOutputVersion":"1.0","mcp":{{{}}}}})", members);
  }
};

TEST_F(InterceptorsTest, ARequestIsSeenAndChangedBeforeItsTargetIs) {
  const std::string id = intercepted(R"(["REQUEST"])");
  json::Value seen;
  guard_says([&](const json::Value& event) {
    seen = event;
    return output(R"("transformedGatewayRequest":{"headers":{"X-Tenant":"from-guard"},"body":{"jsonrpc":"2.0","id":9,)"
                  R"("method":"tools/call","params":{"name":"t___echo","arguments":{"message":"changed"}}}})");
  });
  const Reply called = post(a, id, rpc("tools/call", R"({"name":"t___echo","arguments":{"message":"came"}})"),
                            {{"X-Tenant", "from-client"}});
  EXPECT_EQ(called.text("id"), "9") << called.raw;
  EXPECT_EQ(seen.find_string("interceptorInputVersion"), "1.0");
  const json::Value* asked = seen.find("mcp")->find("gatewayRequest");
  EXPECT_EQ(asked->find_string("path"), "/mcp");
  EXPECT_EQ(asked->find("headers")->find_string("X-Tenant"), "from-client");
  EXPECT_EQ(asked->find("body")->find_string("method"), "tools/call");
  ASSERT_EQ(lambda.calls.size(), 2u);
  EXPECT_EQ(lambda.calls[1].payload, R"({"message":"changed"})");
  EXPECT_THAT(base64_decode(*lambda.calls[1].client_context).value_or(""), HasSubstr("from-guard"));
}

TEST_F(InterceptorsTest, HeadersAreNotPassedUnlessTheyAreAskedFor) {
  const std::string id = intercepted(R"(["REQUEST"])", R"({"passRequestHeaders":false})");
  bool headers = true;
  guard_says([&](const json::Value& event) {
    headers = event.find("mcp")->find("gatewayRequest")->find("headers") != nullptr;
    return output(R"("transformedGatewayRequest":{})");
  });
  EXPECT_EQ(call_echo(id).text("result.isError"), "false");
  EXPECT_FALSE(headers);
}

TEST_F(InterceptorsTest, AnAnswerOfTheInterceptorEndsTheRequest) {
  const std::string id = intercepted(R"(["REQUEST"])");
  guard_says([](const json::Value&) {
    return output(R"("transformedGatewayResponse":{"statusCode":403,"headers":{"X-Why":"no"},"body":{"jsonrpc":"2.0",)"
                  R"("id":1,"error":{"code":-32000,"message":"not you"}}})");
  });
  const Reply refused = call_echo(id);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.text("error.message"), "not you");
  EXPECT_EQ(refused.headers.get("X-Why"), "no");
  EXPECT_EQ(lambda.calls.size(), 1u) << "the target was not called";
}

TEST_F(InterceptorsTest, AnAnswerIsChangedBeforeItsClientSeesIt) {
  const std::string id = intercepted(R"(["RESPONSE"])");
  guard_says([](const json::Value& event) {
    const json::Value* answered = event.find("mcp")->find("gatewayResponse");
    EXPECT_EQ(answered->find("statusCode")->as_int64(), 200);
    EXPECT_NE(answered->find("body")->find("result"), nullptr);
    return output(R"("transformedGatewayResponse":{"statusCode":200,"body":{"jsonrpc":"2.0","id":1,"result":{}}})");
  });
  EXPECT_EQ(call_echo(id).text("result"), "{}");
}

TEST_F(InterceptorsTest, WhatItCannotJudgeDoesNotPass) {
  const std::string id = intercepted(R"(["REQUEST"])");
  for (const char* said :
       {"null", "7", "{}", R"({"mcp":{}})", R"({"interceptorOutputVersion":"1.0","mcp":{}})",
        R"({"interceptorOutputVersion":"2.0","mcp":{"transformedGatewayRequest":{}}})",
        R"({"interceptorOutputVersion":"1.0","mcp":{"transformedGatewayResponse":{"statusCode":99}}})",
        R"({"interceptorOutputVersion":"1.0","mcp":{"transformedGatewayResponse":[]}})"}) {
    guard_says([said](const json::Value&) { return std::string(said); });
    const Reply failed = call_echo(id);
    EXPECT_EQ(failed.status, 500) << said;
    EXPECT_THAT(failed.text("error.message"), HasSubstr("Interceptor failed")) << said;
  }
  grant_role("Gateway", R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"*"})");
  EXPECT_EQ(call_echo(id).status, 500) << "the role may not call it";
}

class OpenApiTargetTest : public EndpointTest {
 protected:
  static constexpr std::string_view kDocument =
      R"({"openapi":"3.0.3","info":{"title":"Pets","version":"1"},"servers":[{"url":"https://pets.example/v1"}],)"
      R"("paths":{"/pets/{petId}":{"get":{"operationId":"getPet","description":"Finds a pet","parameters":[)"
      R"({"name":"petId","in":"path","required":true,"schema":{"type":"string"}}],"responses":{"200":)"
      R"({"description":"ok"}}}}}})";

  std::shared_ptr<const Target> target(bool debug = true) const {
    Target out{.id = "T",
               .name = "pets",
               .gateway_id = "g",
               .gateway_arn = {},
               .gateway_role_arn = {},
               .region = "us-east-1",
               .account = *AccountId::parse(kA),
               .debug = debug};
    out.place = OpenApiPlace{.document = std::string(kDocument)};
    out.version = "1";
    return std::make_shared<const Target>(std::move(out));
  }
  Answer invoke(std::string_view arguments, std::string name = "getPet", bool debug = true) {
    Invocation invocation{.target = target(debug)};
    invocation.method = "tools/call";
    invocation.name = std::move(name);
    invocation.params = json::parse(fmt::format(R"({{"arguments":{}}})", arguments)).value();
    return server.await(shared.kinds.open_api->invoke(std::move(invocation)));
  }
};

TEST_F(OpenApiTargetTest, AnOperationIsATool) {
  const auto found = server.await(shared.kinds.open_api->discover(target()));
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->tools.size(), 1u);
  EXPECT_EQ(found->tools[0].find_string("name"), "getPet");
  EXPECT_EQ(found->tools[0].find("inputSchema")->find("required")->dump(), R"(["petId"])");
}

TEST_F(OpenApiTargetTest, ACallIsOneRequestAndItsBodyTheText) {
  outbound.documents["https://pets.example/v1/pets/a%2Fb"] = R"({"name":"Rex"})";
  EXPECT_EQ(invoke(R"({"petId":"a/b"})"),
            R"({"isError":false,"content":[{"type":"text","text":"{\"name\":\"Rex\"}"}]})");
  EXPECT_EQ(outbound.last.method, "GET");
  const Answer climbing = invoke(R"({"petId":".."})");
  EXPECT_FALSE(climbing);
  EXPECT_FALSE(invoke(R"({"petId":"x"})", "deletePet"));
  EXPECT_THAT(invoke(R"({"petId":"nobody"})").value_or(""), HasSubstr("nothing is at"));
  EXPECT_THAT(invoke(R"({"petId":"nobody"})", "getPet", false).value_or(""), HasSubstr(std::string(kGenericFailure)));
}

}  // namespace
}  // namespace warifu::services::gateway::testing
