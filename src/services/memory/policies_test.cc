#include "json/writer.h"
#include "services/memory/handler_testing.h"
#include "services/memory/limits.h"
#include "services/memory/policy_rules.h"

namespace warifu::services::memory::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kArnHere = "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/Demo-0123456789";

std::string statement(std::string_view members) {
  return fmt::format(R"({{"Version":"2012-10-17","Statement":[{{{}}}]}})", members);
}

std::string with(std::string_view principal, std::string_view actions, std::string_view resource) {
  return statement(
      fmt::format(R"("Effect":"Allow","Principal":{},"Action":{},"Resource":{})", principal, actions, resource));
}

const std::string kHere = fmt::format("\"{}\"", kArnHere);
constexpr std::string_view kAnyone = R"("*")";
constexpr std::string_view kList = R"("bedrock-agentcore:ListEvents")";

Result<> checked(std::string_view document) {
  const Result<policy::Policy> checked = policy_rules::check(document, kArnHere, policy_rules::memory_actions());
  if (!checked) return fail(checked.error());
  return {};
}

TEST(PolicyRules, TakeTheFormsOfTheGuide) {
  for (const std::string& document : {
           with(kAnyone, kList, kHere),
           with(R"({"AWS":"*"})", kList, kHere),
           with(R"({"AWS":"arn:aws:iam::222222222222:root"})", kList, kHere),
           with(R"({"AWS":["arn:aws:iam::222222222222:root","arn:aws:iam::222222222222:role/R"]})", kList, kHere),
           with(R"({"Service":"lambda.amazonaws.com"})", kList, kHere),
           with(kAnyone, R"("bedrock-agentcore:*")", kHere),
           with(kAnyone, R"("*")", kHere),
           with(kAnyone, R"(["bedrock-agentcore:List*","BEDROCK-AGENTCORE:createevent"])", kHere),
           with(kAnyone, kList, "[" + kHere + "]"),
           statement(fmt::format(
               R"("Effect":"Deny","Principal":"*","Action":{},"Resource":{},"Condition":{{"StringNotEquals":{{)"
               R"("aws:SourceVpc":"vpc-1"}}}})",
               kList, kHere)),
       }) {
    const Result<> result = checked(document);
    EXPECT_TRUE(result.has_value()) << document << (result ? "" : result.error().message);
  }
}

TEST(PolicyRules, RefuseAndSayWhy) {
  struct Case {
    std::string document;
    std::string_view says;
  };
  const std::vector<Case> cases{
      {"", ""},
      {"{", ""},
      {"[]", ""},
      {with(kAnyone, kList, R"("*")"), "Resource must be the ARN"},
      {with(kAnyone, kList, R"("arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/*")"),
       "Resource must be the ARN"},
      {with(kAnyone, kList, R"("arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/Demo-012345678")"),
       "Resource must be"},
      {with(kAnyone, kList, "[" + kHere + R"(,"*"])"), "Resource must be the ARN"},
      {with(kAnyone, R"("bedrock-agentcore:InvokeGateway")", kHere), "bedrock-agentcore:InvokeGateway"},
      {with(kAnyone, R"("bedrock-agentcore:CreateMemory")", kHere), "not supported for this resource type"},
      {with(kAnyone, R"("s3:*")", kHere), "s3:*"},
      {with(kAnyone, R"(["bedrock-agentcore:ListEvents","kms:Decrypt"])", kHere), "kms:Decrypt"},
      {with(R"({"Federated":"arn:aws:iam::111111111111:saml-provider/P"})", kList, kHere), "principal"},
      {statement(fmt::format(R"("Effect":"Allow","Action":{},"Resource":{})", kList, kHere)), ""},
      {statement(fmt::format(R"("Effect":"Allow","Principal":"*","Resource":{})", kHere)), ""},
      {statement(fmt::format(R"("Effect":"Allow","Principal":"*","Action":{})", kList)), ""},
      {statement(fmt::format(R"("Principal":"*","Action":{},"Resource":{})", kList, kHere)), ""},
      {statement(fmt::format(R"("Effect":"Allow","Principal":"*","Action":{},"NotResource":{})", kList, kHere)),
       "NotResource"},
      {fmt::format(R"({{"Statement":[{{"Effect":"Allow","Principal":"*","Action":{},"Resource":{}}}]}})", kList, kHere),
       "Version"},
      {"\xff", "UTF-8"},
  };
  for (const Case& c : cases) {
    const Result<> result = checked(c.document);
    ASSERT_FALSE(result.has_value()) << c.document;
    EXPECT_EQ(result.error().code, ErrorCode::kValidation) << c.document;
    EXPECT_THAT(result.error().message, HasSubstr(c.says)) << c.document;
  }
}

TEST(PolicyRules, BoundStatementsAndCharacters) {
  const auto many = [](std::size_t count) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i) {
      list +=
          fmt::format(R"({}{{"Effect":"Allow","Principal":"*","Action":"*","Resource":{}}})", i > 0 ? "," : "", kHere);
    }
    return fmt::format(R"({{"Version":"2012-10-17","Statement":[{}]}})", list);
  };
  EXPECT_TRUE(checked(many(kPolicyStatementsMax)).has_value());
  EXPECT_THAT(checked(many(kPolicyStatementsMax + 1)).error().message, HasSubstr("101 statements"));

  const std::string document = with(kAnyone, kList, kHere);
  const auto padded = [&](std::size_t characters) { return document + std::string(characters - document.size(), ' '); };
  EXPECT_TRUE(checked(padded(kPolicyCharactersMax)).has_value());
  EXPECT_THAT(checked(padded(kPolicyCharactersMax + 1)).error().message, HasSubstr("20481 characters"));
}

TEST(Globs, MatchWholeTextsWithoutRegardToCase) {
  struct Case {
    std::string_view pattern, text;
    bool matches;
  };
  for (const Case& c : {Case{"", "", true}, Case{"*", "", true}, Case{"a*c", "ABC", true}, Case{"a*c", "abcd", false},
                        Case{"a?c", "abc", true}, Case{"a?c", "ac", false}, Case{"**b*", "aabaa", true},
                        Case{"*ab", "aaab", true}, Case{"*ab", "aaba", false}, Case{"abc", "ab", false}}) {
    EXPECT_EQ(policy_rules::glob_matches(c.pattern, c.text), c.matches) << c.pattern << " " << c.text;
  }
}

class ResourcePolicies : public HandlerTest {
 protected:
  std::string id = create();
  std::string path = "/resourcepolicy/" + percent_encode(arn_of(id));

  Answer put(std::string_view document) {
    std::string body = R"({"policy":)";
    json::append_quoted(body, document);
    return call("PUT", path, body + "}");
  }
  std::string allow(std::string_view principal, std::string_view actions) {
    return with(principal, actions, "\"" + arn_of(id) + "\"");
  }
};

TEST_F(ResourcePolicies, ArePutGotAndDeletedAsTheServiceDoes) {
  const Answer none = call("GET", path);
  EXPECT_EQ(none.status, 200);
  EXPECT_EQ(none.body.dump(), "{}");
  EXPECT_EQ(call("DELETE", path).status, 404);
  EXPECT_EQ(error_type, "ResourceNotFoundException");

  const std::string document = "  " + allow(kAnyone, kList) + "\n";
  const Answer made = put(document);
  EXPECT_EQ(made.status, 201) << made.body.dump();
  EXPECT_EQ(made.text("policy"), document);
  EXPECT_EQ(call("GET", path).text("policy"), document) << "byte for byte";
  const std::string second = allow(kAnyone, R"("bedrock-agentcore:GetEvent")");
  EXPECT_EQ(put(second).status, 201);
  EXPECT_EQ(call("GET", path).text("policy"), second);
  EXPECT_EQ(call("DELETE", path).status, 204);
  EXPECT_EQ(call("GET", path).body.dump(), "{}");
}

TEST_F(ResourcePolicies, AreRefusedWhenBadAndLeaveTheOldOneInForce) {
  ASSERT_EQ(put(allow(kAnyone, kList)).status, 201);
  const Answer refused = put(with(kAnyone, kList, R"("*")"));
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(error_type, "ValidationException");
  EXPECT_EQ(call("GET", path).text("policy"), allow(kAnyone, kList));
}

TEST_F(ResourcePolicies, AreOfMemoriesThatExist) {
  path = "/resourcepolicy/" + percent_encode(arn_of("Other-0123456789"));
  EXPECT_EQ(call("GET", path).status, 404);
  EXPECT_EQ(put(with(kAnyone, kList, "\"" + arn_of("Other-0123456789") + "\"")).status, 404);
  EXPECT_EQ(call("DELETE", path).status, 404);
}

TEST_F(ResourcePolicies, LetAnotherAccountIn) {
  const api::testing::Keys b = server.account(kAccountB);
  const std::string events = fmt::format("/memories/{}/actor/alice/sessions/s1", percent_encode(arn_of(id)));
  ASSERT_EQ(create_event(id, R"(,"payload":[{"blob":"x"}])").status, 201);
  EXPECT_EQ(call(b, "POST", events, "{}").status, 403);
  ASSERT_EQ(put(allow(R"({"AWS":"arn:aws:iam::222222222222:root"})", kList)).status, 201);
  const Answer listed = call(b, "POST", events, "{}");
  EXPECT_EQ(listed.status, 200) << listed.body.dump();
  EXPECT_EQ(listed.text("events.0.payload.0.blob"), "x");
  EXPECT_EQ(call(b, "POST", fmt::format("/memories/{}/events", percent_encode(arn_of(id))),
                 R"({"actorId":"a","eventTimestamp":1,"payload":[]})")
                .status,
            403)
      << "an action that it does not name";

  ASSERT_EQ(put(allow(R"({"AWS":"arn:aws:iam::222222222222:root"})", R"("bedrock-agentcore:*")")).status, 201);
  EXPECT_NE(call(b, "DELETE", path).status, 204) << "policies are managed in their own account";
  EXPECT_NE(call("GET", path).text("policy"), "null");
}

}  // namespace
}  // namespace warifu::services::memory::testing
