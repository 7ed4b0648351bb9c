#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "identity/types.h"
#include "store/store.h"

namespace warifu::identity {

/// Accounts live in the system partition: `find` costs one get. Errors besides the store's own:
/// EntityAlreadyExists, NoSuchEntity, as AWS words them.
/// The number of a deleted account is taken for ever, as on AWS: data of other services may still lie under it.
[[nodiscard]] Result<> create_account(store::Txn& txn, const Account& account);
[[nodiscard]] Result<std::optional<Account>> find_account(store::Reader& reader, const AccountId& id);
/// In order of their numbers.
[[nodiscard]] Result<std::vector<Account>> list_accounts(store::Reader& reader);
/// Erases every identity row of the account, its resource policies and tags, and its access keys' index: its
/// credentials are dead at the next call. It leaves its organization; Conflict when it manages one that has other
/// members. Rows of other services are theirs to erase.
[[nodiscard]] Result<> delete_account(store::Txn& txn, const AccountId& id);

/// Aliases are unique over all accounts; an account has at most one (a second replaces it, as on AWS).
[[nodiscard]] Result<> put_account_alias(store::Txn& txn, const AccountId& id, std::string_view alias);
[[nodiscard]] Result<> erase_account_alias(store::Txn& txn, const AccountId& id, std::string_view alias);

/// Counts every write to the account's identity rows (users, access keys, groups, roles, policies, attachments, tags of
/// users and roles). Equal versions mean that `gather` and `find_access_key` give the same answer: the key for caches.
/// 0: nothing was ever written.
[[nodiscard]] Result<std::uint64_t> identity_version(store::Reader& reader, const AccountId& account);
/// Called by every writing function of this module; by others only if they write identity rows themselves.
[[nodiscard]] Result<> bump_identity_version(store::Txn& txn, const AccountId& account);

}  // namespace warifu::identity
