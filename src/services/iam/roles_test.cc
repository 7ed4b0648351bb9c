#include <gmock/gmock.h>

#include "services/iam/test_iam.h"

namespace warifu::services::iam {
namespace {

using RolesTest = IamTest;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string trusting(const std::string& principal) {
  return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":)" + principal +
         R"(,"Action":"sts:AssumeRole"}]})";
}

TEST_F(RolesTest, ARoleIsMadeShownListedAndDeleted) {
  const Answer made = ok("CreateRole", {{"RoleName", "Worker"},
                                        {"Path", "/x/"},
                                        {"AssumeRolePolicyDocument", kTrust},
                                        {"Description", "works"},
                                        {"MaxSessionDuration", "7200"},
                                        {"Tags.member.1.Key", "team"},
                                        {"Tags.member.1.Value", "red"}});
  EXPECT_EQ(made.field("Arn"), "arn:aws:iam::111111111111:role/x/Worker");
  EXPECT_THAT(made.field("RoleId"), ::testing::MatchesRegex("AROA[A-Z2-7]{17}"));
  const Answer shown = ok("GetRole", {{"RoleName", "Worker"}});
  EXPECT_EQ(shown.document("AssumeRolePolicyDocument"), kTrust);
  EXPECT_EQ(shown.field("MaxSessionDuration"), "7200");
  EXPECT_EQ(shown.field("Description"), "works");
  EXPECT_EQ(shown.field("Key"), "team");
  EXPECT_THAT(shown.response.body, HasSubstr("RoleLastUsed"));
  EXPECT_EQ(ok("ListRoles", {{"PathPrefix", "/x/"}}).field("RoleName"), "Worker");
  EXPECT_EQ(ok("ListRoles", {{"PathPrefix", "/y/"}}).count("RoleName"), 0U);
  EXPECT_EQ(fails("GetRole", {{"RoleName", "worker"}}), "404 NoSuchEntity: The role with name worker cannot be found.");
  EXPECT_EQ(fails("CreateRole", {{"RoleName", "worker"}, {"AssumeRolePolicyDocument", kTrust}}),
            "409 EntityAlreadyExists: Role with name worker already exists.");
  ok("DeleteRole", {{"RoleName", "Worker"}});
  EXPECT_EQ(fails("DeleteRole", {{"RoleName", "Worker"}}),
            "404 NoSuchEntity: The role with name Worker cannot be found.");
}

TEST_F(RolesTest, TrustPoliciesAreCheckedBeforeTheyAreKept) {
  const auto create = [&](const std::string& document) {
    return fails("CreateRole", {{"RoleName", "r"}, {"AssumeRolePolicyDocument", document}});
  };
  EXPECT_THAT(create("{"), StartsWith("400 MalformedPolicyDocument: "));
  EXPECT_THAT(create(kAllow), StartsWith("400 MalformedPolicyDocument: "));
  EXPECT_EQ(create(trusting(R"({"AWS":"arn:aws:iam::111111111111:role/ghost"})")),
            "400 MalformedPolicyDocument: Invalid principal in policy: "
            R"("AWS":"arn:aws:iam::111111111111:role/ghost")");
  EXPECT_THAT(create(trusting(R"({"AWS":"arn:aws:iam::111111111111:role/app-*"})")),
              StartsWith("400 MalformedPolicyDocument: "));
  EXPECT_THAT(
      fails("CreateRole", {{"RoleName", "r"}, {"AssumeRolePolicyDocument", kTrust}, {"MaxSessionDuration", "100"}}),
      StartsWith("400 ValidationError"));
  EXPECT_THAT(
      fails("CreateRole", {{"RoleName", "r"}, {"AssumeRolePolicyDocument", kTrust}, {"Path", "/aws-service-role/x/"}}),
      StartsWith("400 InvalidInput"));
  EXPECT_EQ(ok("ListRoles").count("RoleName"), 0U);
}

TEST_F(RolesTest, ATrustPolicyShowsTheUniqueIdOfADeletedPrincipal) {
  const std::string id = ok("CreateUser", {{"UserName", "alice"}}).field("UserId");
  make_role("r");
  ok("UpdateAssumeRolePolicy",
     {{"RoleName", "r"}, {"PolicyDocument", trusting(R"({"AWS":"arn:aws:iam::111111111111:user/alice"})")}});
  EXPECT_THAT(ok("GetRole", {{"RoleName", "r"}}).document("AssumeRolePolicyDocument"), HasSubstr("user/alice"));
  ok("DeleteUser", {{"UserName", "alice"}});
  EXPECT_THAT(ok("GetRole", {{"RoleName", "r"}}).document("AssumeRolePolicyDocument"), HasSubstr(id));
}

TEST_F(RolesTest, DescriptionAndDurationCanChange) {
  make_role("r");
  ok("UpdateRole", {{"RoleName", "r"}, {"Description", "new"}, {"MaxSessionDuration", "43200"}});
  EXPECT_EQ(ok("GetRole", {{"RoleName", "r"}}).field("MaxSessionDuration"), "43200");
  EXPECT_EQ(ok("UpdateRoleDescription", {{"RoleName", "r"}, {"Description", "newer"}}).field("Description"), "newer");
}

TEST_F(RolesTest, PoliciesOfARoleBlockItsDeletion) {
  make_role("r");
  ok("PutRolePolicy", {{"RoleName", "r"}, {"PolicyName", "p"}, {"PolicyDocument", kAllow}});
  ok("AttachRolePolicy", {{"RoleName", "r"}, {"PolicyArn", kReadOnlyArn}});
  EXPECT_EQ(ok("ListRolePolicies", {{"RoleName", "r"}}).field("member"), "p");
  EXPECT_EQ(ok("ListAttachedRolePolicies", {{"RoleName", "r"}}).field("PolicyArn"), kReadOnlyArn);
  EXPECT_EQ(fails("DeleteRole", {{"RoleName", "r"}}),
            "409 DeleteConflict: Cannot delete entity, must detach all policies first.");
  ok("DetachRolePolicy", {{"RoleName", "r"}, {"PolicyArn", kReadOnlyArn}});
  EXPECT_EQ(fails("DeleteRole", {{"RoleName", "r"}}),
            "409 DeleteConflict: Cannot delete entity, must delete policies first.");
  ok("DeleteRolePolicy", {{"RoleName", "r"}, {"PolicyName", "p"}});
  EXPECT_EQ(fails("GetRolePolicy", {{"RoleName", "r"}, {"PolicyName", "p"}}),
            "404 NoSuchEntity: The role policy with name p cannot be found.");
  ok("DeleteRole", {{"RoleName", "r"}});
}

TEST_F(RolesTest, BoundariesAreSetShownAndTakenAway) {
  make_role("r");
  ok("CreateUser", {{"UserName", "alice"}});
  const std::string fence = make_policy("fence");
  ok("PutRolePermissionsBoundary", {{"RoleName", "r"}, {"PermissionsBoundary", fence}});
  ok("PutUserPermissionsBoundary", {{"UserName", "alice"}, {"PermissionsBoundary", fence}});
  EXPECT_EQ(ok("GetRole", {{"RoleName", "r"}}).field("PermissionsBoundaryArn"), fence);
  EXPECT_EQ(ok("GetPolicy", {{"PolicyArn", fence}}).field("PermissionsBoundaryUsageCount"), "2");
  EXPECT_EQ(fails("DeletePolicy", {{"PolicyArn", fence}}),
            "409 DeleteConflict: Cannot delete a policy attached to entities.");
  ok("DeleteRolePermissionsBoundary", {{"RoleName", "r"}});
  ok("DeleteUserPermissionsBoundary", {{"UserName", "alice"}});
  EXPECT_EQ(ok("GetRole", {{"RoleName", "r"}}).count("PermissionsBoundary"), 0U);
  EXPECT_THAT(fails("PutRolePermissionsBoundary",
                    {{"RoleName", "r"}, {"PermissionsBoundary", "arn:aws:iam::111111111111:policy/ghost"}}),
              StartsWith("404 NoSuchEntity"));
}

TEST_F(RolesTest, AServiceLinkedRoleIsAwssToChange) {
  const std::string service = "network.bedrock-agentcore.amazonaws.com";
  const std::string name = "AWSServiceRoleForBedrockAgentCoreNetwork";
  const Answer made = ok("CreateServiceLinkedRole", {{"AWSServiceName", service}});
  EXPECT_EQ(made.field("Arn"), "arn:aws:iam::111111111111:role/aws-service-role/" + service + "/" + name);
  EXPECT_EQ(ok("ListAttachedRolePolicies", {{"RoleName", name}}).field("PolicyName"),
            "BedrockAgentCoreNetworkServiceRolePolicy");
  EXPECT_EQ(fails("CreateServiceLinkedRole", {{"AWSServiceName", service}}),
            "400 InvalidInput: Service role name " + name +
                " has been taken in this account, please try a different suffix.");
  const std::string refused = "400 UnmodifiableEntity: Cannot perform the operation on the protected role '" + name +
                              "' - this role is only modifiable by AWS";
  EXPECT_EQ(fails("DeleteRole", {{"RoleName", name}}), refused);
  EXPECT_EQ(fails("AttachRolePolicy", {{"RoleName", name}, {"PolicyArn", kReadOnlyArn}}), refused);
  EXPECT_EQ(fails("PutRolePolicy", {{"RoleName", name}, {"PolicyName", "p"}, {"PolicyDocument", kAllow}}), refused);
  EXPECT_EQ(fails("UpdateAssumeRolePolicy", {{"RoleName", name}, {"PolicyDocument", kTrust}}), refused);
  const std::string task = ok("DeleteServiceLinkedRole", {{"RoleName", name}}).field("DeletionTaskId");
  EXPECT_EQ(ok("GetServiceLinkedRoleDeletionStatus", {{"DeletionTaskId", task}}).field("Status"), "SUCCEEDED");
  EXPECT_THAT(fails("GetServiceLinkedRoleDeletionStatus", {{"DeletionTaskId", "task/none"}}),
              StartsWith("404 NoSuchEntity"));
  EXPECT_THAT(fails("CreateServiceLinkedRole", {{"AWSServiceName", "example.com"}}), StartsWith("400 InvalidInput"));
}

TEST_F(RolesTest, AnInstanceProfileShowsItsRole) {
  make_role("r");
  const Answer made = ok("CreateInstanceProfile", {{"InstanceProfileName", "p"}});
  EXPECT_EQ(made.field("Arn"), "arn:aws:iam::111111111111:instance-profile/p");
  ok("AddRoleToInstanceProfile", {{"InstanceProfileName", "p"}, {"RoleName", "r"}});
  EXPECT_EQ(ok("GetInstanceProfile", {{"InstanceProfileName", "p"}}).field("RoleName"), "r");
  EXPECT_EQ(ok("ListInstanceProfilesForRole", {{"RoleName", "r"}}).field("InstanceProfileName"), "p");
  EXPECT_EQ(ok("ListInstanceProfiles").count("InstanceProfileName"), 1U);
  EXPECT_THAT(fails("DeleteRole", {{"RoleName", "r"}}), StartsWith("409 DeleteConflict"));
  ok("RemoveRoleFromInstanceProfile", {{"InstanceProfileName", "p"}, {"RoleName", "r"}});
  ok("DeleteInstanceProfile", {{"InstanceProfileName", "p"}});
  EXPECT_EQ(fails("GetInstanceProfile", {{"InstanceProfileName", "p"}}),
            "404 NoSuchEntity: Instance Profile p cannot be found.");
}

TEST_F(RolesTest, OidcProvidersAreStored) {
  const std::string arn = ok("CreateOpenIDConnectProvider", {{"Url", "https://token.example.com/x"},
                                                             {"ClientIDList.member.1", "one"},
                                                             {"ThumbprintList.member.1", std::string(40, 'a')}})
                              .field("OpenIDConnectProviderArn");
  EXPECT_EQ(arn, "arn:aws:iam::111111111111:oidc-provider/token.example.com/x");
  ok("AddClientIDToOpenIDConnectProvider", {{"OpenIDConnectProviderArn", arn}, {"ClientID", "two"}});
  ok("RemoveClientIDFromOpenIDConnectProvider", {{"OpenIDConnectProviderArn", arn}, {"ClientID", "one"}});
  ok("UpdateOpenIDConnectProviderThumbprint",
     {{"OpenIDConnectProviderArn", arn}, {"ThumbprintList.member.1", std::string(40, 'b')}});
  const Answer shown = ok("GetOpenIDConnectProvider", {{"OpenIDConnectProviderArn", arn}});
  EXPECT_EQ(shown.field("Url"), "token.example.com/x");
  EXPECT_THAT(shown.response.body, HasSubstr("<member>two</member>"));
  EXPECT_THAT(shown.response.body, HasSubstr(std::string(40, 'b')));
  EXPECT_EQ(ok("ListOpenIDConnectProviders").field("Arn"), arn);
  EXPECT_THAT(fails("CreateOpenIDConnectProvider", {{"Url", "http://token.example.com"}}),
              StartsWith("400 ValidationError"));
  ok("DeleteOpenIDConnectProvider", {{"OpenIDConnectProviderArn", arn}});
  EXPECT_EQ(fails("GetOpenIDConnectProvider", {{"OpenIDConnectProviderArn", arn}}),
            "404 NoSuchEntity: OpenIDConnect Provider not found for arn " + arn);
}

}  // namespace
}  // namespace warifu::services::iam
