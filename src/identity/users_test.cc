#include "identity/users.h"

#include <gmock/gmock.h>

#include "identity/access_keys.h"
#include "identity/gather.h"
#include "identity/tags.h"
#include "identity/test_world.h"

namespace warifu::identity {
namespace {

using UsersTest = World;
using ::testing::ElementsAre;

std::vector<std::string> names(const auto& items) {
  std::vector<std::string> out;
  for (const auto& item : items) out.push_back(item.name);
  return out;
}

TEST_F(UsersTest, NamesAreUniqueWithoutCaseAndFoundOnlyInTheirCase) {
  make_user(a, "Alice");
  const User twin{.name = "alice", .path = "/", .id = "AIDAX"};
  EXPECT_EQ(failure([&](store::Txn& txn) { return create_user(txn, a, twin, {}); }),
            "EntityAlreadyExists: User with name alice already exists.");
  EXPECT_EQ(failure([&](store::Txn& txn) { return require_user(txn, a, "alice"); }),
            "NoSuchEntity: The user with name alice cannot be found.");
  EXPECT_EQ(read([&](store::Reader& reader) { return require_user(reader, a, "Alice"); }).arn,
            "arn:aws:iam::111111111111:user/Alice");
  EXPECT_FALSE(read([&](store::Reader& reader) { return find_user(reader, b, "Alice"); })) << "another account";
}

TEST_F(UsersTest, ListingsFilterByPathAndGoOnAfterTheirSlice) {
  for (const char* name : {"carol", "Alice", "bob", "dave"}) make_user(a, name, "/team/");
  make_user(a, "zoe");
  const auto slice = [&](const SliceQuery& query) {
    return read([&](store::Reader& reader) { return list_users(reader, a, query); });
  };
  const Slice<User> first = slice({.path_prefix = "/team/", .items_max = 2});
  EXPECT_THAT(names(first.items), ElementsAre("Alice", "bob"));
  const Slice<User> second = slice({.path_prefix = "/team/", .after = first.next, .items_max = 2});
  EXPECT_THAT(names(second.items), ElementsAre("carol", "dave"));
  EXPECT_EQ(second.next, "") << "zoe is not under the path";
  EXPECT_EQ(slice({}).items.size(), 5U);
}

TEST_F(UsersTest, ARenamedUserKeepsIdTagsKeysAndPolicies) {
  const User user = make_user(a, "alice");
  expect_ok([&](store::Txn& txn) { return put_principal_tags(txn, a, user.arn, {{"team", "red"}}); });
  expect_ok([&](store::Txn& txn) { return put_inline_policy(txn, a, holder(user), {"p", kAllowAll}); });
  const User renamed = expect_ok([&](store::Txn& txn) { return rename_user(txn, a, "alice", "Alicia", "/x/"); });
  EXPECT_EQ(renamed.arn, "arn:aws:iam::111111111111:user/x/Alicia");
  const auto held = read([&](store::Reader& reader) { return gather(reader, a, user.id); });
  ASSERT_TRUE(held);
  EXPECT_EQ(held->name, "Alicia");
  EXPECT_THAT(held->tags, ElementsAre(Tag{"team", "red"}));
  EXPECT_EQ(held->identity.size(), 1U);
  EXPECT_FALSE(read([&](store::Reader& reader) { return find_user(reader, a, "alice"); }));
  expect_ok([&](store::Txn& txn) { return rename_user(txn, a, "Alicia", "alicia", ""); });
  make_user(a, "bob");
  EXPECT_EQ(failure([&](store::Txn& txn) { return rename_user(txn, a, "alicia", "BOB", ""); }),
            "EntityAlreadyExists: User with name BOB already exists.");
}

TEST_F(UsersTest, AUserCannotBeDeletedWhileItHoldsAnything) {
  const User user = make_user(a, "alice");
  make_group(a, "staff");
  const auto remove = [&](store::Txn& txn) { return delete_user(txn, a, "alice"); };
  const auto step = [&](auto body) { expect_ok(body); };

  step([&](store::Txn& txn) { return add_to_group(txn, a, "staff", "alice"); });
  EXPECT_EQ(failure(remove), "DeleteConflict: Cannot delete entity, must remove users from group first.");
  step([&](store::Txn& txn) { return remove_from_group(txn, a, "staff", "alice"); });
  step([&](store::Txn& txn) { return create_access_key(txn, a, {.id = "AKIA1", .user_id = user.id}); });
  EXPECT_EQ(failure(remove), "DeleteConflict: Cannot delete entity, must delete access keys first.");
  step([&](store::Txn& txn) { return delete_access_key(txn, a, user.id, "AKIA1"); });
  step([&](store::Txn& txn) { return put_inline_policy(txn, a, holder(user), {"p", kAllowAll}); });
  EXPECT_EQ(failure(remove), "DeleteConflict: Cannot delete entity, must delete policies first.");
  step([&](store::Txn& txn) { return delete_inline_policy(txn, a, holder(user), "p"); });
  step([&](store::Txn& txn) { return attach_policy(txn, a, holder(user), "arn:aws:iam::aws:policy/ReadOnlyAccess"); });
  EXPECT_EQ(failure(remove), "DeleteConflict: Cannot delete entity, must detach all policies first.");
  step([&](store::Txn& txn) { return detach_policy(txn, a, holder(user), "arn:aws:iam::aws:policy/ReadOnlyAccess"); });
  step(remove);
  EXPECT_FALSE(read([&](store::Reader& reader) { return gather(reader, a, user.id); }));
}

TEST_F(UsersTest, MembershipIsSeenFromBothSidesAndBlocksTheGroupsDeletion) {
  const User alice = make_user(a, "alice");
  const Group staff = make_group(a, "staff");
  for (int twice = 0; twice < 2; ++twice) {
    expect_ok([&](store::Txn& txn) { return add_to_group(txn, a, "staff", "alice"); });
  }
  EXPECT_THAT(names(read([&](store::Reader& reader) { return groups_of_user(reader, a, alice.id, {}); }).items),
              ElementsAre("staff"));
  EXPECT_THAT(names(read([&](store::Reader& reader) { return users_of_group(reader, a, staff.id, {}); }).items),
              ElementsAre("alice"));
  EXPECT_EQ(failure([&](store::Txn& txn) { return delete_group(txn, a, "staff"); }),
            "DeleteConflict: Cannot delete entity, must remove users from group first.");
  EXPECT_EQ(failure([&](store::Txn& txn) { return add_to_group(txn, a, "staff", "nobody"); }),
            "NoSuchEntity: The user with name nobody cannot be found.");
  expect_ok([&](store::Txn& txn) { return remove_from_group(txn, a, "staff", "alice"); });
  expect_ok([&](store::Txn& txn) { return delete_group(txn, a, "staff"); });
}

TEST_F(UsersTest, AUserIsInAtMostTenGroups) {
  make_user(a, "alice");
  for (int i = 0; i < 11; ++i) make_group(a, "g" + std::to_string(i));
  for (int i = 0; i < 10; ++i) {
    expect_ok([&](store::Txn& txn) { return add_to_group(txn, a, "g" + std::to_string(i), "alice"); });
  }
  EXPECT_EQ(failure([&](store::Txn& txn) { return add_to_group(txn, a, "g10", "alice"); }),
            "LimitExceeded: Cannot exceed quota for GroupsPerUser: 10");
}

}  // namespace
}  // namespace warifu::identity
