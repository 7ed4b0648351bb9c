#include "services/runtime/runtime_testing.h"

namespace warifu::services::runtime::testing {
namespace {

using ::testing::HasSubstr;

class ControlTest : public RuntimeTest {};

TEST_F(ControlTest, ARuntimeIsReadyAndShowsWhatItWasMadeWith) {
  const Answer made = call("PUT", "/runtimes/", body_of("helper", R"(,"environmentVariables":{"A":"b"})"));
  ASSERT_EQ(made.status, 202) << made.message();
  EXPECT_EQ(made.text("agentRuntimeVersion"), "1");
  const std::string id = made.text("agentRuntimeId");
  EXPECT_TRUE(id.starts_with("helper-")) << id;
  EXPECT_EQ(id.size(), 17U);
  const Answer got = call("GET", "/runtimes/" + id + "/");
  ASSERT_EQ(got.status, 200) << got.message();
  EXPECT_EQ(got.text("status"), "READY");
  EXPECT_EQ(got.text("environmentVariables.A"), "b");
  EXPECT_EQ(got.text("lifecycleConfiguration.idleRuntimeSessionTimeout"), "900");
  EXPECT_EQ(got.text("lifecycleConfiguration.maxLifetime"), "28800");
  EXPECT_THAT(got.text("workloadIdentityDetails.workloadIdentityArn"), HasSubstr("workload-identity/" + id));
  // What was not asked for is not shown: Terraform would take it for a change.
  for (const std::string_view absent : {"description", "protocolConfiguration", "authorizerConfiguration",
                                        "requestHeaderConfiguration", "filesystemConfigurations"}) {
    EXPECT_TRUE(got.at(absent).is_null()) << absent;
  }
}

TEST_F(ControlTest, VersionsStayAndDefaultFollowsTheNewestWhileOthersPin) {
  const std::string id = create("helper", R"(,"description":"first")");
  ASSERT_EQ(call("PUT", "/runtimes/" + id + "/runtime-endpoints/", R"({"name":"prod"})").status, 202);
  const Answer updated = call("PUT", "/runtimes/" + id + "/", body_of(""));
  ASSERT_EQ(updated.status, 202) << updated.message();
  EXPECT_EQ(updated.text("agentRuntimeVersion"), "2");
  EXPECT_EQ(call("GET", "/runtimes/" + id + "/?version=1").text("description"), "first");
  EXPECT_TRUE(call("GET", "/runtimes/" + id + "/").at("description").is_null())
      << "an update replaces, it does not merge";
  EXPECT_EQ(call("GET", "/runtimes/" + id + "/runtime-endpoints/DEFAULT/").text("liveVersion"), "2");
  EXPECT_EQ(call("GET", "/runtimes/" + id + "/runtime-endpoints/prod/").text("liveVersion"), "1");
  const Answer moved = call("PUT", "/runtimes/" + id + "/runtime-endpoints/prod/", R"({"agentRuntimeVersion":"2"})");
  EXPECT_EQ(moved.text("targetVersion"), "2");
  EXPECT_EQ(call("PUT", "/runtimes/" + id + "/runtime-endpoints/prod/", R"({"agentRuntimeVersion":"9"})").status, 404);
  EXPECT_EQ(call("PUT", "/runtimes/" + id + "/runtime-endpoints/DEFAULT/", R"({"agentRuntimeVersion":"1"})").status,
            400);
  EXPECT_EQ(call("POST", "/runtimes/" + id + "/versions/").size("agentRuntimes"), 2U);
  EXPECT_EQ(call("POST", "/runtimes/" + id + "/runtime-endpoints/").size("runtimeEndpoints"), 2U);
}

TEST_F(ControlTest, WhatIsServedIsNotDeleted) {
  const std::string id = create("helper");
  EXPECT_EQ(call("DELETE", "/runtimes/" + id + "/?version=1").status, 409);
  ASSERT_EQ(call("PUT", "/runtimes/" + id + "/", body_of("")).status, 202);
  EXPECT_EQ(call("DELETE", "/runtimes/" + id + "/?version=1").status, 202);
  EXPECT_EQ(call("GET", "/runtimes/" + id + "/?version=1").status, 404);
  ASSERT_EQ(call("PUT", "/runtimes/" + id + "/runtime-endpoints/", R"({"name":"prod"})").status, 202);
  EXPECT_EQ(call("DELETE", "/runtimes/" + id + "/").status, 409);
  EXPECT_EQ(call("DELETE", "/runtimes/" + id + "/runtime-endpoints/DEFAULT/").status, 409);
  EXPECT_EQ(call("DELETE", "/runtimes/" + id + "/runtime-endpoints/prod/").status, 202);
  EXPECT_EQ(call("DELETE", "/runtimes/" + id + "/").text("status"), "DELETING");
  EXPECT_EQ(call("GET", "/runtimes/" + id + "/").status, 404);
  EXPECT_EQ(call("POST", "/runtimes/").size("agentRuntimes"), 0U);
}

TEST_F(ControlTest, TheSameTokenMakesOneRuntime) {
  const std::string token = R"(,"clientToken":"0123456789012345678901234567890123456789")";
  const std::string first = create("helper", token);
  EXPECT_EQ(create("helper", token), first);
  EXPECT_EQ(call("PUT", "/runtimes/", body_of("other", token)).text("reason"), "IdempotentParameterMismatchException");
  EXPECT_EQ(call("PUT", "/runtimes/", body_of("helper")).status, 409);
}

TEST_F(ControlTest, ARoleThatDoesNotTrustTheServiceIsRefusedWithItsSentence) {
  make_role("Foreign", "lambda.amazonaws.com");
  make_role("Elsewhere", "bedrock-agentcore.amazonaws.com", R"({"StringEquals":{"aws:SourceAccount":"222222222222"}})");
  make_role("Here", "bedrock-agentcore.amazonaws.com",
            R"({"StringEquals":{"aws:SourceAccount":"111111111111"},)"
            R"("ArnLike":{"aws:SourceArn":"arn:aws:bedrock-agentcore:us-east-1:111111111111:*"}})");
  for (const std::string_view role : {"Foreign", "Elsewhere", "Nobody"}) {
    const Answer answer = call("PUT", "/runtimes/", body_of("helper", "", role));
    EXPECT_EQ(answer.status, 400) << role;
    EXPECT_THAT(answer.message(), HasSubstr("Role validation failed for 'arn:aws:iam::111111111111:role/")) << role;
  }
  EXPECT_EQ(call("PUT", "/runtimes/", body_of("helper", "", "Here")).status, 202);
}

TEST_F(ControlTest, WhatCannotBeHonouredIsRefusedByName) {
  const struct {
    std::string more, named;
  } kCases[] = {
      {R"(,"allowedPorts":[{"port":8080}])", "allowedPorts"},
      {R"(,"protocolConfiguration":{"serverProtocol":"HTTP","port":8081})", "protocolConfiguration.port"},
      {R"(,"lifecycleConfiguration":{"idleRuntimeSessionTimeout":900,"maxLifetime":600})", "idleRuntimeSessionTimeout"},
      {R"(,"requestHeaderConfiguration":{"requestHeaderAllowlist":["Authorization"]})", "Authorization"},
      {R"(,"requestHeaderConfiguration":{"requestHeaderAllowlist":["Host"]})", "Host"},
      {R"(,"requestHeaderConfiguration":{"requestHeaderAllowlist":["X-Amz-Date"]})", "X-Amz-Date"},
      {R"(,"requestHeaderConfiguration":{"requestHeaderAllowlist":["X-One","x-one"]})", "x-one"},
      {R"(,"filesystemConfigurations":[{"sessionStorage":{"mountPath":"/mnt/.."}}])", "/mnt/.."},
      {R"(,"environmentVariables":{"A=B":"c"})", "`=`"},
      {R"(,"platformVersion":"V9")", "platformVersion"},
  };
  for (const auto& [more, named] : kCases) {
    const Answer answer = call("PUT", "/runtimes/", body_of("helper", more));
    EXPECT_EQ(answer.status, 400) << more;
    EXPECT_THAT(answer.message(), HasSubstr(named)) << more;
  }
  std::string vpc = body_of("helper");
  const std::string mode = R"({"networkMode":"PUBLIC"})";
  vpc.replace(
      vpc.find(mode), mode.size(),
      R"({"networkMode":"VPC","networkModeConfig":{"subnets":["subnet-12345678"],"securityGroups":["sg-12345678"]}})");
  EXPECT_THAT(call("PUT", "/runtimes/", vpc).message(), HasSubstr("networkMode VPC"));
}

}  // namespace
}  // namespace warifu::services::runtime::testing
