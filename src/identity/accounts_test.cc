#include "identity/accounts.h"

#include <gmock/gmock.h>

#include "identity/access_keys.h"
#include "identity/gather.h"
#include "identity/principals.h"
#include "identity/resource_policies.h"
#include "identity/tags.h"
#include "identity/test_world.h"

namespace warifu::identity {
namespace {

using AccountsTest = World;

TEST_F(AccountsTest, AnAccountIsFoundByItsNumberAndListedInOrder) {
  const auto accounts = read([&](store::Reader& reader) { return list_accounts(reader); });
  ASSERT_EQ(accounts.size(), 2U);
  EXPECT_EQ(accounts[0].id, a.str());
  EXPECT_EQ(accounts[1].name, "b");
  EXPECT_EQ(failure([&](store::Txn& txn) { return create_account(txn, {.id = a.str()}); }),
            "EntityAlreadyExists: account 111111111111 already exists");
}

TEST_F(AccountsTest, AnAliasBelongsToOneAccountAndASecondReplacesTheFirst) {
  expect_ok([&](store::Txn& txn) { return put_account_alias(txn, a, "red"); });
  EXPECT_EQ(failure([&](store::Txn& txn) { return put_account_alias(txn, b, "red"); }),
            "EntityAlreadyExists: The account alias red already exists.");
  expect_ok([&](store::Txn& txn) { return put_account_alias(txn, a, "blue"); });
  expect_ok([&](store::Txn& txn) { return put_account_alias(txn, b, "red"); });
  EXPECT_EQ(read([&](store::Reader& reader) { return find_account(reader, a); })->alias, "blue");
  EXPECT_EQ(failure([&](store::Txn& txn) { return erase_account_alias(txn, a, "red"); }),
            "NoSuchEntity: The account alias red cannot be found.");
}

TEST_F(AccountsTest, DeletingAnAccountKillsItsCredentialsAndLeavesNoRowBehind) {
  const User user = make_user(a, "alice");
  make_role(a, "worker");
  expect_ok([&](store::Txn& txn) {
    return create_access_key(txn, a, {.id = "AKIAAAAAAAAAAAAAAAAA", .user_id = user.id, .secret = "s"});
  });
  expect_ok([&](store::Txn& txn) { return put_tags(txn, a, "arn:aws:x:::y", {{"k", "v"}}); });
  const std::uint64_t before = version(a);

  expect_ok([&](store::Txn& txn) { return delete_account(txn, a); });

  EXPECT_FALSE(read(
      [&](store::Reader& reader) { return find_access_key(reader, *AccessKeyId::parse("AKIAAAAAAAAAAAAAAAAA")); }));
  EXPECT_FALSE(read([&](store::Reader& reader) { return gather(reader, a, user.id); }));
  EXPECT_FALSE(read([&](store::Reader& reader) { return principal_by_id(reader, user.id); }));
  EXPECT_TRUE(read([&](store::Reader& reader) { return tags_of(reader, a, "arn:aws:x:::y"); }).empty());
  EXPECT_GT(version(a), before) << "a cache must not take what it remembers for today's";
  EXPECT_THAT(failure([&](store::Txn& txn) { return create_account(txn, {.id = a.str(), .name = "again"}); }),
              ::testing::HasSubstr("its number is not used again"));
}

TEST_F(AccountsTest, AResourcePolicysVersionNeverComesBack) {
  const std::string arn = "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/m-0123456789";
  std::vector<std::uint64_t> versions;
  for (int i = 0; i < 3; ++i) {
    expect_ok([&](store::Txn& txn) { return put_resource_policy(txn, a, arn, "{}", Timestamp{5}); });
    versions.push_back(read([&](store::Reader& reader) { return find_resource_policy(reader, a, arn); })->version);
    EXPECT_TRUE(expect_ok([&](store::Txn& txn) { return erase_resource_policy(txn, a, arn); }));
  }
  EXPECT_FALSE(expect_ok([&](store::Txn& txn) { return erase_resource_policy(txn, a, arn); }));
  EXPECT_THAT(versions, ::testing::ElementsAre(1, 2, 3));
}

TEST_F(AccountsTest, ResourcePoliciesAndTagsOfOneAccountAreInvisibleInAnother) {
  const std::string arn = "arn:aws:s3:::bucket";
  expect_ok([&](store::Txn& txn) { return put_resource_policy(txn, a, arn, "{}", Timestamp{}); });
  expect_ok([&](store::Txn& txn) { return put_tags(txn, a, arn, {{"k", "v"}}); });
  EXPECT_FALSE(read([&](store::Reader& reader) { return find_resource_policy(reader, b, arn); }));
  EXPECT_TRUE(read([&](store::Reader& reader) { return tags_of(reader, b, arn); }).empty());
}

TEST_F(AccountsTest, TagsOverwriteByExactKeyAndStopAtTheirLimit) {
  const std::string arn = "arn:aws:s3:::bucket";
  Tags tags;
  for (std::size_t i = 0; i < kTagsMax; ++i) tags.push_back({"k" + std::to_string(i), "v"});
  expect_ok([&](store::Txn& txn) { return put_tags(txn, a, arn, tags); });
  expect_ok([&](store::Txn& txn) { return put_tags(txn, a, arn, {{"k0", "new"}}); });
  EXPECT_EQ(failure([&](store::Txn& txn) { return put_tags(txn, a, arn, {{"K0", "other key"}}); }),
            ": a resource has at most 50 tags");
  const std::vector<std::string> gone = {"k1", "absent"};
  expect_ok([&](store::Txn& txn) { return erase_tags(txn, a, arn, gone); });
  const Tags left = read([&](store::Reader& reader) { return tags_of(reader, a, arn); });
  EXPECT_EQ(left.size(), kTagsMax - 1);
  EXPECT_EQ(left[0], (Tag{"k0", "new"}));
}

TEST_F(AccountsTest, TagsOfPrincipalsDifferWithoutCaseAndMoveTheVersion) {
  const Role role = make_role(a, "worker");
  const std::uint64_t before = version(a);
  expect_ok([&](store::Txn& txn) { return put_principal_tags(txn, a, role.arn, {{"Team", "red"}}); });
  expect_ok([&](store::Txn& txn) { return put_principal_tags(txn, a, role.arn, {{"team", "blue"}}); });
  EXPECT_THAT(read([&](store::Reader& reader) { return tags_of(reader, a, role.arn); }),
              ::testing::ElementsAre(Tag{"team", "blue"}));
  EXPECT_GT(version(a), before);
  const std::vector<std::string> keys = {"TEAM"};
  expect_ok([&](store::Txn& txn) { return erase_principal_tags(txn, a, role.arn, keys); });
  EXPECT_TRUE(read([&](store::Reader& reader) { return tags_of(reader, a, role.arn); }).empty());
}

TEST_F(AccountsTest, AUserHasAtMostTwoKeysAndAKeyIdIsTakenOnce) {
  const User user = make_user(a, "alice");
  const User other = make_user(b, "bob");
  const auto add = [&](const AccountId& account, const User& whose, const std::string& id) {
    return [=](store::Txn& txn) { return create_access_key(txn, account, {.id = id, .user_id = whose.id}); };
  };
  expect_ok(add(a, user, "AKIA1"));
  EXPECT_EQ(failure(add(b, other, "AKIA1")), "EntityAlreadyExists: Access Key with id AKIA1 already exists.");
  expect_ok(add(a, user, "AKIA2"));
  EXPECT_EQ(failure(add(a, user, "AKIA3")), "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2");
  expect_ok([&](store::Txn& txn) { return set_access_key_active(txn, a, user.id, "AKIA1", false); });
  const auto found = read([&](store::Reader& reader) { return find_access_key(reader, *AccessKeyId::parse("AKIA1")); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->account, a);
  EXPECT_FALSE(found->key.active);
  expect_ok([&](store::Txn& txn) { return delete_access_key(txn, a, user.id, "AKIA1"); });
  EXPECT_EQ(failure([&](store::Txn& txn) { return delete_access_key(txn, a, user.id, "AKIA1"); }),
            "NoSuchEntity: The Access Key with id AKIA1 cannot be found.");
  EXPECT_EQ(failure([&](store::Txn& txn) { return delete_access_key(txn, b, other.id, "AKIA2"); }),
            "NoSuchEntity: The Access Key with id AKIA2 cannot be found.");
}

TEST_F(AccountsTest, LastUseKeepsTheLaterTimeAndDoesNotMoveTheVersion) {
  const std::uint64_t before = version(a);
  expect_ok([&](store::Txn& txn) { return note_used(txn, a, "AKIA1", {Timestamp{2000}, "iam", "us-east-1"}); });
  expect_ok([&](store::Txn& txn) { return note_used(txn, a, "AKIA1", {Timestamp{1000}, "sts", "us-east-1"}); });
  const LastUsed use = read([&](store::Reader& reader) { return last_used(reader, a, "AKIA1"); });
  EXPECT_EQ(use.when.ms, 2000);
  EXPECT_EQ(use.service, "iam");
  EXPECT_EQ(version(a), before);
}

}  // namespace
}  // namespace warifu::identity
