#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "identity/accounts.h"
#include "identity/policies.h"
#include "identity/roles.h"
#include "identity/users.h"
#include "store/memory.h"

/// Two accounts in a memory store, and short ways to fill them. For tests only.
namespace warifu::identity {

inline const std::string kTrustRoot =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
    R"("Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"sts:AssumeRole"}]})";
inline const std::string kAllowAll =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})";

class World : public ::testing::Test {
 protected:
  /// Runs a transaction that must succeed, and returns its value.
  template <class F>
  auto expect_ok(F body) {
    auto result = db->write_blocking(std::move(body));
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
    if constexpr (!std::is_void_v<typename decltype(result)::value_type>) return std::move(result).value();
  }
  /// Runs a transaction that must fail, and returns `Name: text`.
  template <class F>
  std::string failure(F body) {
    auto result = db->write_blocking(std::move(body));
    if (result) return "no error";
    return std::string(result.error().aws_name) + ": " + result.error().message;
  }
  template <class F>
  auto read(F body) {
    auto result = db->read(std::move(body));
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
    return std::move(result).value();
  }

  World() {
    expect_ok([&](store::Txn& txn) { return create_account(txn, {.id = a.str(), .name = "a"}); });
    expect_ok([&](store::Txn& txn) { return create_account(txn, {.id = b.str(), .name = "b"}); });
  }

  User make_user(const AccountId& account, const std::string& name, const std::string& path = "/") {
    return expect_ok([&](store::Txn& txn) -> Result<User> {
      const User user{.name = name, .path = path, .id = new_unique_id(EntityKind::kUser, random)};
      TRY(create_user(txn, account, user, {}));
      return require_user(txn, account, name);
    });
  }
  Group make_group(const AccountId& account, const std::string& name) {
    return expect_ok([&](store::Txn& txn) -> Result<Group> {
      TRY(create_group(txn, account, {.name = name, .path = "/", .id = new_unique_id(EntityKind::kGroup, random)}));
      return require_group(txn, account, name);
    });
  }
  Role make_role(const AccountId& account, const std::string& name, const std::string& trust = kTrustRoot) {
    return expect_ok([&](store::Txn& txn) -> Result<Role> {
      const Role role{.name = name, .path = "/", .id = new_unique_id(EntityKind::kRole, random)};
      TRY(create_role(txn, account, role, trust, {}));
      return require_role(txn, account, name);
    });
  }
  ManagedPolicy make_policy(const AccountId& account, const std::string& name,
                            const std::string& document = kAllowAll) {
    return expect_ok([&](store::Txn& txn) -> Result<ManagedPolicy> {
      const ManagedPolicy policy{.name = name, .path = "/", .id = new_unique_id(EntityKind::kPolicy, random)};
      TRY(create_policy(txn, account, policy, document, {}));
      return require_policy(txn, account, entity_arn(EntityKind::kPolicy, account, "/", name));
    });
  }
  std::uint64_t version(const AccountId& account) {
    return read([&](store::Reader& reader) { return identity_version(reader, account); });
  }
  static Holder holder(const User& user) { return {EntityKind::kUser, user.id, user.name}; }
  static Holder holder(const Group& group) { return {EntityKind::kGroup, group.id, group.name}; }
  static Holder holder(const Role& role) { return {EntityKind::kRole, role.id, role.name}; }

  std::unique_ptr<store::Db> db = store::open_memory();
  SeededRandom random{7};
  const AccountId a = *AccountId::parse("111111111111");
  const AccountId b = *AccountId::parse("222222222222");
};

}  // namespace warifu::identity
