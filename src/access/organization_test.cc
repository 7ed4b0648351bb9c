#include "access/organization.h"

#include "access/estate_testing.h"

namespace warifu::access {
namespace {

using identity::GuardType;
using testing::document;
using testing::Estate;

const std::string kDenyS3 = document(R"("Effect":"Deny","Action":"s3:*","Resource":"*")");
const Ask kGet{.action = "s3:GetObject", .resource = "arn:aws:s3:::box-of-b", .resource_account = "222222222222"};
const Ask kGetOfA{.action = "s3:GetObject", .resource = "arn:aws:s3:::box-of-a", .resource_account = "111111111111"};

/// Denies assuming roles to whoever is not of the organization, services apart: AWS's own example.
const std::string kPerimeter =
    document(R"("Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"*","Condition":{)"
             R"("StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-aaaaaaaaaa"},)"
             R"("BoolIfExists":{"aws:PrincipalIsAWSService":"false"}})");

TEST(ServiceControl, ADenyAtAnyLevelStrikesEveryMemberPrincipalAndNobodyElse) {
  for (const std::string target : {"r-ab12", "ou-ab12-11111111", "222222222222"}) {
    SCOPED_TRACE(target);
    Estate estate;
    estate.organize();
    estate.enable(GuardType::kServiceControl);
    EXPECT_TRUE(estate.ask(estate.user(estate.b), kGet).decision.allowed);
    estate.guard(GuardType::kServiceControl, kDenyS3, target);
    for (const Principal& principal : {estate.user(estate.b), estate.session("R"), estate.root(estate.b)}) {
      const Outcome outcome = estate.ask(principal, kGet);
      EXPECT_FALSE(outcome.decision.allowed) << principal.arn;
      EXPECT_TRUE(outcome.message.ends_with("with an explicit deny in a service control policy")) << outcome.message;
    }
    EXPECT_TRUE(estate.ask(estate.session("Linked"), kGet).decision.allowed) << "a service's own role is exempt";
    EXPECT_TRUE(estate.ask(estate.user(estate.a), kGetOfA).decision.allowed) << "so is the management account";
    EXPECT_TRUE(estate
                    .ask(estate.user(estate.c),
                         {.action = "s3:GetObject", .resource = "arn:aws:s3:::c", .resource_account = "333333333333"})
                    .decision.allowed);
  }
}

TEST(ServiceControl, EveryLevelMustAllow) {
  for (const std::string target : {"r-ab12", "ou-ab12-11111111", "222222222222"}) {
    SCOPED_TRACE(target);
    Estate estate;
    estate.organize();
    estate.enable(GuardType::kServiceControl);
    estate.guard(GuardType::kServiceControl, document(R"("Effect":"Allow","Action":"sqs:*","Resource":"*")"), target,
                 true);
    const Outcome outcome = estate.ask(estate.user(estate.b), kGet);
    EXPECT_FALSE(outcome.decision.allowed);
    EXPECT_TRUE(outcome.message.ends_with("because no service control policy allows the s3:GetObject action"))
        << outcome.message;
    EXPECT_TRUE(estate
                    .ask(estate.user(estate.b), {.action = "sqs:SendMessage",
                                                 .resource = "arn:aws:sqs:us-east-1:222222222222:q",
                                                 .resource_account = "222222222222"})
                    .decision.allowed);
  }
}

TEST(ServiceControl, NoResourcePolicyOutvotesItNorDoesItGrant) {
  Estate estate;
  estate.organize();
  estate.enable(GuardType::kServiceControl);
  estate.write([&](store::Txn& txn) -> Result<> {
    TRY(identity::put_resource_policy(
        txn, estate.a, kGetOfA.resource,
        document(R"("Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::box-of-a")"),
        testing::kNow));
    return identity::detach_policy(txn, estate.b, {identity::EntityKind::kUser, "AIDA222222222222AAAAA", "u"},
                                   "arn:aws:iam::aws:policy/AdministratorAccess");
  });
  const Outcome nothing = estate.ask(estate.user(estate.b), kGet);
  EXPECT_TRUE(nothing.message.find("no identity-based policy") != std::string::npos) << nothing.message;
  EXPECT_TRUE(estate.ask(estate.session("R"), kGetOfA).decision.allowed);
  estate.guard(GuardType::kServiceControl, kDenyS3, estate.unit);
  EXPECT_TRUE(
      estate.ask(estate.session("R"), kGetOfA).message.ends_with("with an explicit deny in a service control policy"));
}

TEST(ServiceControl, EndsWithTheTypeTheMembershipAndTheOrganization) {
  Estate estate;
  const auto allowed = [&] { return estate.ask(estate.user(estate.b), kGet).decision.allowed; };
  EXPECT_TRUE(allowed());
  estate.organize();
  EXPECT_TRUE(allowed());
  estate.enable(GuardType::kServiceControl);
  estate.guard(GuardType::kServiceControl, kDenyS3, estate.unit);
  EXPECT_FALSE(allowed());
  estate.write([&](store::Txn& txn) {
    return identity::move_member(txn, estate.organization, estate.b.str(), estate.unit, "r-ab12");
  });
  EXPECT_TRUE(allowed()) << "moved from under it";
  estate.write([&](store::Txn& txn) {
    return identity::move_member(txn, estate.organization, estate.b.str(), "r-ab12", estate.unit);
  });
  EXPECT_FALSE(allowed());
  estate.write(
      [&](store::Txn& txn) { return identity::disable_guards(txn, estate.organization, GuardType::kServiceControl); });
  EXPECT_TRUE(allowed());
  estate.organization.enabled = {};
  estate.enable(GuardType::kServiceControl);
  estate.guard(GuardType::kServiceControl, kDenyS3, estate.unit);
  EXPECT_FALSE(allowed());
  estate.write([&](store::Txn& txn) { return identity::remove_member(txn, estate.organization, estate.b.str()); });
  EXPECT_TRUE(allowed());
  estate.write([&](store::Txn& txn) { return identity::delete_organization(txn, estate.organization); });
  EXPECT_TRUE(allowed());
}

TEST(ServiceControl, OfARoleToAssumeIsNamedThoughTheTrustPolicyIsNot) {
  Estate estate;
  estate.organize();
  estate.enable(GuardType::kServiceControl);
  estate.guard(GuardType::kServiceControl, document(R"("Effect":"Allow","Action":"s3:*","Resource":"*")"), estate.unit,
               true);
  const Outcome outcome = estate.assume(estate.user(estate.b));
  EXPECT_TRUE(outcome.message.ends_with("because no service control policy allows the sts:AssumeRole action"))
      << outcome.message;
}

TEST(ResourceControl, KeepsForeignersOutOfMembersResources) {
  Estate estate;
  estate.organize();
  EXPECT_TRUE(estate.assume(estate.user(estate.c)).decision.allowed);
  estate.enable(GuardType::kResourceControl);
  EXPECT_TRUE(estate.assume(estate.user(estate.c)).decision.allowed);
  estate.guard(GuardType::kResourceControl, kPerimeter, estate.unit);
  const Outcome foreign = estate.assume(estate.user(estate.c));
  EXPECT_FALSE(foreign.decision.allowed);
  EXPECT_TRUE(foreign.message.ends_with("with an explicit deny in a resource control policy")) << foreign.message;
  std::string names;
  for (const policy::EvidenceLayer& layer : foreign.evidence->layers) {
    if (layer.kind != policy::LayerKind::kRcp) continue;
    for (const policy::EvidencePolicy& one : layer.policies) names += one.name + "; ";
  }
  EXPECT_NE(names.find(" of " + estate.unit), std::string::npos) << "the owner's organization names it: " << names;
  EXPECT_TRUE(estate.assume(estate.user(estate.a)).decision.allowed);
  EXPECT_TRUE(estate.assume(estate.user(estate.b)).decision.allowed);
  estate.write([&](store::Txn& txn) {
    return identity::move_member(txn, estate.organization, estate.b.str(), estate.unit, "r-ab12");
  });
  EXPECT_TRUE(estate.assume(estate.user(estate.c)).decision.allowed);
}

TEST(ResourceControl, SparesTheManagementAccountServicesRolesAndServicesThatHaveNone) {
  Estate estate;
  estate.organize();
  estate.enable(GuardType::kResourceControl);
  estate.guard(GuardType::kResourceControl,
               document(R"("Effect":"Deny","Principal":"*","Action":["s3:*","sqs:*","bedrock-agentcore:*"],)"
                        R"("Resource":"*")"),
               "r-ab12");
  EXPECT_FALSE(estate.ask(estate.user(estate.b), kGet).decision.allowed);
  EXPECT_FALSE(estate.ask(estate.root(estate.b), kGet).decision.allowed) << "root too";
  EXPECT_TRUE(estate.ask(estate.session("Linked"), kGet).decision.allowed);
  EXPECT_TRUE(estate.ask(estate.user(estate.a), kGetOfA).decision.allowed) << "the management account's resources";
  EXPECT_TRUE(estate
                  .ask(estate.user(estate.b), {.action = "bedrock-agentcore:ListEvents",
                                               .resource = "arn:aws:bedrock-agentcore:us-east-1:222222222222:memory/m",
                                               .resource_account = "222222222222"})
                  .decision.allowed)
      << "AgentCore is not among the services";
  EXPECT_TRUE(estate
                  .ask(estate.user(estate.b),
                       {.action = "s3:ListAllMyBuckets", .resource = "*", .resource_account = "222222222222"})
                  .decision.allowed)
      << "no resource, no resource control";
}

TEST(ResourceControl, AppliesToTheServicesOfTheGuidesList) {
  const auto applies = [](std::string_view action, std::string_view resource = "arn:aws:s3:::x") {
    return resource_control_applies({.action = action, .resource = resource, .resource_account = "222222222222"});
  };
  for (const auto* const action : {"s3:GetObject", "S3:getobject", "sts:AssumeRole", "kms:Decrypt", "sqs:SendMessage",
                                   "secretsmanager:GetSecretValue", "dynamodb:GetItem", "logs:PutLogEvents"}) {
    EXPECT_TRUE(applies(action)) << action;
  }
  for (const auto* const action : {"bedrock-agentcore:GetEvent", "iam:GetRole", "lambda:InvokeFunction", "s3express:x",
                                   "kms:RetireGrant", "KMS:retiregrant"}) {
    EXPECT_FALSE(applies(action)) << action;
  }
  EXPECT_FALSE(applies("s3:ListAllMyBuckets", "*"));
}

TEST(ResourceControl, OfAServiceThatCallsIsDecidedByItsSource) {
  Estate estate;
  estate.organize();
  estate.enable(GuardType::kResourceControl);
  estate.guard(GuardType::kResourceControl,
               document(R"("Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{)"
                        R"("StringNotEqualsIfExists":{"aws:SourceOrgID":"o-aaaaaaaaaa"},)"
                        R"("Null":{"aws:SourceAccount":"false"},"Bool":{"aws:PrincipalIsAWSService":"true"}})"),
               estate.unit);
  estate.write([&](store::Txn& txn) {
    return identity::put_resource_policy(
        txn, estate.b, kGet.resource,
        document(R"("Effect":"Allow","Principal":{"Service":"bedrock-agentcore.amazonaws.com"},"Action":"s3:*",)"
                 R"("Resource":"arn:aws:s3:::box-of-b")"),
        testing::kNow);
  });
  EXPECT_TRUE(estate.ask(estate.service("222222222222", "arn:x"), kGet).decision.allowed);
  EXPECT_TRUE(estate.ask(estate.service("111111111111"), kGet).decision.allowed);
  EXPECT_FALSE(estate.ask(estate.service("333333333333"), kGet).decision.allowed);
  EXPECT_TRUE(estate.ask(estate.service(), kGet).decision.allowed);
}

TEST(Places, AreKeptUntilTheOrganizationsChange) {
  Estate estate;
  estate.organize();
  const auto place = [&] {
    const auto found = estate.db->read([&](store::Reader& reader) -> Result<PlacePointer> {
      return place_of(reader, estate.scope, estate.b, TRY(identity::organizations_state(reader)).version);
    });
    return *found;
  };
  const PlacePointer first = place();
  EXPECT_EQ(place(), first);
  estate.enable(GuardType::kServiceControl);
  EXPECT_NE(place(), first);
  EXPECT_EQ(guard_name(*place(), place()->service_control[1].data(), 0),
            "policy p-FullAWSAccess (FullAWSAccess) of ou-ab12-11111111");
}

TEST(Places, CostNothingWhereThereAreNoOrganizations) {
  Estate estate;
  const auto subject = estate.db->read([&](store::Reader& reader) {
    static Principal principal = estate.user(estate.b);
    return Subject::gather(reader, estate.scope, principal);
  });
  ASSERT_TRUE(subject && *subject);
  EXPECT_FALSE((*subject)->organizations().has_value());
  EXPECT_EQ((*subject)->place(), nullptr);
}

}  // namespace
}  // namespace warifu::access
