#include "services/lambda/lambda_testing.h"
#include "services/lambda/limits.h"

namespace warifu::services::lambda::testing {
namespace {

using ::testing::HasSubstr;

TEST_F(LambdaTest, AFunctionIsCreatedShownAndDeleted) {
  const Answer made = create("echo", R"(,"Environment":{"Variables":{"AB":"1"}},"Tags":{"team":"x"})");
  ASSERT_EQ(made.status, 201) << made.response.body;
  EXPECT_EQ(made.text("FunctionArn"), "arn:aws:lambda:us-east-1:111111111111:function:echo");
  EXPECT_EQ(made.text("State"), "Active");
  EXPECT_EQ(made.text("Version"), "$LATEST");
  EXPECT_EQ(made.text("Timeout"), "3");
  EXPECT_EQ(made.text("MemorySize"), "128");
  EXPECT_EQ(made.text("CodeSize"), std::to_string(simple_zip().size()));
  EXPECT_EQ(made.text("LastModified"), "2026-07-04T11:38:50.000+0000");
  for (const char* name :
       {"echo", "111111111111:function:echo", "arn:aws:lambda:us-east-1:111111111111:function:echo"}) {
    const Answer got = call("GET", fmt::format("/2015-03-31/functions/{}", name));
    ASSERT_EQ(got.status, 200) << name << got.response.body;
    EXPECT_EQ(got.body.find("Configuration")->find_string("Handler"), "lambda_function.handler");
    EXPECT_EQ(got.body.find("Tags")->find_string("team"), "x");
  }
  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/echo").status, 204);
  const Answer gone = call("GET", "/2015-03-31/functions/echo");
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(gone.error, "ResourceNotFoundException");
  EXPECT_EQ(gone.text("Message"), "Function not found: arn:aws:lambda:us-east-1:111111111111:function:echo");
  EXPECT_EQ(gone.text("Type"), "User");
}

TEST_F(LambdaTest, ASecondOfTheSameNameIsAConflict) {
  ASSERT_EQ(create().status, 201);
  const Answer second = create();
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(second.error, "ResourceConflictException");
  EXPECT_EQ(second.message(), "Function already exist: echo");
}

TEST_F(LambdaTest, ARoleThatLambdaCannotAssumeIsRefused) {
  make_role("Other", "ec2.amazonaws.com");
  for (const char* role : {"arn:aws:iam::111111111111:role/Other", "arn:aws:iam::111111111111:role/Missing"}) {
    const Answer refused = call("POST", "/2015-03-31/functions", creation("f", "", simple_zip(), role));
    EXPECT_EQ(refused.status, 400) << role;
    EXPECT_EQ(refused.error, "InvalidParameterValueException");
    EXPECT_EQ(refused.message(), "The role defined for the function cannot be assumed by Lambda.");
  }
}

TEST_F(LambdaTest, WhatCannotBeHonouredIsRefusedByName) {
  const struct {
    const char* more;
    const char* says;
  } kCases[] = {
      {R"(,"KMSKeyArn":"arn:aws:kms:us-east-1:111111111111:key/1")", "KMSKeyArn"},
      {R"(,"VpcConfig":{"SubnetIds":["subnet-1"]})", "VpcConfig"},
      {R"(,"DeadLetterConfig":{"TargetArn":"arn:aws:sqs:us-east-1:111111111111:q"})", "DeadLetterConfig"},
      {R"(,"Timeout":901)", "less than or equal to 900"},
      {R"(,"MemorySize":10241)", "less than or equal to 10240"},
      {R"(,"Environment":{"Variables":{"AWS_REGION":"x"}})", "Reserved keys used in this request: AWS_REGION"},
      {R"(,"PackageType":"Image")", "PackageType Image"},
      {R"(,"Layers":["arn:aws:lambda:us-east-1:111111111111:layer:none:1"])", "does not exist"},
  };
  for (const auto& [more, says] : kCases) {
    const Answer refused = create("f", more);
    EXPECT_EQ(refused.status, 400) << more;
    EXPECT_THAT(refused.message(), HasSubstr(says));
  }
  const auto changed = [](std::string_view from, std::string_view to) {
    std::string body = creation("f");
    return body.replace(body.find(from), from.size(), to);
  };
  EXPECT_THAT(call("POST", "/2015-03-31/functions", changed("python3.12", "cobol")).message(),
              HasSubstr("at 'Runtime' failed to satisfy"));
  EXPECT_THAT(call("POST", "/2015-03-31/functions", changed(R"("Handler":"lambda_function.handler",)", "")).message(),
              HasSubstr("Handler is mandatory"));
  const Answer half = call("POST", "/2015-03-31/functions",
                           R"({"FunctionName":"f","Role":"arn:aws:iam::111111111111:role/Runs","Runtime":"python3.12",)"
                           R"("Handler":"a.b","Code":{"S3Bucket":"bucket"}})");
  EXPECT_EQ(half.status, 400);
  EXPECT_THAT(half.message(), HasSubstr("both S3Bucket and S3Key"));
  EXPECT_EQ(call("GET", "/2015-03-31/functions/f").status, 404);
}

TEST_F(LambdaTest, TheTotalOfTheEnvironmentIsBounded) {
  const auto with = [](std::size_t bytes) {
    return fmt::format(R"(,"Environment":{{"Variables":{{"AB":"{}"}}}})", std::string(bytes - 2, 'x'));
  };
  EXPECT_EQ(create("fits", with(kEnvironmentBytesMax)).status, 201);
  const Answer refused = create("not", with(kEnvironmentBytesMax + 1));
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.message(), HasSubstr("4KB limit"));
}

TEST_F(LambdaTest, CodeAndConfigurationAreUpdated) {
  const Answer made = create();
  const Answer code = call("PUT", "/2015-03-31/functions/echo/code",
                           fmt::format(R"({{"ZipFile":"{}"}})", base64_encode(simple_zip("x = 1"))));
  ASSERT_EQ(code.status, 200) << code.response.body;
  EXPECT_NE(code.text("CodeSha256"), made.text("CodeSha256"));
  EXPECT_NE(code.text("RevisionId"), made.text("RevisionId"));
  const Answer changed = call("PUT", "/2015-03-31/functions/echo/configuration", R"({"Timeout":9,"Description":"d"})");
  ASSERT_EQ(changed.status, 200) << changed.response.body;
  EXPECT_EQ(changed.text("Timeout"), "9");
  EXPECT_EQ(changed.text("CodeSha256"), code.text("CodeSha256"));
  const Answer late = call("PUT", "/2015-03-31/functions/echo/configuration",
                           fmt::format(R"({{"Timeout":8,"RevisionId":"{}"}})", made.text("RevisionId")));
  EXPECT_EQ(late.status, 412);
  EXPECT_EQ(late.error, "PreconditionFailedException");
}

TEST_F(LambdaTest, VersionsKeepWhatTheyWerePublishedWith) {
  ASSERT_EQ(create().status, 201);
  const Answer one = call("POST", "/2015-03-31/functions/echo/versions", "{}");
  ASSERT_EQ(one.status, 201) << one.response.body;
  EXPECT_EQ(one.text("Version"), "1");
  EXPECT_EQ(one.text("FunctionArn"), "arn:aws:lambda:us-east-1:111111111111:function:echo:1");
  EXPECT_EQ(call("POST", "/2015-03-31/functions/echo/versions", "{}").text("Version"), "1") << "nothing has changed";
  ASSERT_EQ(call("PUT", "/2015-03-31/functions/echo/configuration", R"({"Timeout":7})").status, 200);
  EXPECT_EQ(call("POST", "/2015-03-31/functions/echo/versions", "{}").text("Version"), "2");
  EXPECT_EQ(call("GET", "/2015-03-31/functions/echo:1/configuration").text("Timeout"), "3");
  EXPECT_EQ(call("GET", "/2015-03-31/functions/echo/configuration?Qualifier=2").text("Timeout"), "7");
  const Answer listed = call("GET", "/2015-03-31/functions/echo/versions?MaxItems=2");
  EXPECT_EQ(listed.body.find("Versions")->items().size(), 2U);
  const Answer rest =
      call("GET", "/2015-03-31/functions/echo/versions?Marker=" + percent_encode(listed.text("NextMarker")));
  ASSERT_EQ(rest.status, 200) << rest.response.body;
  ASSERT_EQ(rest.body.find("Versions")->items().size(), 1U);
  EXPECT_EQ(rest.body.find("Versions")->items()[0].find_string("Version"), "2");
  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/echo:1").status, 204);
  EXPECT_EQ(call("GET", "/2015-03-31/functions/echo:1").status, 404);
  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/echo:$LATEST").status, 400);
  EXPECT_EQ(call("GET", "/2015-03-31/functions/echo:1?Qualifier=2").message(),
            "The derived qualifier from the function name does not match the specified qualifier.");
}

TEST_F(LambdaTest, ListsPageAndShowAllVersionsWhenAsked) {
  for (const char* name : {"a", "b", "c"}) ASSERT_EQ(create(name).status, 201);
  ASSERT_EQ(call("POST", "/2015-03-31/functions/a/versions", "{}").status, 201);
  const Answer first = call("GET", "/2015-03-31/functions?MaxItems=2");
  ASSERT_EQ(first.body.find("Functions")->items().size(), 2U);
  const Answer rest = call("GET", "/2015-03-31/functions?Marker=" + percent_encode(first.text("NextMarker")));
  ASSERT_EQ(rest.body.find("Functions")->items().size(), 1U);
  EXPECT_EQ(rest.body.find("Functions")->items()[0].find_string("FunctionName"), "c");
  EXPECT_EQ(call("GET", "/2015-03-31/functions?FunctionVersion=ALL").body.find("Functions")->items().size(), 4U);
}

TEST_F(LambdaTest, ARuntimeThatIsNotHereShowsInTheState) {
  runner.missing_runtime = "java21";
  ASSERT_EQ(create("echo").status, 201);
  ASSERT_EQ(call("PUT", "/2015-03-31/functions/echo/configuration", R"({"Runtime":"java21"})").status, 200);
  const Answer got = call("GET", "/2015-03-31/functions/echo/configuration");
  EXPECT_EQ(got.text("State"), "Failed");
  EXPECT_EQ(got.text("StateReasonCode"), "InvalidRuntime");
}

TEST_F(LambdaTest, PassingTheRoleAsksItsOwnPermission) {
  // An administrator of another account may do everything there, and nothing with a role of this one.
  const auto b = server.account(kB);
  const Answer refused = call(b, "POST", "/2015-03-31/functions", creation("f"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.message(), HasSubstr("iam:PassRole"));
}

}  // namespace
}  // namespace warifu::services::lambda::testing
