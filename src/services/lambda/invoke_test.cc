#include <atomic>

#include "services/lambda/lambda_testing.h"
#include "services/lambda/limits.h"

namespace warifu::services::lambda::testing {
namespace {

using ::testing::HasSubstr;

TEST_F(LambdaTest, AnInvocationAnswersThePayloadAndItsVersion) {
  ASSERT_EQ(create().status, 201);
  const Answer answer = invoke("echo", R"({"a":1})", {{"X-Amz-Log-Type", "Tail"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.response.body, R"({"a":1})");
  EXPECT_EQ(answer.header("X-Amz-Executed-Version"), "$LATEST");
  EXPECT_EQ(base64_decode(answer.header("X-Amz-Log-Result")), "START\nEND\n");
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "");
}

TEST_F(LambdaTest, AFunctionGetsItsConfigurationAndTheContextOfTheClient) {
  ASSERT_EQ(create("echo", R"(,"Environment":{"Variables":{"AB":"1"}},"Timeout":5)").status, 201);
  runner.run = [](const FunctionVersion& function, const Invocation& invocation) -> Result<InvokeResult> {
    EXPECT_EQ(function.environment.at("AB"), "1");
    EXPECT_EQ(function.timeout_s, 5);
    EXPECT_EQ(function.log_group, "/aws/lambda/echo");
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(function.code_folder) / "lambda_function.py"));
    EXPECT_EQ(invocation.payload, "{}");
    EXPECT_EQ(invocation.client_context, R"({"custom":{"k":"v"}})");
    return InvokeResult{
        .payload = R"({"errorMessage":"x"})", .function_error = "Unhandled", .executed_version = "$LATEST"};
  };
  const Answer answer = invoke("echo", "", {{"X-Amz-Client-Context", base64_encode(R"({"custom":{"k":"v"}})")}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
}

TEST_F(LambdaTest, WhatAFunctionCannotGetIsRefused) {
  ASSERT_EQ(create().status, 201);
  const Answer no_json = invoke("echo", "{");
  EXPECT_EQ(no_json.status, 400);
  EXPECT_EQ(no_json.error, "InvalidRequestContentException");
  EXPECT_EQ(invoke("echo", "{}", {{"X-Amz-Client-Context", "%%"}}).error, "InvalidRequestContentException");
  EXPECT_EQ(invoke("echo", "{}", {{"X-Amz-Client-Context", base64_encode("[]")}}).status, 400);
  EXPECT_EQ(invoke("nothing").status, 404);
  EXPECT_EQ(invoke("echo:7").status, 404);
  EXPECT_EQ(invoke("echo:live").message(),
            "Function not found: arn:aws:lambda:us-east-1:111111111111:function:echo:live");
  EXPECT_EQ(invoke("echo", "\"" + std::string(kPayloadBytesMax - 2, 'x') + "\"").status, 200);
  const Answer large = invoke("echo", "\"" + std::string(kPayloadBytesMax - 1, 'x') + "\"");
  EXPECT_EQ(large.status, 413);
  EXPECT_EQ(large.error, "RequestTooLargeException");
  EXPECT_EQ(large.message(), "Request must be smaller than 6291456 bytes for the InvokeFunction operation");
}

TEST_F(LambdaTest, ADryRunRunsNothing) {
  ASSERT_EQ(create().status, 201);
  runner.run = [](const FunctionVersion&, const Invocation&) -> Result<InvokeResult> {
    ADD_FAILURE() << "it ran";
    return InvokeResult{};
  };
  EXPECT_EQ(invoke("echo", "{}", {{"X-Amz-Invocation-Type", "DryRun"}}).status, 204);
  EXPECT_EQ(invoke("nothing", "{}", {{"X-Amz-Invocation-Type", "DryRun"}}).status, 404);
}

TEST_F(LambdaTest, AnEventRunsAfterItWasAcceptedAndThreeTimesAtMost) {
  ASSERT_EQ(create().status, 201);
  std::atomic<int> runs = 0;
  runner.run = [&](const FunctionVersion&, const Invocation& invocation) -> Result<InvokeResult> {
    EXPECT_EQ(invocation.payload, R"({"n":1})");
    ++runs;
    return InvokeResult{.payload = "{}", .function_error = "Unhandled"};
  };
  const Answer accepted = invoke("echo", R"({"n":1})", {{"X-Amz-Invocation-Type", "Event"}});
  EXPECT_EQ(accepted.status, 202);
  EXPECT_EQ(accepted.response.body, "");
  ASSERT_TRUE(service->events().wait_idle(std::chrono::seconds(20)));
  EXPECT_EQ(runs, 3);
  const Answer large =
      invoke("echo", "\"" + std::string(kEventPayloadBytesMax - 1, 'x') + "\"", {{"X-Amz-Invocation-Type", "Event"}});
  EXPECT_EQ(large.status, 413);
  EXPECT_THAT(large.message(), HasSubstr("1048577 byte payload is too large for the Event invocation type"));
}

TEST_F(LambdaTest, EventsThatWaitAreFoundAgainAfterARestart) {
  ASSERT_EQ(create().status, 201);
  std::atomic<int> runs = 0;
  runner.run = [&](const FunctionVersion&, const Invocation&) -> Result<InvokeResult> {
    ++runs;
    return fail(unavailable("not now"));
  };
  ASSERT_EQ(invoke("echo", "{}", {{"X-Amz-Invocation-Type", "Event"}}).status, 202);
  while (runs == 0) std::this_thread::yield();
  service->events().stop();
  runner.run = [&](const FunctionVersion&, const Invocation&) -> Result<InvokeResult> {
    runs = -1;
    return InvokeResult{};
  };
  auto again = Service::open({.folder = folder / "again"}, server.environment());
  ASSERT_TRUE(again.has_value());
  (*again)->run_with(runner);
  (*again)->resume({});
  ASSERT_TRUE((*again)->events().wait_idle(std::chrono::seconds(20)));
  EXPECT_EQ(runs, -1);
  (*again)->resume({});
  EXPECT_EQ((*again)->events().size(), 0U) << "what has run is not there any more";
}

TEST_F(LambdaTest, AliasesLeadToTheirVersionsByWeight) {
  ASSERT_EQ(create().status, 201);
  ASSERT_EQ(call("POST", "/2015-03-31/functions/echo/versions", "{}").status, 201);
  ASSERT_EQ(call("PUT", "/2015-03-31/functions/echo/configuration", R"({"Timeout":7})").status, 200);
  ASSERT_EQ(call("POST", "/2015-03-31/functions/echo/versions", "{}").status, 201);
  const std::string aliases = "/2015-03-31/functions/echo/aliases";
  ASSERT_EQ(call("POST", aliases, R"({"Name":"live","FunctionVersion":"1"})").status, 201);
  EXPECT_EQ(call("POST", aliases, R"({"Name":"live","FunctionVersion":"1"})").status, 409);
  EXPECT_EQ(call("POST", aliases, R"({"Name":"no","FunctionVersion":"9"})").status, 404);
  EXPECT_EQ(invoke("echo:live").header("X-Amz-Executed-Version"), "1");
  ASSERT_EQ(call("PUT", aliases + "/live", R"({"RoutingConfig":{"AdditionalVersionWeights":{"2":0.5}}})").status, 200);
  std::map<std::string, int> seen;
  for (int i = 0; i < 64; ++i) ++seen[invoke("echo:live").header("X-Amz-Executed-Version")];
  EXPECT_GT(seen["1"], 10);
  EXPECT_GT(seen["2"], 10);
  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/echo:2").error, "ResourceConflictException");
  EXPECT_EQ(call("DELETE", aliases + "/live").status, 204);
  EXPECT_EQ(call("GET", aliases + "/live").status, 404);
  EXPECT_EQ(invoke("echo:live").status, 404);
}

TEST_F(LambdaTest, ReservedConcurrencyOfNothingStopsAFunction) {
  ASSERT_EQ(create().status, 201);
  const std::string path = "/2017-10-31/functions/echo/concurrency";
  EXPECT_EQ(call("PUT", path, R"({"ReservedConcurrentExecutions":901})").status, 400);
  ASSERT_EQ(call("PUT", path, R"({"ReservedConcurrentExecutions":0})").status, 200);
  const Answer refused = invoke("echo");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.error, "TooManyRequestsException");
  EXPECT_EQ(refused.text("Reason"), "ReservedFunctionConcurrentInvocationLimitExceeded");
  EXPECT_EQ(call("GET", "/2019-09-30/functions/echo/concurrency").text("ReservedConcurrentExecutions"), "0");
  EXPECT_EQ(call("DELETE", path).status, 204);
  EXPECT_EQ(invoke("echo").status, 200);
}

TEST_F(LambdaTest, WhatTheExecutorCannotIsLambdasOwnError) {
  ASSERT_EQ(create().status, 201);
  const struct {
    ErrorCode code;
    int status;
    const char* error;
  } kCases[] = {{ErrorCode::kThrottled, 429, "TooManyRequestsException"},
                {ErrorCode::kUnsupported, 502, "InvalidRuntimeException"},
                {ErrorCode::kUnavailable, 500, "ServiceException"}};
  for (const auto& [code, status, error] : kCases) {
    runner.run = [code](const FunctionVersion&, const Invocation&) -> Result<InvokeResult> {
      return fail({.code = code, .message = "so it is"});
    };
    const Answer answer = invoke("echo");
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.error, error);
  }
}

}  // namespace
}  // namespace warifu::services::lambda::testing
