#include "policy/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warifu::policy {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kRuntime = "arn:aws:bedrock-agentcore:eu-west-1:111111111111:runtime/agent-abcdefghij";
constexpr std::string_view kEndpoint =
    "arn:aws:bedrock-agentcore:eu-west-1:111111111111:runtime/agent-abcdefghij/runtime-endpoint/DEFAULT";
constexpr std::string_view kInvoke = "bedrock-agentcore:InvokeAgentRuntime";

std::string document(std::string_view statement) {
  return R"({"Version":"2012-10-17","Statement":[)" + std::string(statement) + "]}";
}

EvidenceLayer layer(LayerKind kind, std::string_view statements) {
  const Kind document_kind = kind == LayerKind::kResource   ? Kind::kResource
                             : kind == LayerKind::kTrust    ? Kind::kTrust
                             : kind == LayerKind::kKey      ? Kind::kResource
                             : kind == LayerKind::kRcp      ? Kind::kRcp
                             : kind == LayerKind::kBoundary ? Kind::kBoundary
                                                            : Kind::kIdentity;
  return {.kind = kind, .policies = {{.name = "P", .kind = document_kind, .document = document(statements)}}};
}

/// A role of account 2 that calls something of account 1.
Evidence cross_account(std::string_view resource) {
  Evidence evidence;
  evidence.principal = {.kind = PrincipalKind::kRoleSession,
                        .account = "222222222222",
                        .arn = "arn:aws:sts::222222222222:assumed-role/the-caller-role/s",
                        .issuer_arn = "arn:aws:iam::222222222222:role/the-caller-role",
                        .unique_id = "AROAEXAMPLE",
                        .user_id = "AROAEXAMPLE:s",
                        .services = {},
                        .providers = {}};
  evidence.action = kInvoke;
  evidence.resource = resource;
  evidence.resource_account = "111111111111";
  evidence.keys = {{.name = "aws:PrincipalAccount", .values = {"222222222222"}},
                   {.name = "aws:PrincipalArn", .values = {"arn:aws:iam::222222222222:role/the-caller-role"}},
                   {.name = "aws:SourceIp", .values = {"10.0.0.1"}},
                   {.name = "aws:SecureTransport", .values = {"true"}},
                   {.name = "aws:ResourceTag/team", .values = {"red"}}};
  return evidence;
}

const LayerReport& report(const Explanation& explanation, LayerKind kind) {
  for (const LayerReport& one : explanation.layers) {
    if (one.kind == kind) return one;
  }
  ADD_FAILURE() << "no such layer";
  static const LayerReport nothing;
  return nothing;
}

constexpr std::string_view kAllowAll = R"({"Effect":"Allow","Action":"*","Resource":"*"})";

TEST(Explain, SourceAccountOnADirectCallIsNamedWithWhatIsSetInstead) {
  Evidence evidence = cross_account(kRuntime);
  evidence.layers = {
      layer(LayerKind::kIdentity, kAllowAll),
      layer(LayerKind::kResource, R"({"Sid":"AllowCallerRole","Effect":"Allow","Principal":{"AWS":"222222222222"},)"
                                  R"("Action":"bedrock-agentcore:InvokeAgentRuntime","Resource":")" +
                                      std::string(kRuntime) +
                                      R"(","Condition":{"StringEquals":{"aws:SourceAccount":"222222222222"}}})")};
  const auto explained = explain(evidence, View::kOwner);
  ASSERT_TRUE(explained);
  EXPECT_FALSE(explained->decision.allowed);
  const LayerReport& resource = report(*explained, LayerKind::kResource);
  EXPECT_TRUE(resource.missing);
  ASSERT_EQ(resource.statements.size(), 1U);
  const NearStatement& nearest = resource.statements[0];
  EXPECT_EQ(nearest.sid, "AllowCallerRole");
  ASSERT_EQ(nearest.findings.size(), 1U) << "everything but the condition fits";
  EXPECT_EQ(nearest.findings[0].element, Element::kCondition);
  EXPECT_EQ(nearest.findings[0].name, "StringEquals");
  EXPECT_EQ(nearest.findings[0].key, "aws:SourceAccount");
  EXPECT_THAT(nearest.findings[0].wanted, ElementsAre("222222222222"));
  EXPECT_THAT(nearest.findings[0].actual, IsEmpty());
  EXPECT_EQ(nearest.findings[0].note,
            "the request has no such key; it is set only when a service calls on someone's behalf — "
            "aws:PrincipalAccount is set here");
}

TEST(Explain, AnEndpointUnderTheWrongAccountIsPointedAt) {
  Evidence evidence = cross_account(kEndpoint);
  evidence.layers = {
      layer(LayerKind::kIdentity, R"({"Effect":"Allow","Action":"bedrock-agentcore:Invoke*","Resource":[")" +
                                      std::string(kRuntime) +
                                      R"(","arn:aws:bedrock-agentcore:*:222222222222:runtime/*/runtime-endpoint/*"]})"),
      layer(LayerKind::kResource,
            R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":")" + std::string(kEndpoint) + R"("})")};
  const auto explained = explain(evidence, View::kCaller);
  ASSERT_TRUE(explained);
  EXPECT_EQ(explained->decision.layer, LayerKind::kIdentity);
  EXPECT_EQ(explained->layers.size(), 1U) << "the owner's half is not the caller's to see";
  const LayerReport& identity = report(*explained, LayerKind::kIdentity);
  ASSERT_EQ(identity.statements.size(), 1U);
  ASSERT_EQ(identity.statements[0].findings.size(), 1U);
  EXPECT_EQ(identity.statements[0].findings[0].element, Element::kResource);
  EXPECT_THAT(identity.statements[0].findings[0].note, HasSubstr("ends before `/runtime-endpoint/DEFAULT`"));
  ASSERT_EQ(explained->fixes.size(), 1U);
  EXPECT_EQ(explained->fixes[0].account, "222222222222");
  EXPECT_EQ(explained->fixes[0].statement, R"({"Effect":"Allow","Action":")" + std::string(kInvoke) +
                                               R"(","Resource":")" + std::string(kEndpoint) + R"("})");

  evidence.layers[0] = layer(LayerKind::kIdentity,
                             R"({"Effect":"Allow","Action":"*","Resource":"arn:aws:bedrock-agentcore:*:222222222222:)"
                             R"(runtime/*/runtime-endpoint/*"})");
  const auto wrong = explain(evidence, View::kCaller);
  ASSERT_TRUE(wrong);
  EXPECT_THAT(report(*wrong, LayerKind::kIdentity).statements[0].findings[0].note,
              HasSubstr("its account is `222222222222`, the resource's is `111111111111`"));
}

TEST(Explain, AMissingResourcePolicyIsAbsentAndTheFixSaysWhoAddsWhatWhere) {
  Evidence evidence = cross_account(kEndpoint);
  evidence.layers = {layer(LayerKind::kIdentity, kAllowAll)};
  const auto explained = explain(evidence);
  ASSERT_TRUE(explained);
  EXPECT_THAT(explained->absent, ElementsAre(LayerKind::kResource));
  ASSERT_EQ(explained->fixes.size(), 1U);
  EXPECT_EQ(explained->fixes[0].account, "111111111111");
  EXPECT_THAT(explained->fixes[0].where, HasSubstr(std::string(kEndpoint)));
  EXPECT_THAT(explained->fixes[0].statement, HasSubstr("arn:aws:iam::222222222222:role/the-caller-role"));
  const auto owners = explain(evidence, View::kOwner);
  ASSERT_TRUE(owners);
  ASSERT_EQ(owners->fixes.size(), 1U);
  EXPECT_THAT(owners->fixes[0].statement, AllOf(HasSubstr("arn:aws:iam::222222222222:root"), Not(HasSubstr("role/"))));
}

TEST(Explain, EachHalfSeesItsOwn) {
  Evidence evidence = cross_account(kRuntime);
  evidence.layers = {
      layer(LayerKind::kIdentity, R"({"Effect":"Allow","Action":"*","Resource":"*",)"
                                  R"("Condition":{"StringEquals":{"aws:ResourceTag/team":"blue"}}})"),
      layer(LayerKind::kResource, R"({"Effect":"Allow","Principal":{"AWS":"333333333333"},"Action":"*","Resource":"*",)"
                                  R"("Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}})")};
  const auto caller = explain(evidence, View::kCaller);
  ASSERT_TRUE(caller);
  const std::string callers_text = to_json(*caller, evidence, View::kCaller).dump();
  EXPECT_THAT(callers_text, Not(HasSubstr("red"))) << "another account's tag";
  EXPECT_THAT(callers_text, Not(HasSubstr("333333333333"))) << "another account's policy";
  EXPECT_THAT(callers_text, HasSubstr("aws:SecureTransport"));
  EXPECT_FALSE(caller->fixes.empty());
  for (const Fix& fix : caller->fixes) EXPECT_EQ(fix.account, "222222222222");

  const auto owner = explain(evidence, View::kOwner);
  ASSERT_TRUE(owner);
  const std::string owners_text = to_json(*owner, evidence, View::kOwner).dump();
  EXPECT_THAT(owners_text, Not(HasSubstr("the-caller-role"))) << "CloudTrail does not name it to the owner";
  EXPECT_THAT(owners_text, Not(HasSubstr("blue"))) << "the caller's policy";
  EXPECT_THAT(owners_text, Not(HasSubstr("aws:SecureTransport"))) << "no statement of the owner names it";
  EXPECT_THAT(owners_text, AllOf(HasSubstr("aws:SourceIp"), HasSubstr("10.0.0.1"), HasSubstr("AROAEXAMPLE:s")));
  EXPECT_EQ(owner->layers.size(), 1U);
}

TEST(Explain, InOneAccountEverythingIsSeen) {
  Evidence evidence = cross_account(kRuntime);
  evidence.resource_account = "222222222222";
  evidence.layers = {layer(LayerKind::kIdentity, R"({"Effect":"Allow","Action":"s3:*","Resource":"*"})"),
                     layer(LayerKind::kResource, R"({"Effect":"Allow","Principal":"*","Action":"bedrock-agentcore:)"
                                                 R"(GetAgentCard","Resource":"*"})")};
  const auto explained = explain(evidence, View::kOwner);
  ASSERT_TRUE(explained);
  EXPECT_EQ(explained->layers.size(), 2U);
  EXPECT_THAT(report(*explained, LayerKind::kIdentity).statements, IsEmpty()) << "s3 is not near";
  EXPECT_EQ(report(*explained, LayerKind::kResource).statements.size(), 1U) << "it would do as well";
}

TEST(Explain, AnExplicitDenyHasItsConditionsAndNoFix) {
  Evidence evidence = cross_account(kRuntime);
  evidence.resource_account = "222222222222";
  evidence.layers = {
      layer(LayerKind::kIdentity, std::string(kAllowAll) +
                                      R"(,{"Sid":"NotFromHere","Effect":"Deny","Action":"*","Resource":"*",)"
                                      R"("Condition":{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}})")};
  const auto explained = explain(evidence);
  ASSERT_TRUE(explained);
  EXPECT_EQ(explained->decision.because, Because::kExplicitDeny);
  EXPECT_THAT(explained->fixes, IsEmpty());
  const LayerReport& identity = report(*explained, LayerKind::kIdentity);
  ASSERT_EQ(identity.statements.size(), 1U);
  EXPECT_TRUE(identity.statements[0].applies);
  EXPECT_EQ(identity.statements[0].sid, "NotFromHere");
  ASSERT_EQ(identity.statements[0].findings.size(), 1U);
  EXPECT_THAT(identity.statements[0].findings[0].actual, ElementsAre("10.0.0.1"));
}

TEST(Explain, TheNearestStatementComesFirst) {
  Evidence evidence = cross_account(kRuntime);
  evidence.layers = {
      layer(LayerKind::kIdentity,
            R"({"Sid":"OtherAction","Effect":"Allow","Action":"bedrock-agentcore:GetAgentCard","Resource":"*"},)"
            R"({"Sid":"OtherService","Effect":"Allow","Action":"s3:*","Resource":"*"},)"
            R"({"Sid":"OtherResource","Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::x"},)"
            R"({"Sid":"Nearest","Effect":"Allow","Action":"*","Resource":"*",)"
            R"("Condition":{"Bool":{"aws:ViaAWSService":"true"}}})")};
  const auto explained = explain(evidence);
  ASSERT_TRUE(explained);
  std::vector<std::string> sids;
  for (const NearStatement& one : report(*explained, LayerKind::kIdentity).statements) sids.push_back(one.sid);
  EXPECT_THAT(sids, ElementsAre("Nearest", "OtherResource", "OtherAction"));
}

TEST(Explain, NotesSayWhatOneWouldLookFor) {
  struct Case {
    std::string condition, note;
  };
  const std::vector<Case> cases = {
      {R"("StringEquals":{"aws:username":"bob"})", "it is set only for IAM users, not for roles or root"},
      {R"("StringEquals":{"aws:SourceVpce":"vpce-1"})", "it is set only for calls through a VPC endpoint"},
      {R"("StringEquals":{"aws:PrincipalTag/team":"red"})", "carries that tag"},
      {R"("StringEquals":{"aws:PrincipalAccount":"${aws:username}"})", "`${aws:username}` has no value here"},
      {R"("StringEquals":{"aws:TagKeys":"a"})", "only ForAllValues and ForAnyValue apply"},
      {R"("StringNotEquals":{"aws:PrincipalAccount":"222222222222"})", "no value may match, and one does"},
      {R"("StringEquals":{"aws:SecureTransport":"TRUE"})", "differ in the case of letters alone"},
      {R"("Null":{"aws:SourceIp":"true"})", "the key is there"},
  };
  for (const Case& c : cases) {
    Evidence evidence = cross_account(kRuntime);
    evidence.keys.push_back({.name = "aws:TagKeys", .values = {"a"}, .multivalued = true});
    evidence.layers = {layer(LayerKind::kIdentity,
                             R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{)" + c.condition + "}}")};
    const auto explained = explain(evidence);
    ASSERT_TRUE(explained) << c.condition;
    const auto& statements = report(*explained, LayerKind::kIdentity).statements;
    ASSERT_EQ(statements.size(), 1U) << c.condition;
    EXPECT_THAT(statements[0].findings[0].note, HasSubstr(c.note)) << c.condition;
  }
}

TEST(Evidence, SurvivesItsJsonAndForeignJsonIsRefused) {
  Evidence evidence = cross_account(kRuntime);
  evidence.principal.services = {"x.amazonaws.com"};
  evidence.keys.push_back({.name = "aws:TagKeys", .values = {"a", "b"}, .multivalued = true});
  evidence.layers = {layer(LayerKind::kIdentity, kAllowAll), {.kind = LayerKind::kSession, .policies = {}}};
  const auto back = evidence_from(to_json(evidence));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, evidence);
  for (const char* text : {"{}", "[]", R"({"principal":{"kind":99}})", R"({"principal":1,"action":"a"})"}) {
    const auto value = json::parse(text);
    ASSERT_TRUE(value);
    EXPECT_FALSE(evidence_from(*value)) << text;
  }
}

TEST(ContextKeys, AreThoseOfConditionsAndVariables) {
  const auto policy = parse(
      document(R"({"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:username}/*","Condition":{)"
               R"("StringLike":{"aws:PrincipalArn":["*${aws:PrincipalTag/Team}*","${*}"]},)"
               R"("Bool":{"AWS:principalarn":"true"}}})"),
      Kind::kIdentity);
  ASSERT_TRUE(policy);
  EXPECT_THAT(context_keys(*policy), ElementsAre("aws:PrincipalArn", "aws:PrincipalTag/Team", "aws:username"));
}

}  // namespace
}  // namespace warifu::policy
