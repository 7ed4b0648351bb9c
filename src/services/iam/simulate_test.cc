#include <gmock/gmock.h>

#include "services/iam/test_iam.h"

namespace warifu::services::iam {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// The example of AWS's command line reference, whose positions it prints.
const std::string kDynamo =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",)"
    R"("Condition":{"DateGreaterThan":{"aws:CurrentTime":"2015-08-16T12:00:00Z"}}}})";
const std::string kTable = "arn:aws:dynamodb:us-west-2:111111111111:table/Books";
const std::string kMemory = "arn:aws:bedrock-agentcore:us-east-1:222222222222:memory/M-0123456789";

std::string document(const std::string& statement) {
  return R"({"Version":"2012-10-17","Statement":[)" + statement + "]}";
}

class SimulateTest : public IamTest {
 protected:
  Answer custom(const std::string& policy, Parameters more) {
    more.emplace_back("PolicyInputList.member.1", policy);
    return call("SimulateCustomPolicy", more);
  }
};

TEST_F(SimulateTest, AnswersAsTheReferencePrints) {
  const Answer answer = custom(kDynamo, {{"ActionNames.member.1", "dynamodb:CreateBackup"},
                                         {"ContextEntries.member.1.ContextKeyName", "aws:CurrentTime"},
                                         {"ContextEntries.member.1.ContextKeyValues.member.1", "2019-04-25T11:00:00Z"},
                                         {"ContextEntries.member.1.ContextKeyType", "date"}});
  ASSERT_EQ(answer.outcome(), "200");
  EXPECT_EQ(answer.field("EvalDecision"), "allowed");
  EXPECT_EQ(answer.field("EvalResourceName"), "*");
  EXPECT_EQ(answer.field("SourcePolicyId"), "PolicyInputList.1");
  EXPECT_THAT(answer.field("StartPosition"), HasSubstr("<Column>38</Column>"));
  EXPECT_THAT(answer.field("EndPosition"), HasSubstr("<Column>167</Column>"));
  EXPECT_EQ(answer.count("ResourceSpecificResults"), 0U);
}

TEST_F(SimulateTest, MissingContextValuesAreNamed) {
  const Answer whole = custom(kDynamo, {{"ActionNames.member.1", "dynamodb:CreateBackup"}});
  EXPECT_EQ(whole.field("EvalDecision"), "implicitDeny");
  EXPECT_THAT(whole.field("MissingContextValues"), HasSubstr("aws:CurrentTime"));
  const Answer on_table =
      custom(kDynamo, {{"ActionNames.member.1", "dynamodb:CreateBackup"}, {"ResourceArns.member.1", kTable}});
  EXPECT_THAT(on_table.field("ResourceSpecificResults"), HasSubstr("aws:CurrentTime"));
}

TEST_F(SimulateTest, EveryLayerHasItsSay) {
  struct Case {
    std::string name;
    Parameters more;
    std::string decision, contains;
  };
  const std::string deny = document(R"({"Effect":"Deny","Action":"*","Resource":"*"})");
  const std::string other = document(R"({"Effect":"Allow","Action":"s3:*","Resource":"*"})");
  const std::string shared =
      document(R"({"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"*","Resource":")" + kMemory + R"("})");
  const std::string act = "bedrock-agentcore:ListEvents";
  const std::string caller = "arn:aws:iam::111111111111:user/ann";
  const std::vector<Case> cases = {
      {"identity alone", {}, "allowed", ""},
      {"a boundary that is silent",
       {{"PermissionsBoundaryPolicyInputList.member.1", other}},
       "implicitDeny",
       "<AllowedByPermissionsBoundary>false"},
      {"an organization that denies",
       {{"OrderedOrganizationPolicyInputList.member.1.ServiceControlPolicyInputList.member.1", deny}},
       "explicitDeny",
       "<AllowedByOrganizations>false"},
      {"another account's resource without a policy",
       {{"ResourceArns.member.1", kMemory}},
       "implicitDeny",
       "<key>Resource Policy</key><value>implicitDeny</value>"},
      {"another account's resource that is shared",
       {{"ResourceArns.member.1", kMemory}, {"ResourcePolicy", shared}, {"CallerArn", caller}},
       "allowed",
       "<key>Resource Policy</key><value>allowed</value>"},
      {"an owner for what names none",
       {{"ResourceArns.member.1", "arn:aws:s3:::b"}, {"ResourceOwner", "arn:aws:iam::222222222222:root"}},
       "implicitDeny",
       "<EvalResourceDecision>implicitDeny"},
  };
  for (const Case& c : cases) {
    Parameters more = c.more;
    more.emplace_back("ActionNames.member.1", act);
    const Answer answer = custom(document(R"({"Effect":"Allow","Action":"*","Resource":"*"})"), more);
    EXPECT_EQ(answer.field("EvalDecision"), c.decision) << c.name << answer.response.body;
    EXPECT_THAT(answer.response.body, HasSubstr(c.contains)) << c.name;
  }
}

TEST_F(SimulateTest, ADenyIsTheOnlyStatementThatIsShown) {
  const Answer answer = custom(document(R"({"Effect":"Allow","Action":"*","Resource":"*"},)"
                                        R"({"Effect":"Deny","Action":"s3:Get*","Resource":"*"})"),
                               {{"ActionNames.member.1", "s3:GetObject"}});
  EXPECT_EQ(answer.field("EvalDecision"), "explicitDeny");
  EXPECT_EQ(answer.count("SourcePolicyId"), 1U);
  EXPECT_THAT(answer.field("StartPosition"), HasSubstr("<Column>84</Column>"));
}

/// As a real answer printed two statements of one line: the second starts where the first ends.
TEST_F(SimulateTest, PositionsRunFromThePlaceBeforeAStatementToItsEnd) {
  const Answer lines = custom(
      "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\"Effect\": \"Allow\",\n"
      "     \"Action\": \"s3:*\", \"Resource\": \"*\"}\n  ]\n}",
      {{"ActionNames.member.1", "s3:GetObject"}});
  EXPECT_THAT(lines.field("StartPosition"), HasSubstr("<Line>3</Line><Column>17</Column>"));
  EXPECT_THAT(lines.field("EndPosition"), HasSubstr("<Line>5</Line>"));
}

TEST_F(SimulateTest, ADenialOfOneSideShowsWhatTheOtherAllowed) {
  const Answer answer =
      custom(document(R"({"Effect":"Allow","Action":"s3:*","Resource":"*"})"),
             {{"ActionNames.member.1", "s3:GetObject"},
              {"ResourceArns.member.1", "arn:aws:s3:::b/k"},
              {"CallerArn", "arn:aws:iam::111111111111:user/ann"},
              {"ResourcePolicy", document(R"({"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"})")}});
  EXPECT_EQ(answer.field("EvalDecision"), "explicitDeny") << answer.response.body;
  EXPECT_EQ(answer.field("SourcePolicyId"), "ResourcePolicy");
  EXPECT_EQ(answer.field("SourcePolicyType"), "Resource Policy");
  EXPECT_THAT(answer.response.body, HasSubstr("<SourcePolicyType>IAM Policy</SourcePolicyType>"));
}

TEST_F(SimulateTest, PrincipalsAreSimulatedWithWhatTheyHold) {
  ok("CreateUser", {{"UserName", "ann"}});
  ok("CreateGroup", {{"GroupName", "team"}});
  ok("AddUserToGroup", {{"GroupName", "team"}, {"UserName", "ann"}});
  ok("PutGroupPolicy",
     {{"GroupName", "team"},
      {"PolicyName", "reads"},
      {"PolicyDocument",
       document(R"({"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::${aws:username}/*"})")}});
  const std::string ann = "arn:aws:iam::111111111111:user/ann";
  const Parameters ask = {{"PolicySourceArn", ann},
                          {"ActionNames.member.1", "s3:GetObject"},
                          {"ActionNames.member.2", "s3:PutObject"},
                          {"ResourceArns.member.1", "arn:aws:s3:::ann/x"},
                          {"ResourceArns.member.2", "arn:aws:s3:::bob/x"},
                          {"ResourceOwner", "arn:aws:iam::111111111111:root"}};
  const Answer first = ok("SimulatePrincipalPolicy", ask);
  EXPECT_EQ(first.count("EvalActionName"), 4U);
  EXPECT_EQ(first.field("EvalDecision"), "allowed") << "the key of the name is the principal's";
  EXPECT_EQ(first.field("SourcePolicyId"), "group_team_reads");
  EXPECT_EQ(first.field("SourcePolicyType"), "IAM Policy");

  Parameters paged = ask;
  paged.emplace_back("MaxItems", "3");
  const Answer page = ok("SimulatePrincipalPolicy", paged);
  EXPECT_EQ(page.count("EvalActionName"), 3U);
  EXPECT_EQ(page.field("IsTruncated"), "true");
  paged.emplace_back("Marker", page.field("Marker"));
  EXPECT_EQ(ok("SimulatePrincipalPolicy", paged).count("EvalActionName"), 1U);

  Parameters without = ask;
  without.insert(without.end(), {{"PolicyExclusionList.member.1.PolicyType", "inline"}});
  EXPECT_EQ(ok("SimulatePrincipalPolicy", without).field("EvalDecision"), "implicitDeny");
  EXPECT_EQ(ok("GetContextKeysForPrincipalPolicy", {{"PolicySourceArn", ann}}).field("ContextKeyNames"),
            "<member>aws:username</member>");
}

TEST_F(SimulateTest, BadInputIsNamed) {
  const std::string allow = document(R"({"Effect":"Allow","Action":"*","Resource":"*"})");
  struct Case {
    Parameters more;
    std::string outcome;
  };
  const Parameters act = {{"ActionNames.member.1", "s3:GetObject"}};
  const std::vector<Case> cases = {
      {{{"ActionNames.member.1", "s3:Get*"}}, "400 InvalidInput: Invalid action name: s3:Get*"},
      {{{"ActionNames.member.1", "GetObject"}}, "400 InvalidInput: Invalid action name: GetObject"},
      {{act[0], {"PolicyInputList.member.2", R"({"Statement":[]})"}},
       "400 InvalidInput: Invalid Input PolicyInputList.2"},
      {{act[0], {"ResourcePolicy", allow}}, "400 InvalidInput: CallerArn is required"},
      {{act[0], {"CallerArn", "arn:aws:iam::111111111111:group/g"}}, "400 InvalidInput: Invalid CallerArn"},
      {{act[0], {"ResourceOwner", "nobody"}}, "400 InvalidInput: Invalid ResourceOwner"},
      {{act[0],
        {"ContextEntries.member.1.ContextKeyName", "aws:EpochTime"},
        {"ContextEntries.member.1.ContextKeyValues.member.1", "soon"},
        {"ContextEntries.member.1.ContextKeyType", "numeric"}},
       "400 InvalidInput: Invalid value `soon`"},
      {{act[0],
        {"ContextEntries.member.1.ContextKeyName", "aws:TagKeys"},
        {"ContextEntries.member.1.ContextKeyValues.member.1", "a"},
        {"ContextEntries.member.1.ContextKeyValues.member.2", "b"},
        {"ContextEntries.member.1.ContextKeyType", "string"}},
       "400 InvalidInput: Invalid context entry `aws:TagKeys`"},
  };
  for (const Case& c : cases) EXPECT_THAT(custom(allow, c.more).outcome(), HasSubstr(c.outcome));
  EXPECT_THAT(fails("SimulatePrincipalPolicy", {{"PolicySourceArn", "arn:aws:iam::111111111111:user/nobody"},
                                                {"ActionNames.member.1", "s3:GetObject"}}),
              HasSubstr("NoSuchEntity"));
}

}  // namespace
}  // namespace warifu::services::iam
