#pragma once

#include <optional>
#include <string_view>

#include "identity/types.h"
#include "store/store.h"

/// Users and groups. Names are unique without regard to case and found only in their exact case. Errors are AWS's
/// (`aws_name`: NoSuchEntity, EntityAlreadyExists, DeleteConflict, LimitExceeded) with AWS's texts.
namespace warifu::identity {

[[nodiscard]] Result<> create_user(store::Txn& txn, const AccountId& account, const User& user, const Tags& tags);
[[nodiscard]] Result<std::optional<User>> find_user(store::Reader& reader, const AccountId& account,
                                                    std::string_view name);
[[nodiscard]] Result<std::optional<User>> user_by_id(store::Reader& reader, const AccountId& account,
                                                     std::string_view unique_id);
/// As find_user, but absence is NoSuchEntity.
[[nodiscard]] Result<User> require_user(store::Reader& reader, const AccountId& account, std::string_view name);
[[nodiscard]] Result<Slice<User>> list_users(store::Reader& reader, const AccountId& account, const SliceQuery& query);
/// Renames and moves: everything that the user holds stays with the unique id.
[[nodiscard]] Result<User> rename_user(store::Txn& txn, const AccountId& account, std::string_view name,
                                       std::string_view new_name, std::string_view new_path);
/// DeleteConflict while keys, groups, inline or attached policies remain.
[[nodiscard]] Result<> delete_user(store::Txn& txn, const AccountId& account, std::string_view name);
/// An empty `policy_arn` removes the boundary (NoSuchEntity when there was none).
[[nodiscard]] Result<> set_user_boundary(store::Txn& txn, const AccountId& account, std::string_view name,
                                         std::string_view policy_arn);

[[nodiscard]] Result<> create_group(store::Txn& txn, const AccountId& account, const Group& group);
[[nodiscard]] Result<std::optional<Group>> find_group(store::Reader& reader, const AccountId& account,
                                                      std::string_view name);
[[nodiscard]] Result<std::optional<Group>> group_by_id(store::Reader& reader, const AccountId& account,
                                                       std::string_view unique_id);
[[nodiscard]] Result<Group> require_group(store::Reader& reader, const AccountId& account, std::string_view name);
[[nodiscard]] Result<Slice<Group>> list_groups(store::Reader& reader, const AccountId& account,
                                               const SliceQuery& query);
[[nodiscard]] Result<Group> rename_group(store::Txn& txn, const AccountId& account, std::string_view name,
                                         std::string_view new_name, std::string_view new_path);
[[nodiscard]] Result<> delete_group(store::Txn& txn, const AccountId& account, std::string_view name);

/// Adding a member again succeeds and changes nothing, as on AWS; removing one that is none is NoSuchEntity.
[[nodiscard]] Result<> add_to_group(store::Txn& txn, const AccountId& account, std::string_view group_name,
                                    std::string_view user_name);
[[nodiscard]] Result<> remove_from_group(store::Txn& txn, const AccountId& account, std::string_view group_name,
                                         std::string_view user_name);
[[nodiscard]] Result<Slice<Group>> groups_of_user(store::Reader& reader, const AccountId& account,
                                                  std::string_view user_id, const SliceQuery& query);
[[nodiscard]] Result<Slice<User>> users_of_group(store::Reader& reader, const AccountId& account,
                                                 std::string_view group_id, const SliceQuery& query);

}  // namespace warifu::identity
