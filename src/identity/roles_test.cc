#include "identity/roles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "identity/gather.h"
#include "identity/instance_profiles.h"
#include "identity/oidc_providers.h"
#include "identity/principals.h"
#include "identity/resource_policies.h"
#include "identity/test_world.h"

namespace warifu::identity {
namespace {

using RolesTest = World;
using ::testing::HasSubstr;
using ::testing::Not;

std::string trusting(const std::string& principal) {
  return fmt::format(
      R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{},"Action":"sts:AssumeRole"}}]}})",
      principal);
}

TEST_F(RolesTest, ATrustPolicyKeepsUniqueIdsAndShowsArns) {
  const User bob = make_user(b, "bob", "/x/");
  const Role role = make_role(a, "worker", trusting(R"({"AWS":["arn:aws:iam::222222222222:user/x/bob","*"]})"));
  const auto stored = read([&](store::Reader& reader) { return find_resource_policy(reader, a, role.arn); });
  ASSERT_TRUE(stored);
  EXPECT_THAT(stored->document, HasSubstr(bob.id));
  EXPECT_THAT(stored->document, Not(HasSubstr("user/x/bob")));
  EXPECT_THAT(read([&](store::Reader& reader) { return trust_policy(reader, a, role); }),
              HasSubstr("arn:aws:iam::222222222222:user/x/bob"));
}

TEST_F(RolesTest, APrincipalThatIsMadeAgainUnderItsNameIsNotTrusted) {
  const User old = make_user(b, "bob");
  const Role role = make_role(a, "worker", trusting(R"({"AWS":"arn:aws:iam::222222222222:user/bob"})"));
  expect_ok([&](store::Txn& txn) { return delete_user(txn, b, "bob"); });
  const User again = make_user(b, "bob");
  EXPECT_NE(old.id, again.id);
  const std::string shown = read([&](store::Reader& reader) { return trust_policy(reader, a, role); });
  EXPECT_THAT(shown, HasSubstr("\"AWS\":\"" + old.id + "\""));
  EXPECT_THAT(shown, Not(HasSubstr("user/bob")));
}

TEST_F(RolesTest, UnknownPrincipalsAreRefusedWithTheirType) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"AWS":"arn:aws:iam::222222222222:user/ghost"})", R"("AWS":"arn:aws:iam::222222222222:user/ghost")"},
      {R"({"AWS":"arn:aws:iam::222222222222:role/ghost"})", R"("AWS":"arn:aws:iam::222222222222:role/ghost")"},
      {R"({"AWS":"arn:aws:iam::222222222222:group/g"})", R"("AWS":"arn:aws:iam::222222222222:group/g")"},
      {R"({"AWS":"arn:aws:iam::999999999999:root"})", R"("AWS":"arn:aws:iam::999999999999:root")"},
      {R"({"AWS":"999999999999"})", R"("AWS":"999999999999")"},
      {R"({"AWS":"AROAGHOST"})", R"("AWS":"AROAGHOST")"},
      {R"({"AWS":"nonsense"})", R"("AWS":"nonsense")"},
      {R"({"AWS":["*","nonsense"]})", R"("AWS":"nonsense")"},
      {R"({"Service":"example.com"})", R"("SERVICE":"example.com")"},
      {R"({"Federated":"example.com"})", R"("FEDERATED":"example.com")"},
  };
  for (const auto& [principal, shown] : cases) {
    EXPECT_EQ(failure([&](store::Txn& txn) {
                return create_role(txn, a, {.name = "r", .path = "/", .id = "AROAX"}, trusting(principal), {});
              }),
              std::string("MalformedPolicyDocument: Invalid principal in policy: ") + shown);
  }
  EXPECT_FALSE(read([&](store::Reader& reader) { return find_role(reader, a, "r"); })) << "nothing half made";
}

TEST_F(RolesTest, KnownPrincipalsOfEveryFormAreTaken) {
  make_role(a, "r");
  const char* const cases[] = {
      R"("*")",
      R"({"AWS":"222222222222"})",
      R"({"AWS":"arn:aws:iam::222222222222:root"})",
      R"({"AWS":"arn:aws:iam::111111111111:role/r"})",
      R"({"AWS":"arn:aws:sts::222222222222:assumed-role/x/session"})",
      R"({"Service":["bedrock-agentcore.amazonaws.com","lambda.amazonaws.com"]})",
      R"({"Federated":"arn:aws:iam::111111111111:oidc-provider/token.example.com"})",
  };
  for (const char* principal : cases) {
    expect_ok([&](store::Txn& txn) { return set_trust_policy(txn, a, "r", trusting(principal), Timestamp{}); });
  }
  expect_ok([&](store::Txn& txn) {
    return set_trust_policy(txn, a, "r", trusting(R"({"AWS":"222222222222"})"), Timestamp{});
  });
  const Role role = read([&](store::Reader& reader) { return require_role(reader, a, "r"); });
  EXPECT_THAT(read([&](store::Reader& reader) { return trust_policy(reader, a, role); }),
              HasSubstr("arn:aws:iam::222222222222:root"));
}

TEST_F(RolesTest, ATrustPolicyHasItsQuota) {
  make_role(a, "r");
  const std::string padded = trusting("\"" + std::string(kTrustPolicyCharactersMax, 'x') + "\"");
  EXPECT_EQ(failure([&](store::Txn& txn) { return set_trust_policy(txn, a, "r", padded, Timestamp{}); }),
            "LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048");
  const std::string spaced = trusting("\"*\"") + std::string(kTrustPolicyCharactersMax, ' ');
  expect_ok([&](store::Txn& txn) { return set_trust_policy(txn, a, "r", spaced, Timestamp{}); });
}

TEST_F(RolesTest, ARoleIsFoundByItsWholeArnOnly) {
  expect_ok([&](store::Txn& txn) {
    return create_role(txn, a, {.name = "r", .path = "/p/", .id = "AROAX"}, kTrustRoot, {});
  });
  const auto by_arn = [&](const std::string& arn) {
    return read([&](store::Reader& reader) { return role_by_arn(reader, arn); }).has_value();
  };
  EXPECT_TRUE(by_arn("arn:aws:iam::111111111111:role/p/r"));
  EXPECT_FALSE(by_arn("arn:aws:iam::111111111111:role/r"));
  EXPECT_FALSE(by_arn("arn:aws:iam::111111111111:role/p/R"));
  EXPECT_FALSE(by_arn("arn:aws:iam::222222222222:role/p/r"));
  EXPECT_FALSE(by_arn("arn:aws:iam::111111111111:user/p/r"));
}

TEST_F(RolesTest, AProfileHoldsOneRoleAndBlocksItsDeletion) {
  const Role role = make_role(a, "r");
  make_role(a, "other");
  expect_ok(
      [&](store::Txn& txn) { return create_instance_profile(txn, a, {.name = "p", .path = "/", .id = "AIPAX"}, {}); });
  expect_ok([&](store::Txn& txn) { return add_role_to_profile(txn, a, "p", "r"); });
  EXPECT_EQ(failure([&](store::Txn& txn) { return add_role_to_profile(txn, a, "p", "other"); }),
            "LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
  EXPECT_EQ(failure([&](store::Txn& txn) { return delete_role(txn, a, "r"); }),
            "DeleteConflict: Cannot delete entity, must remove roles from instance profile first.");
  EXPECT_EQ(failure([&](store::Txn& txn) { return delete_instance_profile(txn, a, "p"); }),
            "DeleteConflict: Cannot delete entity, must remove roles from instance profile first.");
  EXPECT_EQ(read([&](store::Reader& reader) { return profiles_of_role(reader, a, role.id, {}); }).items.size(), 1U);
  expect_ok([&](store::Txn& txn) { return remove_role_from_profile(txn, a, "p", "r"); });
  expect_ok([&](store::Txn& txn) { return delete_instance_profile(txn, a, "p"); });
  expect_ok([&](store::Txn& txn) { return delete_role(txn, a, "r"); });
  EXPECT_FALSE(read([&](store::Reader& reader) { return find_resource_policy(reader, a, role.arn); }));
}

TEST_F(RolesTest, OidcProvidersAreKeyedByUrl) {
  const std::string arn = oidc_provider_arn(a, "token.example.com/x");
  expect_ok([&](store::Txn& txn) { return create_oidc_provider(txn, a, {.url = "token.example.com/x"}, {}); });
  EXPECT_EQ(failure([&](store::Txn& txn) { return create_oidc_provider(txn, a, {.url = "token.example.com/x"}, {}); }),
            "EntityAlreadyExists: Provider with url https://token.example.com/x already exists.");
  expect_ok(
      [&](store::Txn& txn) { return update_oidc_provider(txn, a, {.arn = arn, .client_ids = {"sts.amazonaws.com"}}); });
  EXPECT_EQ(read([&](store::Reader& reader) { return require_oidc_provider(reader, a, arn); }).client_ids.size(), 1U);
  for (const char* other : {"arn:aws:iam::222222222222:oidc-provider/token.example.com/x",
                            "arn:aws:sts::111111111111:oidc-provider/token.example.com/x", "token.example.com/x"}) {
    EXPECT_FALSE(read([&](store::Reader& reader) { return find_oidc_provider(reader, a, other); })) << other;
  }
  expect_ok([&](store::Txn& txn) { return delete_oidc_provider(txn, a, arn); });
  expect_ok([&](store::Txn& txn) { return delete_oidc_provider(txn, a, arn); });
  EXPECT_TRUE(read([&](store::Reader& reader) { return list_oidc_providers(reader, a); }).empty());
}

}  // namespace
}  // namespace warifu::identity
