#include "identity/policies.h"

#include "identity/resource_policies.h"

#include <gmock/gmock.h>

#include "identity/aws_policies.h"
#include "identity/gather.h"
#include "identity/test_world.h"
#include "policy/document.h"

namespace warifu::identity {
namespace {

using PoliciesTest = World;
using ::testing::ElementsAre;

constexpr const char* kReadOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess";

std::vector<std::string> held_names(const PrincipalPolicies& held) {
  std::vector<std::string> names;
  for (const HeldPolicy& policy : held.identity) names.push_back(policy.group + ":" + policy.name);
  return names;
}

TEST_F(PoliciesTest, AUserHoldsItsOwnAndItsGroupsPoliciesAndItsBoundary) {
  const User alice = make_user(a, "alice");
  const Group staff = make_group(a, "staff");
  const ManagedPolicy mine = make_policy(a, "mine");
  const ManagedPolicy fence = make_policy(a, "fence", "{\"fence\":1}");
  expect_ok([&](store::Txn& txn) { return put_inline_policy(txn, a, holder(alice), {"own", kAllowAll}); });
  expect_ok([&](store::Txn& txn) { return attach_policy(txn, a, holder(alice), mine.arn); });
  expect_ok([&](store::Txn& txn) { return put_inline_policy(txn, a, holder(staff), {"shared", kAllowAll}); });
  expect_ok([&](store::Txn& txn) { return attach_policy(txn, a, holder(staff), kReadOnly); });
  expect_ok([&](store::Txn& txn) { return add_to_group(txn, a, "staff", "alice"); });
  expect_ok([&](store::Txn& txn) { return set_user_boundary(txn, a, "alice", fence.arn); });

  const auto held = read([&](store::Reader& reader) { return gather(reader, a, alice.id); });
  ASSERT_TRUE(held);
  EXPECT_THAT(held_names(*held), ElementsAre(":own", ":mine", "staff:shared", "staff:ReadOnlyAccess"));
  EXPECT_EQ(held->identity[2].as, HeldAs::kGroupInline);
  EXPECT_EQ(held->identity[3].as, HeldAs::kGroupAttached);
  EXPECT_EQ(held->identity[3].document, find_aws_policy(kReadOnly)->document);
  ASSERT_TRUE(held->boundary);
  EXPECT_EQ(held->boundary->document, "{\"fence\":1}");
  EXPECT_EQ(held->version, version(a));
  EXPECT_FALSE(read([&](store::Reader& reader) { return gather(reader, b, alice.id); })) << "another account";
}

TEST_F(PoliciesTest, EveryWriteThatChangesWhatIsGatheredMovesTheVersion) {
  const Role role = make_role(a, "r");
  const ManagedPolicy policy = make_policy(a, "p");
  using Step = std::function<Result<>(store::Txn&)>;
  const Step steps[] = {
      [&](store::Txn& txn) { return put_inline_policy(txn, a, holder(role), {"i", "{}"}); },
      [&](store::Txn& txn) { return put_inline_policy(txn, a, holder(role), {"i", "{ }"}); },
      [&](store::Txn& txn) { return attach_policy(txn, a, holder(role), policy.arn); },
      [&](store::Txn& txn) -> Result<> {
        TRY(create_policy_version(txn, a, policy.arn, "{}", true, Timestamp{}));
        return {};
      },
      [&](store::Txn& txn) { return set_default_policy_version(txn, a, policy.arn, "v1", Timestamp{}); },
      [&](store::Txn& txn) { return set_role_boundary(txn, a, "r", policy.arn); },
      [&](store::Txn& txn) { return set_role_boundary(txn, a, "r", ""); },
      [&](store::Txn& txn) { return detach_policy(txn, a, holder(role), policy.arn); },
      [&](store::Txn& txn) { return delete_inline_policy(txn, a, holder(role), "i"); },
      [&](store::Txn& txn) { return delete_role(txn, a, "r"); },
  };
  const std::uint64_t other = version(b);
  for (const Step& step : steps) {
    const std::uint64_t before = version(a);
    expect_ok(step);
    EXPECT_GT(version(a), before) << "step " << &step - steps;
  }
  EXPECT_EQ(version(b), other);
}

TEST_F(PoliciesTest, APolicyHasAtMostFiveVersionsWhoseNumbersNeverComeBack) {
  const ManagedPolicy policy = make_policy(a, "p");
  const auto add = [&](store::Txn& txn) { return create_policy_version(txn, a, policy.arn, "{}", false, Timestamp{}); };
  for (int i = 0; i < 4; ++i) expect_ok(add);
  EXPECT_EQ(failure(add),
            "LimitExceeded: A managed policy can have up to 5 versions. Before you create a new version, you must "
            "delete an existing version.");
  expect_ok([&](store::Txn& txn) { return delete_policy_version(txn, a, policy.arn, "v5"); });
  EXPECT_EQ(expect_ok(add).number, 6);
  EXPECT_EQ(failure([&](store::Txn& txn) { return delete_policy_version(txn, a, policy.arn, "v1"); }),
            "DeleteConflict: Cannot delete the default version of a policy.");
  for (const char* version : {"v5", "v01", "1", "v", "v-1", "v99999999999999999999", ""}) {
    EXPECT_EQ(failure([&](store::Txn& txn) { return delete_policy_version(txn, a, policy.arn, version); }),
              "NoSuchEntity: Policy " + policy.arn + " version " + version + " does not exist or is not attachable.");
  }
  std::vector<std::int64_t> numbers;
  for (const PolicyVersion& version :
       read([&](store::Reader& reader) { return list_policy_versions(reader, a, policy); })) {
    numbers.push_back(version.number);
  }
  EXPECT_THAT(numbers, ElementsAre(6, 4, 3, 2, 1));
}

TEST_F(PoliciesTest, APolicyInUseCannotBeDeleted) {
  const ManagedPolicy policy = make_policy(a, "p");
  const Role role = make_role(a, "r");
  const auto remove = [&](store::Txn& txn) { return delete_policy(txn, a, policy.arn); };
  expect_ok([&](store::Txn& txn) { return attach_policy(txn, a, holder(role), policy.arn); });
  EXPECT_EQ(failure(remove), "DeleteConflict: Cannot delete a policy attached to entities.");
  expect_ok([&](store::Txn& txn) { return detach_policy(txn, a, holder(role), policy.arn); });
  expect_ok([&](store::Txn& txn) { return set_role_boundary(txn, a, "r", policy.arn); });
  EXPECT_EQ(failure(remove), "DeleteConflict: Cannot delete a policy attached to entities.");
  EXPECT_EQ(
      read([&](store::Reader& reader) { return policy_users(reader, a, policy.arn, PolicyUsage::kBoundary); }).at(0).id,
      role.id);
  expect_ok([&](store::Txn& txn) { return set_role_boundary(txn, a, "r", ""); });
  expect_ok([&](store::Txn& txn) { return create_policy_version(txn, a, policy.arn, "{}", false, Timestamp{}); });
  EXPECT_THAT(failure(remove), ::testing::StartsWith("DeleteConflict: This policy has more than one version."));
  expect_ok([&](store::Txn& txn) { return delete_policy_version(txn, a, policy.arn, "v2"); });
  expect_ok(remove);
  EXPECT_EQ(failure(remove), "NoSuchEntity: Policy " + policy.arn + " was not found.");
}

TEST_F(PoliciesTest, AttachingIsIdempotentBoundedAndOnlyToWhatExistsHere) {
  const Role role = make_role(a, "r");
  const auto attach = [&](const std::string& arn) {
    return [&, arn](store::Txn& txn) { return attach_policy(txn, a, holder(role), arn); };
  };
  const ManagedPolicy foreign = make_policy(b, "theirs");
  EXPECT_EQ(failure(attach(foreign.arn)),
            "NoSuchEntity: Policy " + foreign.arn + " does not exist or is not attachable.");
  for (int i = 0; i < 10; ++i) expect_ok(attach(make_policy(a, "p" + std::to_string(i)).arn));
  expect_ok(attach("arn:aws:iam::111111111111:policy/p3"));
  EXPECT_EQ(failure(attach(kReadOnly)), "LimitExceeded: Cannot exceed quota for PoliciesPerRole: 10");
  EXPECT_EQ(failure([&](store::Txn& txn) { return detach_policy(txn, a, holder(role), kReadOnly); }),
            std::string("NoSuchEntity: Policy ") + kReadOnly + " was not found.");
}

TEST_F(PoliciesTest, InlinePoliciesShareOneQuotaThatWhiteSpaceDoesNotCount) {
  const User alice = make_user(a, "alice");
  const auto put = [&](const std::string& name, const std::string& document) {
    return [&, name, document](store::Txn& txn) { return put_inline_policy(txn, a, holder(alice), {name, document}); };
  };
  expect_ok(put("one", std::string(1'000, 'x') + std::string(5'000, ' ')));
  expect_ok(put("two", std::string(1'048, 'x')));
  EXPECT_EQ(failure(put("three", "x")), "LimitExceeded: Maximum policy size of 2048 bytes exceeded for user alice");
  expect_ok(put("two", std::string(1'047, 'x')));
  expect_ok(put("three", "x"));
  EXPECT_EQ(failure([&](store::Txn& txn) { return delete_inline_policy(txn, a, holder(alice), "Three"); }),
            "NoSuchEntity: The user policy with name Three cannot be found.");
}

TEST_F(PoliciesTest, AManagedPolicyHasItsQuota) {
  const auto create = [&](const std::string& name, std::size_t size) {
    return [&, name, size](store::Txn& txn) {
      return create_policy(txn, a, {.name = name, .path = "/", .id = "ANPA" + name}, std::string(size, 'x'), {});
    };
  };
  expect_ok(create("at", kManagedPolicyCharactersMax));
  EXPECT_EQ(failure(create("past", kManagedPolicyCharactersMax + 1)),
            "LimitExceeded: Cannot exceed quota for PolicySize: 6144");
  EXPECT_EQ(failure(create("AT", 1)),
            "EntityAlreadyExists: A policy called AT already exists. Duplicate names are not allowed.");
}

TEST_F(PoliciesTest, AwsPoliciesAreReadableEverywhereAndWritableNowhere) {
  ASSERT_GE(aws_policies().size(), 20U);
  for (const AwsPolicy& aws : aws_policies()) {
    EXPECT_EQ(find_aws_policy(aws.arn), &aws) << aws.arn;
    const Result<policy::Policy> parsed = policy::parse(aws.document, policy::Kind::kIdentity);
    EXPECT_TRUE(parsed) << aws.arn << ": " << parsed.error().message;
  }
  EXPECT_EQ(find_aws_policy("arn:aws:iam::aws:policy/NoSuchPolicy"), nullptr);
  const auto found = read([&](store::Reader& reader) {
    return find_policy(reader, b, "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole");
  });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->path, "/service-role/");
  EXPECT_TRUE(found->aws_owned);
  EXPECT_THAT(failure([&](store::Txn& txn) { return delete_policy(txn, a, kReadOnly); }),
              ::testing::StartsWith("AccessDenied: "));
}

TEST_F(PoliciesTest, ReadOnlyAccessHandsOutNoCredentials) {
  const std::string_view document = find_aws_policy(kReadOnly)->document;
  for (const char* pattern : {"\"bedrock-agentcore:Get*\"", "\"bedrock-agentcore:*\"", "\"redshift:Get*\"", "\"*\",",
                              "\"secretsmanager:Get*\"", "\"sts:*\""}) {
    EXPECT_EQ(document.find(pattern), std::string_view::npos) << pattern;
  }
}

TEST_F(PoliciesTest, AResourcePolicyBindsWhoIsThereAndShowsItsIdWhenItIsGone) {
  const std::string arn = "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/m-0123456789";
  const std::string text =
      R"( {"Statement": [{"Principal": {"AWS": ["arn:aws:iam::222222222222:role/r", "arn:aws:iam::222222222222:root",)"
      R"( "arn:aws:iam::222222222222:role/absent"]}}]} )";
  const Role role = make_role(b, "r");
  expect_ok([&](store::Txn& txn) { return put_bound_resource_policy(txn, a, arn, text, Timestamp{1}); });
  const auto shown = [&] { return *read([&](store::Reader& r) { return shown_resource_policy(r, a, arn); }); };
  const auto deciding = [&] {
    return read([&](store::Reader& r) { return find_resource_policy(r, a, arn); })->document;
  };
  EXPECT_EQ(shown(), text) << "byte for byte";
  EXPECT_NE(deciding().find(role.id), std::string::npos);
  EXPECT_EQ(deciding().find("role/r\""), std::string::npos);
  EXPECT_NE(deciding().find("role/absent"), std::string::npos);
  expect_ok([&](store::Txn& txn) { return delete_role(txn, b, "r"); });
  make_role(b, "r");
  EXPECT_EQ(shown(), R"({"Statement":[{"Principal":{"AWS":[")" + role.id +
                         R"(","arn:aws:iam::222222222222:root","arn:aws:iam::222222222222:role/absent"]}}]})");
  const std::string anyone = R"( {"Statement": [{"Principal": "*"}]} )";
  expect_ok([&](store::Txn& txn) { return put_bound_resource_policy(txn, a, arn, anyone, Timestamp{2}); });
  EXPECT_EQ(shown(), anyone);
  EXPECT_EQ(deciding(), anyone);
  EXPECT_TRUE(expect_ok([&](store::Txn& txn) { return erase_resource_policy(txn, a, arn); }));
  EXPECT_FALSE(read([&](store::Reader& r) { return shown_resource_policy(r, a, arn); }).has_value());
}

TEST_F(PoliciesTest, AForcedDeletionTakesTheRolesPoliciesAlong) {
  const Role role = make_role(a, "r");
  expect_ok([&](store::Txn& txn) { return attach_policy(txn, a, holder(role), kReadOnly); });
  expect_ok([&](store::Txn& txn) { return put_inline_policy(txn, a, holder(role), {"i", "{}"}); });
  EXPECT_NE(failure([&](store::Txn& txn) { return delete_role(txn, a, "r"); }), "no error");
  expect_ok([&](store::Txn& txn) { return delete_role(txn, a, "r", true); });
  EXPECT_TRUE(
      read([&](store::Reader& reader) { return policy_users(reader, a, kReadOnly, PolicyUsage::kAttached); }).empty());
}

}  // namespace
}  // namespace warifu::identity
