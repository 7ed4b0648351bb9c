#include "identity/users.h"

#include "identity/holders.h"
#include "identity/table.h"
#include "identity/tags.h"

namespace warifu::identity {

Result<> create_user(store::Txn& txn, const AccountId& account, const User& user, const Tags& tags) {
  TRY(insert_named(txn, account, kUsers, user));
  if (!user.boundary_arn.empty()) {
    TRY(link_boundary(txn, account, {EntityKind::kUser, user.id, user.name}, "", user.boundary_arn));
  }
  return put_principal_tags(txn, account, entity_arn(EntityKind::kUser, account, user.path, user.name), tags);
}

Result<std::optional<User>> find_user(store::Reader& reader, const AccountId& account, std::string_view name) {
  return find_named<User>(reader, account, kUsers, name);
}

Result<std::optional<User>> user_by_id(store::Reader& reader, const AccountId& account, std::string_view unique_id) {
  return named_by_id<User>(reader, account, kUsers, unique_id);
}

Result<User> require_user(store::Reader& reader, const AccountId& account, std::string_view name) {
  return require_named<User>(reader, account, kUsers, name);
}

Result<Slice<User>> list_users(store::Reader& reader, const AccountId& account, const SliceQuery& query) {
  return list_named<User>(reader, account, kUsers, query);
}

Result<User> rename_user(store::Txn& txn, const AccountId& account, std::string_view name, std::string_view new_name,
                         std::string_view new_path) {
  return rename_named<User>(txn, account, kUsers, name, new_name, new_path);
}

Result<> delete_user(store::Txn& txn, const AccountId& account, std::string_view name) {
  const User user = TRY(require_user(txn, account, name));
  if (TRY(has_edges(txn, account, kGroupsOfUser, user.id))) {
    return fail(delete_conflict("Cannot delete entity, must remove users from group first."));
  }
  if (TRY(has_edges(txn, account, kKeysOfUser, user.id))) {
    return fail(delete_conflict("Cannot delete entity, must delete access keys first."));
  }
  const Holder holder{EntityKind::kUser, user.id, user.name};
  TRY(require_bare(txn, account, holder));
  if (!user.boundary_arn.empty()) TRY(link_boundary(txn, account, holder, user.boundary_arn, ""));
  return erase_named(txn, account, kUsers, user);
}

Result<> set_user_boundary(store::Txn& txn, const AccountId& account, std::string_view name,
                           std::string_view policy_arn) {
  User user = TRY(require_user(txn, account, name));
  TRY(link_boundary(txn, account, {EntityKind::kUser, user.id, user.name}, user.boundary_arn, policy_arn));
  user.boundary_arn = policy_arn;
  return store_named(txn, account, kUsers, user);
}

}  // namespace warifu::identity
