#include <map>
#include <set>

#include "access/estate_testing.h"
#include "access/organization.h"

/// Every key that comes from who calls, on what, and from organizations, by the kind of caller: present exactly where
/// AWS sets it (IAM user guide, "AWS global condition context keys"). Keys of the request itself are api's.
namespace warifu::access {
namespace {

using testing::document;
using testing::Estate;

struct Key {
  std::string name;
  std::set<std::string> callers;
};

const std::set<std::string> kSigned = {"user", "role", "root", "federated"};
const std::set<std::string> kAll = {"user", "role", "root", "federated", "service", "anonymous"};
const std::set<std::string> kSessions = {"role", "federated"};

const std::vector<Key>& keys(bool organizations) {
  static const std::vector<Key> without = {
      {"aws:PrincipalArn", kSigned},
      {"aws:PrincipalAccount", {"user", "role", "root", "federated", "anonymous"}},
      {"aws:PrincipalType", kAll},
      {"aws:PrincipalIsAWSService", {"user", "role", "root", "federated", "service"}},
      {"aws:PrincipalServiceName", {"service"}},
      {"aws:PrincipalServiceNamesList", {"service"}},
      {"aws:PrincipalTag/team", {"role"}},
      {"aws:userid", {"user", "role", "root", "federated", "anonymous"}},
      {"aws:username", {"user"}},
      {"aws:SourceAccount", {"service"}},
      {"aws:SourceArn", {"service"}},
      {"aws:TokenIssueTime", kSessions},
      {"aws:MultiFactorAuthPresent", kSessions},
      {"aws:RoleSessionName", {"role"}},
      {"aws:SourceIdentity", {"role"}},
      {"aws:ResourceAccount", kAll},
      {"aws:ResourceTag/stage", kAll},
      {"aws:PrincipalOrgID", {}},
      {"aws:PrincipalOrgPaths", {}},
      {"aws:ResourceOrgID", {}},
      {"aws:ResourceOrgPaths", {}},
      {"aws:SourceOrgID", {}},
      {"aws:SourceOrgPaths", {}},
      {"aws:CalledVia", {}},
      {"aws:CalledViaFirst", {}},
      {"aws:CalledViaLast", {}},
      {"aws:FederatedProvider", {}},
      {"aws:MultiFactorAuthAge", {}},
      {"aws:SourceVpc", {}},
      {"aws:SourceVpce", {}},
      {"aws:VpcSourceIp", {}},
      {"aws:TagKeys", {}},
      {"kms:ViaService", {}},
      {"kms:CallerAccount", {}},
      {"sts:ExternalId", {}},
      {"sts:RoleSessionName", {}},
  };
  static const std::vector<Key> with = [] {
    std::vector<Key> out = without;
    for (Key& key : out) {
      if (key.name.starts_with("aws:PrincipalOrg")) key.callers = kSigned;
      if (key.name.starts_with("aws:ResourceOrg")) key.callers = kAll;
      if (key.name.starts_with("aws:SourceOrg")) key.callers = {"service"};
    }
    return out;
  }();
  return organizations ? with : without;
}

class ConditionKeys : public ::testing::TestWithParam<bool> {
 protected:
  ConditionKeys() {
    if (GetParam()) estate.organize();
    estate.write([&](store::Txn& txn) {
      return identity::put_tags(txn, estate.b, kResource, {{.key = "stage", .value = "prod"}});
    });
    callers.emplace("user", estate.user(estate.b));
    callers.emplace("root", estate.root(estate.b));
    callers.emplace("federated", estate.federated(estate.b));
    callers.emplace("service", estate.service("222222222222", "arn:aws:bedrock-agentcore:us-east-1:222222222222:x"));
    callers.emplace("anonymous", estate.anonymous());
    Principal role = estate.session("R");
    role.session->tags = {{"team", "red"}};
    role.session->source_identity = "ann";
    callers.emplace("role", std::move(role));
  }
  std::set<std::string> present(const Principal& principal, std::string_view resource, std::string_view owner) {
    std::set<std::string> names;
    (void)estate.ask(
        principal, {.action = "s3:GetObject", .resource = resource, .resource_account = owner},
        [&](policy::Context& context) {
          for (const Key& key : keys(true)) {
            if (context.find(std::string_view(key.name)) != nullptr) names.insert(key.name);
          }
          context.for_each([&](std::string_view name, const policy::ContextValues&) { names.emplace(name); });
        });
    return names;
  }
  static constexpr std::string_view kResource = "arn:aws:s3:::box-of-b";
  Estate estate;
  std::map<std::string, Principal> callers;
};

TEST_P(ConditionKeys, ArePresentExactlyWhereTheyShouldBe) {
  for (const auto& [kind, principal] : callers) {
    std::set<std::string> wanted;
    for (const Key& key : keys(GetParam())) {
      if (key.callers.contains(kind)) wanted.insert(key.name);
    }
    EXPECT_EQ(present(principal, kResource, "222222222222"), wanted) << kind;
  }
}

TEST_P(ConditionKeys, OfTheResourcesOrganizationAreItsOwnersNotTheCallers) {
  for (const auto& [kind, principal] : callers) {
    const auto foreign = present(principal, "arn:aws:s3:::box-of-c", "333333333333");
    EXPECT_FALSE(foreign.contains("aws:ResourceOrgID")) << kind;
    EXPECT_FALSE(foreign.contains("aws:ResourceOrgPaths")) << kind;
    EXPECT_TRUE(foreign.contains("aws:ResourceAccount")) << kind;
  }
  const auto stranger = present(estate.user(estate.c), kResource, "222222222222");
  EXPECT_FALSE(stranger.contains("aws:PrincipalOrgID"));
  EXPECT_EQ(stranger.contains("aws:ResourceOrgID"), GetParam());
  const auto of_stranger = present(estate.service("333333333333"), kResource, "222222222222");
  EXPECT_FALSE(of_stranger.contains("aws:SourceOrgID"));
}

INSTANTIATE_TEST_SUITE_P(Estates, ConditionKeys, ::testing::Bool(),
                         [](const auto& param) { return param.param ? "Organized" : "Unorganized"; });

TEST(ConditionKeyValues, AreThoseOfTheOrganizationTheSessionAndTheSource) {
  Estate estate;
  estate.organize();
  const auto value = [&](const Principal& principal, std::string_view name) {
    std::string found = "absent";
    (void)estate.ask(principal,
                     {.action = "s3:GetObject", .resource = "arn:aws:s3:::b", .resource_account = "222222222222"},
                     [&](policy::Context& context) {
                       if (const auto* values = context.find(name)) found = std::string(values->values[0]);
                     });
    return found;
  };
  EXPECT_EQ(value(estate.user(estate.b), "aws:PrincipalOrgID"), "o-aaaaaaaaaa");
  EXPECT_EQ(value(estate.user(estate.b), "aws:PrincipalOrgPaths"), "o-aaaaaaaaaa/r-ab12/ou-ab12-11111111/");
  EXPECT_EQ(value(estate.user(estate.a), "aws:PrincipalOrgPaths"), "o-aaaaaaaaaa/r-ab12/");
  EXPECT_EQ(value(estate.user(estate.a), "aws:ResourceOrgPaths"), "o-aaaaaaaaaa/r-ab12/ou-ab12-11111111/");
  EXPECT_EQ(value(estate.service("111111111111"), "aws:SourceOrgPaths"), "o-aaaaaaaaaa/r-ab12/");
  EXPECT_EQ(value(estate.service("111111111111"), "aws:PrincipalServiceName"), "bedrock-agentcore.amazonaws.com");
  EXPECT_EQ(value(estate.service("111111111111"), "aws:SourceAccount"), "111111111111");
  EXPECT_EQ(value(estate.anonymous(), "aws:PrincipalAccount"), "anonymous");
  EXPECT_EQ(value(estate.anonymous(), "aws:PrincipalType"), "Anonymous");
  EXPECT_EQ(value(estate.session("R"), "aws:PrincipalArn"), "arn:aws:iam::222222222222:role/R");
  EXPECT_EQ(value(estate.federated(estate.b), "aws:PrincipalArn"), "arn:aws:sts::222222222222:federated-user/fred");
  EXPECT_EQ(value(estate.root(estate.b), "aws:userid"), "222222222222");
}

}  // namespace
}  // namespace warifu::access
