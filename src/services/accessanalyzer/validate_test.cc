#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing.h"
#include "services/accessanalyzer/operations.h"

namespace warifu::services::accessanalyzer {
namespace {

using api::testing::body_of;
using ::testing::HasSubstr;

class ValidateTest : public ::testing::Test {
 protected:
  http::Response validate(const std::string& document, const std::string& type, const std::string& query = "",
                          const std::string& resource_type = "") {
    json::Value body = json::Value::object();
    body.set("policyDocument", json::Value::string(document)).set("policyType", json::Value::string(type));
    if (!resource_type.empty()) body.set("validatePolicyResourceType", json::Value::string(resource_type));
    return server.send(keys, {.service = "access-analyzer",
                              .target = "/policy/validation" + query,
                              .body = body.dump(),
                              .headers = {{"Content-Type", "application/json"}}});
  }

  api::testing::TestServer server{[](api::Registry& registry) { bind(registry); }};
  api::testing::Keys keys = server.account("111111111111");
};

TEST_F(ValidateTest, FindingsHaveTypeCodeAndPlace) {
  const http::Response response = validate(
      "{\"Version\":\"2012-10-17\",\"Statement\":[\n{\"Effect\":\"Allow\",\"Action\":\"iam:Fly\",\"Resource\":\"*\"}]}",
      "IDENTITY_POLICY");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_THAT(response.body, HasSubstr(R"("findingType":"ERROR")"));
  EXPECT_THAT(response.body, HasSubstr(R"("issueCode":"INVALID_ACTION")"));
  EXPECT_THAT(response.body, HasSubstr(R"("start":{"line":2,"column":27,"offset":65})"));
  EXPECT_THAT(response.body, HasSubstr(R"([{"value":"Statement"},{"index":0},{"value":"Action"},{"index":0}])"));
}

TEST_F(ValidateTest, PrincipalsThatDoNotExistArePointedAt) {
  const auto trust = [](const std::string& principal) {
    return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":")" + principal +
           R"("},"Action":"sts:AssumeRole"}]})";
  };
  const std::string type = "AWS::IAM::AssumeRolePolicyDocument";
  EXPECT_THAT(validate(trust("arn:aws:iam::111111111111:role/nobody"), "RESOURCE_POLICY", "", type).body,
              HasSubstr("PRINCIPAL_NOT_FOUND"));
  EXPECT_THAT(validate(trust("arn:aws:iam::222222222222:root"), "RESOURCE_POLICY", "", type).body,
              HasSubstr("PRINCIPAL_NOT_FOUND"));
  EXPECT_EQ(body_of(validate(trust("arn:aws:iam::111111111111:user/admin"), "RESOURCE_POLICY", "", type))
                .find("findings")
                ->items()
                .size(),
            0U);
}

TEST_F(ValidateTest, FindingsComeInPages) {
  const std::string twice =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:Fly","iam:Swim"],"Resource":"*"}]})";
  const auto first = body_of(validate(twice, "IDENTITY_POLICY", "?maxResults=1"));
  EXPECT_EQ(first.find("findings")->items().size(), 1U);
  const auto token = first.find_string("nextToken");
  ASSERT_TRUE(token);
  const auto second = body_of(validate(twice, "IDENTITY_POLICY", "?maxResults=1&nextToken=" + percent_encode(*token)));
  EXPECT_EQ(second.find("findings")->items().size(), 1U);
  EXPECT_FALSE(second.find_string("nextToken"));
}

}  // namespace
}  // namespace warifu::services::accessanalyzer
