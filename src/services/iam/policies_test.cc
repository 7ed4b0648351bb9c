#include <gmock/gmock.h>

#include "services/iam/test_iam.h"

namespace warifu::services::iam {
namespace {

using PoliciesTest = IamTest;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(PoliciesTest, APolicyIsMadeShownAndDeleted) {
  const Answer made =
      ok("CreatePolicy", {{"PolicyName", "p"}, {"Path", "/x/"}, {"PolicyDocument", kAllow}, {"Description", "d"}});
  const std::string arn = made.field("Arn");
  EXPECT_EQ(arn, "arn:aws:iam::111111111111:policy/x/p");
  EXPECT_EQ(made.field("DefaultVersionId") + made.field("AttachmentCount"), "v10");
  EXPECT_EQ(ok("GetPolicy", {{"PolicyArn", arn}}).field("Description"), "d");
  EXPECT_EQ(ok("GetPolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v1"}}).document("Document"), kAllow);
  EXPECT_EQ(fails("CreatePolicy", {{"PolicyName", "P"}, {"PolicyDocument", kAllow}}),
            "409 EntityAlreadyExists: A policy called P already exists. Duplicate names are not allowed.");
  ok("DeletePolicy", {{"PolicyArn", arn}});
  EXPECT_EQ(fails("GetPolicy", {{"PolicyArn", arn}}), "404 NoSuchEntity: Policy " + arn + " was not found.");
}

TEST_F(PoliciesTest, DocumentsAreCheckedBeforeTheyAreKept) {
  ok("CreateUser", {{"UserName", "alice"}});
  const std::string bad[] = {
      "not json",
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*"}]})",
      R"({"Version":"2012-10-17","Statement":[{"Effect":"allow","Action":"s3:*","Resource":"*"}]})",
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]})",
      R"({"Version":"2020-01-01","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]})",
  };
  for (const std::string& document : bad) {
    EXPECT_THAT(fails("CreatePolicy", {{"PolicyName", "p"}, {"PolicyDocument", document}}),
                StartsWith("400 MalformedPolicyDocument: "));
    EXPECT_THAT(fails("PutUserPolicy", {{"UserName", "alice"}, {"PolicyName", "p"}, {"PolicyDocument", document}}),
                StartsWith("400 MalformedPolicyDocument: "));
  }
  EXPECT_EQ(ok("ListUserPolicies", {{"UserName", "alice"}}).count("member"), 0U);
}

TEST_F(PoliciesTest, DocumentsComeBackPercentEncoded) {
  const std::string document =
      "{\"Version\": \"2012-10-17\",\n"
      " \"Statement\": {\"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\"}}";
  ok("CreateUser", {{"UserName", "alice"}});
  ok("PutUserPolicy", {{"UserName", "alice"}, {"PolicyName", "p"}, {"PolicyDocument", document}});
  const Answer shown = ok("GetUserPolicy", {{"UserName", "alice"}, {"PolicyName", "p"}});
  EXPECT_THAT(shown.response.body, HasSubstr("%7B%22Version%22%3A%20%222012-10-17%22%2C%0A"));
  EXPECT_EQ(shown.document("PolicyDocument"), document);
  ok("DeleteUserPolicy", {{"UserName", "alice"}, {"PolicyName", "p"}});
}

TEST_F(PoliciesTest, VersionsAreNumberedListedAndChosen) {
  const std::string arn = make_policy("p");
  const auto add = [&](const std::string& as_default) {
    return call("CreatePolicyVersion", {{"PolicyArn", arn}, {"PolicyDocument", kAllow}, {"SetAsDefault", as_default}});
  };
  EXPECT_EQ(add("true").field("VersionId"), "v2");
  EXPECT_EQ(ok("GetPolicy", {{"PolicyArn", arn}}).field("DefaultVersionId"), "v2");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(add("false").response.status, 200);
  EXPECT_THAT(add("false").outcome(), StartsWith("409 LimitExceeded: A managed policy can have up to 5 versions."));
  ok("SetDefaultPolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v1"}});
  EXPECT_EQ(fails("DeletePolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v1"}}),
            "409 DeleteConflict: Cannot delete the default version of a policy.");
  ok("DeletePolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v2"}});
  EXPECT_EQ(fails("GetPolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v2"}}),
            "404 NoSuchEntity: Policy " + arn + " version v2 does not exist or is not attachable.");
  const Answer listed = ok("ListPolicyVersions", {{"PolicyArn", arn}, {"MaxItems", "3"}});
  EXPECT_EQ(listed.count("VersionId"), 3U);
  EXPECT_EQ(listed.field("VersionId"), "v5");
  EXPECT_EQ(ok("ListPolicyVersions", {{"PolicyArn", arn}, {"Marker", listed.field("Marker")}}).field("VersionId"),
            "v1");
}

TEST_F(PoliciesTest, AttachmentsCountAndAreFoundFromThePolicy) {
  const std::string arn = make_policy("p");
  make_role("r");
  ok("CreateUser", {{"UserName", "alice"}});
  ok("CreateGroup", {{"GroupName", "staff"}});
  ok("AttachRolePolicy", {{"RoleName", "r"}, {"PolicyArn", arn}});
  ok("AttachUserPolicy", {{"UserName", "alice"}, {"PolicyArn", arn}});
  ok("AttachGroupPolicy", {{"GroupName", "staff"}, {"PolicyArn", arn}});
  EXPECT_EQ(ok("GetPolicy", {{"PolicyArn", arn}}).field("AttachmentCount"), "3");
  const Answer entities = ok("ListEntitiesForPolicy", {{"PolicyArn", arn}});
  EXPECT_EQ(entities.field("RoleName") + entities.field("UserName") + entities.field("GroupName"), "ralicestaff");
  const Answer roles = ok("ListEntitiesForPolicy", {{"PolicyArn", arn}, {"EntityFilter", "Role"}});
  EXPECT_EQ(roles.count("RoleName") + roles.count("UserName") + roles.count("GroupName"), 1U);
  EXPECT_EQ(
      ok("ListEntitiesForPolicy", {{"PolicyArn", arn}, {"PolicyUsageFilter", "PermissionsBoundary"}}).count("RoleName"),
      0U);
  ok("DetachUserPolicy", {{"UserName", "alice"}, {"PolicyArn", arn}});
  EXPECT_EQ(fails("DetachUserPolicy", {{"UserName", "alice"}, {"PolicyArn", arn}}),
            "404 NoSuchEntity: Policy " + arn + " was not found.");
  EXPECT_EQ(fails("AttachUserPolicy", {{"UserName", "alice"}, {"PolicyArn", arn + "x"}}),
            "404 NoSuchEntity: Policy " + arn + "x does not exist or is not attachable.");
  EXPECT_EQ(fails("AttachUserPolicy",
                  {{"UserName", "alice"},
                   {"PolicyArn", "arn:aws:iam::aws:policy/aws-service-role/BedrockAgentCoreNetworkServiceRolePolicy"}}),
            "400 PolicyNotAttachable: Cannot attach a Service Role Policy to a Customer Role.");
}

TEST_F(PoliciesTest, ListPoliciesKnowsScopeAttachmentAndPages) {
  const std::string arn = make_policy("p");
  make_policy("q");
  make_role("r");
  ok("AttachRolePolicy", {{"RoleName", "r"}, {"PolicyArn", arn}});
  EXPECT_EQ(ok("ListPolicies", {{"Scope", "Local"}}).count("PolicyName"), 2U);
  const Answer attached = ok("ListPolicies", {{"Scope", "Local"}, {"OnlyAttached", "true"}});
  EXPECT_EQ(attached.count("PolicyName"), 1U);
  EXPECT_EQ(attached.field("PolicyName"), "p");
  const Answer aws = ok("ListPolicies", {{"Scope", "AWS"}});
  EXPECT_THAT(aws.response.body, HasSubstr("arn:aws:iam::aws:policy/AdministratorAccess"));
  EXPECT_THAT(aws.response.body, Not(HasSubstr(arn)));
  std::size_t seen = 0;
  std::string marker;
  do {
    Parameters parameters = {{"MaxItems", "7"}};
    if (!marker.empty()) parameters.emplace_back("Marker", marker);
    const Answer page = ok("ListPolicies", parameters);
    seen += page.count("PolicyName");
    marker = page.field("Marker");
  } while (!marker.empty());
  EXPECT_EQ(seen, aws.count("PolicyName") + 2);
}

TEST_F(PoliciesTest, TagsOfEveryNounAreAddedListedAndTakenAway) {
  make_role("n");
  ok("CreateUser", {{"UserName", "n"}});
  ok("CreateInstanceProfile", {{"InstanceProfileName", "n"}});
  const std::string arn = make_policy("n");
  const std::string provider =
      ok("CreateOpenIDConnectProvider", {{"Url", "https://token.example.com"}}).field("OpenIDConnectProviderArn");
  const struct {
    std::string noun, member, name;
  } cases[] = {{"Role", "RoleName", "n"},
               {"User", "UserName", "n"},
               {"Policy", "PolicyArn", arn},
               {"InstanceProfile", "InstanceProfileName", "n"},
               {"OpenIDConnectProvider", "OpenIDConnectProviderArn", provider}};
  for (const auto& [noun, member, name] : cases) {
    ok("Tag" + noun, {{member, name},
                      {"Tags.member.1.Key", "a"},
                      {"Tags.member.1.Value", "1"},
                      {"Tags.member.2.Key", "b"},
                      {"Tags.member.2.Value", ""}});
    const Answer page = ok("List" + noun + "Tags", {{member, name}, {"MaxItems", "1"}});
    EXPECT_EQ(page.field("Key") + page.field("IsTruncated"), "atrue") << noun;
    ok("Untag" + noun, {{member, name}, {"TagKeys.member.1", "A"}});
    const Answer left = ok("List" + noun + "Tags", {{member, name}});
    EXPECT_EQ(left.field("Key"), "b") << noun;
    EXPECT_EQ(left.count("Key"), 1U) << noun;
  }
}

TEST_F(PoliciesTest, TheAccountHasAnAliasASummaryAndItsDetails) {
  ok("CreateAccountAlias", {{"AccountAlias", "red-team"}});
  EXPECT_EQ(ok("ListAccountAliases").field("member"), "red-team");
  const api::testing::Keys other = server.account("222222222222");
  EXPECT_EQ(call_as(other, "CreateAccountAlias", {{"AccountAlias", "red-team"}}).outcome(),
            "409 EntityAlreadyExists: The account alias red-team already exists.");
  ok("DeleteAccountAlias", {{"AccountAlias", "red-team"}});
  EXPECT_EQ(ok("ListAccountAliases").count("member"), 0U);
  make_role("r");
  EXPECT_THAT(ok("GetAccountSummary").response.body, HasSubstr("<key>Roles</key><value>1</value>"));
}

TEST_F(PoliciesTest, AuthorizationDetailsShowAllPagesOfWhatWasAskedFor) {
  make_role("r");
  make_role("s");
  ok("CreateGroup", {{"GroupName", "staff"}});
  ok("PutRolePolicy", {{"RoleName", "r"}, {"PolicyName", "inline"}, {"PolicyDocument", kAllow}});
  const std::string arn = make_policy("p");
  const Answer roles = ok("GetAccountAuthorizationDetails", {{"Filter.member.1", "Role"}});
  EXPECT_EQ(roles.count("RoleId"), 2U);
  EXPECT_EQ(roles.count("UserId"), 0U);
  EXPECT_EQ(roles.document("PolicyDocument"), kAllow);
  std::string all, marker;
  int pages = 0;
  do {
    Parameters parameters = {{"MaxItems", "2"},
                             {"Filter.member.1", "User"},
                             {"Filter.member.2", "Role"},
                             {"Filter.member.3", "Group"},
                             {"Filter.member.4", "LocalManagedPolicy"}};
    if (!marker.empty()) parameters.emplace_back("Marker", marker);
    const Answer page = ok("GetAccountAuthorizationDetails", parameters);
    all += page.response.body;
    marker = page.field("Marker");
  } while (!marker.empty() && ++pages < 10);
  for (const char* expected : {"role/r<", "role/s<", "group/staff<", "user/admin<", "policy/p<"}) {
    EXPECT_THAT(all, HasSubstr(expected));
  }
  EXPECT_THAT(ok("GetAccountAuthorizationDetails", {{"MaxItems", "1000"}}).response.body,
              HasSubstr("policy/AdministratorAccess<"));
}

TEST_F(PoliciesTest, NobodyReachesAnotherAccount) {
  const api::testing::Keys other = server.account("222222222222");
  const std::string arn = make_policy("p");
  make_role("r");
  EXPECT_EQ(call_as(other, "GetRole", {{"RoleName", "r"}}).field("Code"), "NoSuchEntity") << "names are the caller's";
  EXPECT_NE(call_as(other, "GetPolicy", {{"PolicyArn", arn}}).response.status, 200);
  EXPECT_NE(call_as(other, "DeletePolicy", {{"PolicyArn", arn}}).response.status, 200);
  EXPECT_NE(call_as(other, "TagPolicy", {{"PolicyArn", arn}, {"Tags.member.1.Key", "k"}, {"Tags.member.1.Value", "v"}})
                .response.status,
            200);
  ok("GetPolicy", {{"PolicyArn", arn}});
}

}  // namespace
}  // namespace warifu::services::iam
