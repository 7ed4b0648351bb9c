#include "identity/accounts.h"

#include <fmt/format.h>

#include "base/check.h"
#include "identity/organizations.h"
#include "identity/table.h"

namespace warifu::identity {
namespace {

constexpr std::string_view kAccount = "id/a/";
constexpr std::string_view kAlias = "id/alias/";

Result<std::uint64_t> read_counter(store::Reader& reader, const AccountId& account, std::string_view key) {
  const std::optional<std::string> row = TRY(reader.get_kept(store::Partition::account(account), key));
  if (!row) return 0;
  std::uint64_t value = 0;
  for (const char c : *row) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

Result<Account> require_account(store::Reader& reader, const AccountId& id) {
  std::optional<Account> account = TRY(find_account(reader, id));
  if (!account) return fail(no_such_entity(fmt::format("The account {} cannot be found.", id.str())));
  return std::move(*account);
}

/// The rows of other partitions that lead into this account.
Result<> erase_indexes(store::Txn& txn, const AccountId& id) {
  const store::Partition own = store::Partition::account(id);
  const store::Partition system = store::Partition::system();
  std::vector<std::string> keys;
  TRY(txn.scan(own, store::prefix_range(kById), [&](std::string_view key, std::string_view) {
    keys.push_back(key_of(kById, key.substr(kById.size())));
    return true;
  }));
  TRY(txn.scan(own, store::prefix_range(kKeysOfUser), [&](std::string_view key, std::string_view) {
    keys.push_back(key_of(kKeyOwner, key.substr(key.find('\0') + 1)));
    return true;
  }));
  for (const std::string& key : keys) TRY(txn.erase(system, key));
  return {};
}

}  // namespace

Result<> create_account(store::Txn& txn, const Account& account) {
  const std::string key = key_of(kAccount, account.id);
  if (TRY(txn.get(store::Partition::system(), key))) {
    return fail(already_exists(fmt::format("account {} already exists", account.id)));
  }
  const auto id = AccountId::parse(account.id);
  CHECK(id.has_value(), "an account's number has twelve digits");
  // What other services kept for the number would fall to whoever had it next.
  if (TRY(identity_version(txn, *id)) != 0) {
    return fail(already_exists(fmt::format("account {} was deleted; its number is not used again", account.id)));
  }
  return put_row(txn, store::Partition::system(), key, account);
}

Result<std::optional<Account>> find_account(store::Reader& reader, const AccountId& id) {
  return get_row<Account>(reader, store::Partition::system(), key_of(kAccount, id.str()));
}

Result<std::vector<Account>> list_accounts(store::Reader& reader) {
  std::vector<Account> accounts;
  Result<> failure;
  TRY(reader.scan(store::Partition::system(), store::prefix_range(kAccount),
                  [&](std::string_view, std::string_view value) {
                    Result<Account> account = decode_row<Account>(value);
                    if (!account) failure = std::unexpected(account.error());
                    if (account) accounts.push_back(std::move(*account));
                    return failure.has_value();
                  }));
  if (!failure) return std::unexpected(failure.error());
  return accounts;
}

Result<> delete_account(store::Txn& txn, const AccountId& id) {
  const Account account = TRY(require_account(txn, id));
  TRY(forget_in_organization(txn, id));
  TRY(erase_indexes(txn, id));
  if (!account.alias.empty()) TRY(txn.erase(store::Partition::system(), key_of(kAlias, account.alias)));
  const store::Partition own = store::Partition::account(id);
  // The counters stay: a later account of this number must not repeat a version that a cache remembers.
  const std::uint64_t version = TRY(identity_version(txn, id));
  const std::optional<std::string> policy_counter = TRY(txn.get(own, kPolicyCounterKey));
  for (const std::string_view prefix : {std::string_view{"id/"}, kResourcePolicy, kWrittenPolicy, kTag}) {
    TRY(erase_prefix(txn, own, prefix));
  }
  if (policy_counter) TRY(txn.put(own, kPolicyCounterKey, *policy_counter));
  TRY(set_counter(txn, id, kVersionKey, version + 1));
  return txn.erase(store::Partition::system(), key_of(kAccount, id.str()));
}

Result<> put_account_alias(store::Txn& txn, const AccountId& id, std::string_view alias) {
  const store::Partition system = store::Partition::system();
  Account account = TRY(require_account(txn, id));
  if (account.alias == alias) return {};
  if (TRY(txn.get(system, key_of(kAlias, alias)))) {
    return fail(already_exists(fmt::format("The account alias {} already exists.", alias)));
  }
  if (!account.alias.empty()) TRY(txn.erase(system, key_of(kAlias, account.alias)));
  account.alias = alias;
  TRY(txn.put(system, key_of(kAlias, alias), id.str()));
  return put_row(txn, system, key_of(kAccount, id.str()), account);
}

Result<> erase_account_alias(store::Txn& txn, const AccountId& id, std::string_view alias) {
  Account account = TRY(require_account(txn, id));
  if (alias.empty() || account.alias != alias) {
    return fail(no_such_entity(fmt::format("The account alias {} cannot be found.", alias)));
  }
  TRY(txn.erase(store::Partition::system(), key_of(kAlias, alias)));
  account.alias.clear();
  return put_row(txn, store::Partition::system(), key_of(kAccount, id.str()), account);
}

Result<std::uint64_t> identity_version(store::Reader& reader, const AccountId& account) {
  return read_counter(reader, account, kVersionKey);
}

Result<> bump_identity_version(store::Txn& txn, const AccountId& account) {
  const std::uint64_t version = TRY(identity_version(txn, account));
  return set_counter(txn, account, kVersionKey, version + 1);
}

Result<std::uint64_t> next_policy_version(store::Txn& txn, const AccountId& account) {
  const std::uint64_t version = TRY(read_counter(txn, account, kPolicyCounterKey)) + 1;
  TRY(set_counter(txn, account, kPolicyCounterKey, version));
  return version;
}

Result<> set_counter(store::Txn& txn, const AccountId& account, std::string_view key, std::uint64_t value) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>((value >> shift) & 0xff));
  return txn.put(store::Partition::account(account), key, bytes);
}

}  // namespace warifu::identity
