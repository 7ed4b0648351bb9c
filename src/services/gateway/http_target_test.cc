#include "services/gateway/http_target.h"

#include "services/gateway/endpoint_testing.h"

namespace warifu::services::gateway::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kRuntime = "arn:aws:bedrock-agentcore:us-east-1:111111111111:runtime/agent-0123456789";

class HttpTargetTest : public EndpointTest {
 protected:
  http::Response add(const std::string& gateway, std::string_view name, std::string_view configuration,
                     std::string_view more = "") {
    return server.send(a, {.method = "POST",
                           .target = "/gateways/" + gateway + "/targets/",
                           .body = fmt::format(R"({{"name":"{}","targetConfiguration":{{"http":{}}}{}}})", name,
                                               configuration, more)});
  }
  std::string passthrough(std::string_view more = "", std::string_view of_gateway = "") {
    const std::string id = create("web", of_gateway);
    const auto made =
        add(id, "shop", R"({"passthrough":{"endpoint":"https://shop.example/api/","protocolType":"CUSTOM"}})", more);
    EXPECT_EQ(made.status, 202) << made.body;
    return id;
  }
  Reply ask(const std::string& gateway, const std::string& path, std::string method = "GET", std::string body = "",
            Extra extra = {}) {
    http::Request out = request(gateway, std::move(body), std::move(extra));
    out.method = std::move(method);
    out.target = "/_gateway/" + gateway + path;
    sign(out, a);
    return serve(std::move(out));
  }
};

constexpr std::string_view kAllowed =
    R"(,"metadataConfiguration":{"allowedRequestHeaders":["X-Tenant"],"allowedQueryParameters":["q"],)"
    R"("allowedResponseHeaders":["X-Took"]})";

TEST_F(HttpTargetTest, PathBodyAndWhatIsAllowedPass) {
  const std::string id = passthrough(kAllowed);
  outbound.documents["https://shop.example/api/orders/7?q=a%20b"] = "an order";
  outbound.answer_headers.add("Content-Type", "text/plain");
  outbound.answer_headers.add("X-Took", "3ms");
  outbound.answer_headers.add("Set-Cookie", "a=b");
  const Reply answered = ask(id, "/shop/orders/7?q=a%20b&secret=1", "POST", "two apples",
                             {{"X-Tenant", "blue"}, {"X-Other", "no"}, {"Cookie", "c=d"}});
  EXPECT_EQ(answered.status, 200) << answered.raw;
  EXPECT_EQ(answered.raw, "an order");
  EXPECT_EQ(answered.headers.get("Content-Type"), "text/plain");
  EXPECT_EQ(answered.headers.get("X-Took"), "3ms");
  EXPECT_EQ(answered.headers.count("Set-Cookie"), 0U);
  EXPECT_EQ(outbound.last.method, "POST");
  EXPECT_EQ(outbound.last.body, "two apples");
  EXPECT_EQ(outbound.last.headers.get("X-Tenant"), "blue");
  for (const char* kept : {"X-Other", "Cookie", "Authorization", "X-Amz-Date"}) {
    EXPECT_EQ(outbound.last.headers.count(kept), 0U) << kept << ": the caller's signature goes nowhere";
  }
}

TEST_F(HttpTargetTest, WhatTheTargetAnswersIsTheAnswerAndSilenceIsAFailure) {
  const std::string id = passthrough();
  outbound.documents["https://shop.example/api/orders"] = "gone";
  outbound.answer_status = 410;
  EXPECT_EQ(ask(id, "/shop/orders").status, 410);
  const Reply silent = ask(id, "/shop/elsewhere");
  EXPECT_EQ(silent.status, 502);
  EXPECT_THAT(silent.raw, HasSubstr(std::string(kGenericFailure)));
  EXPECT_EQ(ask(id, "/unknown/orders").status, 404);
  EXPECT_EQ(ask(id, "/shop/orders", "POST", std::string(6 * 1024 * 1024 + 1, 'x')).status, 413);
}

TEST_F(HttpTargetTest, NobodyComesInWithoutPermission) {
  const std::string id = passthrough();
  http::Request bare = request(id, "");
  bare.target = "/_gateway/" + id + "/shop/orders";
  EXPECT_EQ(serve(bare).status, 403);
  sign(bare, b);
  EXPECT_EQ(serve(bare).status, 403) << "another account";
  EXPECT_TRUE(outbound.fetches.empty());
}

TEST_F(HttpTargetTest, ARuntimeIsAskedThroughItsOwnOperationAsTheGatewaysRole) {
  const std::string id = create("agents", R"(,"exceptionLevel":"DEBUG")");
  const auto made = add(id, "agent", fmt::format(R"({{"agentcoreRuntime":{{"arn":"{}"}}}})", kRuntime),
                        R"(,"credentialProviderConfigurations":[{"credentialProviderType":"GATEWAY_IAM_ROLE"}])");
  ASSERT_EQ(made.status, 202) << made.body;
  EXPECT_EQ(ask(id, "/agent/ping").status, 404);
  EXPECT_EQ(ask(id, "/agent/invocations").status, 404) << "GET";
  const Reply asked = ask(id, "/agent/invocations", "POST", R"({"prompt":"hi"})");
  // The pipeline answers, not the network; what it says hangs on whether this test's server has runtimes.
  EXPECT_TRUE(outbound.fetches.empty() || outbound.last.target.empty()) << asked.raw;
  EXPECT_GE(asked.status, 400);
  EXPECT_NE(asked.status, 502) << asked.raw;
  const auto bad =
      add(id, "other", R"({"agentcoreRuntime":{"arn":"arn:aws:lambda:us-east-1:111111111111:function:x"}})",
          R"(,"credentialProviderConfigurations":[{"credentialProviderType":"GATEWAY_IAM_ROLE"}])");
  EXPECT_EQ(bad.status, 400);
}

class HttpInterceptorsTest : public HttpTargetTest {
 protected:
  std::string intercepted(std::string_view points) {
    return passthrough(kAllowed,
                       fmt::format(R"(,"exceptionLevel":"DEBUG","interceptorConfigurations":[{{"interceptor":)"
                                   R"({{"lambda":{{"arn":"{}"}}}},"interceptionPoints":{},"inputConfiguration":)"
                                   R"({{"passRequestHeaders":true}}}}])",
                                   kFunction, points));
  }
  static std::string says(std::string_view members) {
    return fmt::format(R"({{"interceptorOutputVersion":"1.0","http":{{{}}}}})", members);
  }
};

TEST_F(HttpInterceptorsTest, ARequestIsSeenAndChanged) {
  const std::string id = intercepted(R"(["REQUEST"])");
  outbound.documents["https://shop.example/api/orders"] = "done";
  json::Value seen;
  lambda.answer = [&](const std::string&, const json::Value& event) {
    seen = event;
    return says(fmt::format(R"("transformedGatewayRequest":{{"headers":{{"X-Tenant":"guard"}},"body":"{}"}})",
                            base64_encode("changed")));
  };
  EXPECT_EQ(ask(id, "/shop/orders", "POST", "came", {{"X-Tenant", "client"}}).raw, "done");
  const json::Value* asked = seen.find("http")->find("gatewayRequest");
  EXPECT_EQ(asked->find_string("path"), "/shop/orders");
  EXPECT_EQ(asked->find_string("httpMethod"), "POST");
  EXPECT_EQ(asked->find_string("body"), base64_encode("came"));
  EXPECT_EQ(asked->find("headers")->find_string("X-Tenant"), "client");
  EXPECT_EQ(outbound.last.body, "changed");
  EXPECT_EQ(outbound.last.headers.get("X-Tenant"), "guard");
  EXPECT_EQ(outbound.last.headers.count("Authorization"), 0U) << "the caller's own is no interceptor's";
  const auto context = base64_decode(*lambda.calls.at(0).client_context);
  EXPECT_THAT(context.value_or(""), HasSubstr(R"("GATEWAY_ARN":")" + arn_of(id)));
  lambda.answer = [](const std::string&, const json::Value&) { return says(""); };
  EXPECT_EQ(ask(id, "/shop/orders", "POST", "came").raw, "done");
  EXPECT_EQ(outbound.last.body, "came") << "what is not said stays";
}

TEST_F(HttpInterceptorsTest, AnAnswerOfTheInterceptorEndsTheRequest) {
  const std::string id = intercepted(R"(["REQUEST","RESPONSE"])");
  lambda.answer = [](const std::string&, const json::Value&) {
    return says(fmt::format(R"("transformedGatewayResponse":{{"statusCode":403,"body":"{}"}})", base64_encode("no")));
  };
  const Reply refused = ask(id, "/shop/orders");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.raw, "no");
  EXPECT_EQ(lambda.calls.size(), 1U) << "neither the target nor the RESPONSE interceptor was asked";
  EXPECT_TRUE(outbound.fetches.empty());
}

TEST_F(HttpInterceptorsTest, AnAnswerIsChangedBeforeItsClientSeesIt) {
  const std::string id = intercepted(R"(["RESPONSE"])");
  outbound.documents["https://shop.example/api/orders"] = "secret";
  outbound.answer_headers.add("Content-Type", "text/event-stream");
  json::Value seen;
  lambda.answer = [&](const std::string&, const json::Value& event) {
    seen = event;
    return says(fmt::format(R"("transformedGatewayResponse":{{"statusCode":206,"contentType":"text/plain",)"
                            R"("headers":{{"X-Seen":"yes"}},"body":"{}"}})",
                            base64_encode("******")));
  };
  const Reply answered = ask(id, "/shop/orders");
  EXPECT_EQ(answered.status, 206);
  EXPECT_EQ(answered.raw, "******");
  EXPECT_EQ(answered.headers.get("Content-Type"), "text/plain");
  EXPECT_EQ(answered.headers.get("X-Seen"), "yes");
  const json::Value* answer = seen.find("http")->find("gatewayResponse");
  EXPECT_EQ(answer->find_string("body"), base64_encode("secret"));
  EXPECT_EQ(answer->find_string("contentType"), "text/event-stream");
  EXPECT_TRUE(seen.find("http")->find("gatewayRequest")->is_null());
}

TEST_F(HttpInterceptorsTest, WhatItCannotJudgeDoesNotPass) {
  for (const char* point : {"REQUEST", "RESPONSE"}) {
    const std::string id =
        create(fmt::format("g{}", point[2]),
               fmt::format(R"(,"interceptorConfigurations":[{{"interceptor":{{"lambda":{{"arn":"{}"}}}},)"
                           R"("interceptionPoints":["{}"]}}])",
                           kFunction, point));
    ASSERT_EQ(
        add(id, "shop", R"({"passthrough":{"endpoint":"https://shop.example/api","protocolType":"CUSTOM"}})").status,
        202);
    outbound.documents["https://shop.example/api/orders"] = "secret";
    for (const char* said : {"null", "{}", R"({"mcp":{}})", R"({"http":{}})",
                             R"({"interceptorOutputVersion":"1.0","http":{"transformedGatewayRequest":7,)"
                             R"("transformedGatewayResponse":7}})",
                             R"({"interceptorOutputVersion":"1.0","http":{"transformedGatewayResponse":{"body":{}}}})",
                             R"({"interceptorOutputVersion":"1.0","http":{"transformedGatewayResponse":{"body":"%"}}})",
                             R"({"interceptorOutputVersion":"1.0","http":{"transformedGatewayResponse":{)"
                             R"("statusCode":99}}})"}) {
      lambda.answer = [said](const std::string&, const json::Value&) { return std::string(said); };
      const Reply failed = ask(id, "/shop/orders");
      EXPECT_EQ(failed.status, 500) << point << " " << said;
      EXPECT_THAT(failed.raw, ::testing::Not(HasSubstr("secret")));
    }
    lambda.function_error = "Unhandled";
    EXPECT_EQ(ask(id, "/shop/orders").status, 500);
    lambda.function_error.clear();
  }
}

}  // namespace
}  // namespace warifu::services::gateway::testing
