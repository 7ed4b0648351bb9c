#include "lint/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warifu::lint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kRuntime = "arn:aws:bedrock-agentcore:eu-west-1:111111111111:runtime/agent-abcdefghij";
const std::string kEndpoint = kRuntime + "/runtime-endpoint/DEFAULT";

std::string document(const std::string& statement) {
  return R"({"Version":"2012-10-17","Statement":[)" + statement + "]}";
}

std::vector<std::string> codes(const std::string& text, const Options& options = {}) {
  std::vector<std::string> out;
  for (const Finding& finding : lint(text, options)) out.push_back(finding.code);
  return out;
}

std::string resource_policy(const std::string& principal, const std::string& resource, const std::string& more = "") {
  return document(R"({"Sid":"AllowCallerRole","Effect":"Allow","Principal":{"AWS":")" + principal +
                  R"("},"Action":"bedrock-agentcore:InvokeAgentRuntime","Resource":")" + resource + R"(")" + more +
                  "}");
}

TEST(Lint, WarnsOfTheArticlesFourGotchas) {
  const std::string root = "arn:aws:iam::222222222222:root";
  EXPECT_THAT(codes(resource_policy(root, kRuntime)), ElementsAre("SECOND_POLICY_NEEDED"))
      << "1: two policies, not one";
  EXPECT_THAT(codes(resource_policy(root, "*")), ElementsAre("WILDCARD_RESOURCE")) << "2: Resource must be exact";
  EXPECT_THAT(
      codes(resource_policy(root, kEndpoint, R"(,"Condition":{"StringEquals":{"aws:SourceAccount":"222222222222"}})")),
      ElementsAre("SOURCE_KEY_WITH_IAM_PRINCIPAL", "SECOND_POLICY_NEEDED"))
      << "3: the key that is not there";
  EXPECT_THAT(
      codes(document(R"({"Effect":"Allow","Action":"bedrock-agentcore:InvokeAgentRuntime","Resource":[")" + kRuntime +
                     R"(","arn:aws:bedrock-agentcore:*:222222222222:runtime/*/runtime-endpoint/*"]})")),
      ElementsAre("ENDPOINT_UNDER_OTHER_ACCOUNT", "ENDPOINT_RESOURCE_MISSING"))
      << "4: the endpoint under the caller's account";
}

TEST(Lint, LeavesGoodPoliciesAlone) {
  const std::vector<std::string> good = {
      document(R"({"Effect":"Allow","Action":"bedrock-agentcore:InvokeAgentRuntime","Resource":[")" + kRuntime +
               R"(",")" + kRuntime + R"(/runtime-endpoint/*"]})"),
      document(R"({"Effect":"Allow","Action":"bedrock-agentcore:*","Resource":"*"})"),
      document(R"({"Effect":"Allow","Action":"bedrock-agentcore:Invoke*",)"
               R"("Resource":"arn:aws:bedrock-agentcore:*:*:runtime/*"})"),
      document(
          R"({"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sns:Publish","Resource":"*",)"
          R"("Condition":{"StringEquals":{"aws:SourceAccount":"111111111111"}}})"),
      document(R"({"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*",)"
               R"("Condition":{"StringNotEquals":{"aws:SourceAccount":"111111111111"}}})"),
      document(R"({"Effect":"Allow","Action":"sts:TagSession","Resource":"*","Condition":{)"
               R"("ForAllValues:StringEquals":{"aws:TagKeys":["a"]},"Null":{"aws:TagKeys":"false"}}})"),
      document(R"({"Effect":"Allow","Action":"bedrock-agentcore:RetrieveMemoryRecords","Resource":"*",)"
               R"("Condition":{"StringLike":{"bedrock-agentcore:namespacePath":"/actor/ann/*"}}})"),
  };
  for (const std::string& text : good) EXPECT_THAT(codes(text), IsEmpty()) << text;
}

TEST(Lint, EachCheckHasItsCode) {
  struct Case {
    std::string text;
    std::vector<std::string> codes;
  };
  const std::vector<Case> cases = {
      {document(R"({"Effect":"Allow","Action":"bedrock-agentcore:InvokeAgent","Resource":"*"})"), {"INVALID_ACTION"}},
      {document(R"({"Effect":"Allow","Action":["iam:get*","IAM:PassRole"],"Resource":"*"})"),
       {"PASS_ROLE_WITH_STAR_IN_RESOURCE"}},
      {document(R"({"Effect":"Allow","NotPrincipal":{"AWS":"111111111111"},"Action":"s3:*","Resource":"*"})"),
       {"ALLOW_WITH_NOT_PRINCIPAL"}},
      {document(R"({"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"})"), {"ROLE_TRUSTS_EVERYONE"}},
      {document(R"({"Effect":"Allow","Action":"sts:TagSession","Resource":"*","Condition":{)"
                R"("ForAllValues:StringEquals":{"aws:TagKeys":["a"]}}})"),
       {"FORALLVALUES_WITHOUT_NULL"}},
      {document(R"({"Effect":"Allow","Action":"sts:TagSession","Resource":"*","Condition":{)"
                R"("StringEquals":{"aws:TagKeys":["a"]}}})"),
       {"SET_OPERATOR_NEEDED"}},
      {document(R"({"Effect":"Allow","Action":"bedrock-agentcore:RetrieveMemoryRecords","Resource":"*",)"
                R"("Condition":{"StringLike":{"bedrock-agentcore:namespace":"/actor/a*"}}})"),
       {"PATTERN_NOT_ENDED"}},
      {R"({"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}})", {"MISSING_VERSION"}},
      {"{", {"JSON_SYNTAX_ERROR"}},
      {document(R"({"Effect":"Allow","Action":"s3:*","Resource":"*","Efect":"Deny"})"), {"MALFORMED_POLICY"}},
      {"", {"JSON_SYNTAX_ERROR"}},
  };
  for (const Case& c : cases) EXPECT_EQ(codes(c.text), c.codes) << c.text;
}

TEST(Lint, FindingsSayWhereTheyStand) {
  const std::string text =
      "{\"Version\": \"2012-10-17\",\n \"Statement\": [{\"Effect\": \"Allow\",\n  \"Action\": "
      "[\"s3:*\", \"iam:Fly\"], \"Resource\": \"*\"}]}";
  const auto findings = lint(text, {});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(path_text(findings[0].path), "Statement[0].Action[1]");
  ASSERT_TRUE(findings[0].span);
  EXPECT_EQ(findings[0].span->start.line, 3U);
  EXPECT_EQ(text.substr(findings[0].span->start.offset, 9), "\"iam:Fly\"");
  const auto broken = lint(document(R"({"Effect":"Allow","Action":"s3:*","Resource":"arn:x"})"), {});
  ASSERT_EQ(broken.size(), 1U);
  EXPECT_EQ(path_text(broken[0].path), "Statement[0].Resource");
  EXPECT_TRUE(broken[0].span);
}

TEST(Lint, WithTheResourceItKnowsMore) {
  const std::string root = "arn:aws:iam::222222222222:root";
  const auto mismatch = lint(resource_policy(root, kRuntime), {.attached_to = kEndpoint});
  ASSERT_EQ(mismatch.size(), 2U);
  EXPECT_EQ(mismatch[0].code, "RESOURCE_MISMATCH") << "errors come first";
  EXPECT_THAT(mismatch[1].details, HasSubstr("attach the same to `" + kRuntime + "`"));
  EXPECT_THAT(codes(resource_policy("arn:aws:iam::222222222222:role/r", kRuntime),
                    {.attached_to = kRuntime, .principal_exists = [](std::string_view) { return false; }}),
              ElementsAre("PRINCIPAL_NOT_FOUND", "SECOND_POLICY_NEEDED"));
}

}  // namespace
}  // namespace warifu::lint
