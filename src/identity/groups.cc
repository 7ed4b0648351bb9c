#include <fmt/format.h>

#include "identity/holders.h"
#include "identity/table.h"
#include "identity/users.h"

namespace warifu::identity {
namespace {

constexpr std::size_t kGroupsPerUserMax = 10;

}  // namespace

Result<> create_group(store::Txn& txn, const AccountId& account, const Group& group) {
  return insert_named(txn, account, kGroups, group);
}

Result<std::optional<Group>> find_group(store::Reader& reader, const AccountId& account, std::string_view name) {
  return find_named<Group>(reader, account, kGroups, name);
}

Result<std::optional<Group>> group_by_id(store::Reader& reader, const AccountId& account, std::string_view unique_id) {
  return named_by_id<Group>(reader, account, kGroups, unique_id);
}

Result<Group> require_group(store::Reader& reader, const AccountId& account, std::string_view name) {
  return require_named<Group>(reader, account, kGroups, name);
}

Result<Slice<Group>> list_groups(store::Reader& reader, const AccountId& account, const SliceQuery& query) {
  return list_named<Group>(reader, account, kGroups, query);
}

Result<Group> rename_group(store::Txn& txn, const AccountId& account, std::string_view name, std::string_view new_name,
                           std::string_view new_path) {
  return rename_named<Group>(txn, account, kGroups, name, new_name, new_path);
}

Result<> delete_group(store::Txn& txn, const AccountId& account, std::string_view name) {
  const Group group = TRY(require_group(txn, account, name));
  if (TRY(has_edges(txn, account, kUsersOfGroup, group.id))) {
    return fail(delete_conflict("Cannot delete entity, must remove users from group first."));
  }
  TRY(require_bare(txn, account, {EntityKind::kGroup, group.id, group.name}));
  return erase_named(txn, account, kGroups, group);
}

Result<> add_to_group(store::Txn& txn, const AccountId& account, std::string_view group_name,
                      std::string_view user_name) {
  const Group group = TRY(require_group(txn, account, group_name));
  const User user = TRY(require_user(txn, account, user_name));
  const store::Partition partition = store::Partition::account(account);
  if (TRY(txn.get(partition, edge_key(kGroupsOfUser, user.id, group.id)))) return {};
  const Edges groups = TRY(edges_of(txn, account, kGroupsOfUser, user.id));
  if (groups.size() >= kGroupsPerUserMax) {
    return fail(limit_exceeded(fmt::format("Cannot exceed quota for GroupsPerUser: {}", kGroupsPerUserMax)));
  }
  TRY(txn.put(partition, edge_key(kGroupsOfUser, user.id, group.id), ""));
  TRY(txn.put(partition, edge_key(kUsersOfGroup, group.id, user.id), ""));
  return bump_identity_version(txn, account);
}

Result<> remove_from_group(store::Txn& txn, const AccountId& account, std::string_view group_name,
                           std::string_view user_name) {
  const Group group = TRY(require_group(txn, account, group_name));
  const User user = TRY(require_user(txn, account, user_name));
  const store::Partition partition = store::Partition::account(account);
  if (!TRY(txn.get(partition, edge_key(kGroupsOfUser, user.id, group.id)))) {
    return fail(no_such_entity(fmt::format("User {} is not in group {}.", user_name, group_name)));
  }
  TRY(txn.erase(partition, edge_key(kGroupsOfUser, user.id, group.id)));
  TRY(txn.erase(partition, edge_key(kUsersOfGroup, group.id, user.id)));
  return bump_identity_version(txn, account);
}

Result<Slice<Group>> groups_of_user(store::Reader& reader, const AccountId& account, std::string_view user_id,
                                    const SliceQuery& query) {
  return slice_edges<Group>(
      reader, account, kGroupsOfUser, user_id, query,
      [&](const std::string& id, const std::string&) { return group_by_id(reader, account, id); });
}

Result<Slice<User>> users_of_group(store::Reader& reader, const AccountId& account, std::string_view group_id,
                                   const SliceQuery& query) {
  return slice_edges<User>(reader, account, kUsersOfGroup, group_id, query,
                           [&](const std::string& id, const std::string&) { return user_by_id(reader, account, id); });
}

}  // namespace warifu::identity
