#include "identity/access_keys.h"

#include <fmt/format.h>

#include "identity/accounts.h"
#include "identity/table.h"

namespace warifu::identity {
namespace {

Result<AccessKey> require_key(store::Reader& reader, const AccountId& account, std::string_view user_id,
                              std::string_view key_id) {
  std::optional<AccessKey> key =
      TRY(get_row<AccessKey>(reader, store::Partition::account(account), edge_key(kKeysOfUser, user_id, key_id)));
  if (!key) return fail(no_such_entity(fmt::format("The Access Key with id {} cannot be found.", key_id)));
  return std::move(*key);
}

}  // namespace

Result<> create_access_key(store::Txn& txn, const AccountId& account, const AccessKey& key) {
  const Edges held = TRY(edges_of(txn, account, kKeysOfUser, key.user_id));
  if (held.size() >= kAccessKeysPerUserMax) {
    return fail(limit_exceeded(fmt::format("Cannot exceed quota for AccessKeysPerUser: {}", kAccessKeysPerUserMax)));
  }
  const store::Partition system = store::Partition::system();
  if (TRY(txn.get(system, key_of(kKeyOwner, key.id)))) {
    return fail(already_exists(fmt::format("Access Key with id {} already exists.", key.id)));
  }
  TRY(put_row(txn, system, key_of(kKeyOwner, key.id), OwnerRow{account.str(), key.user_id}));
  TRY(put_row(txn, store::Partition::account(account), edge_key(kKeysOfUser, key.user_id, key.id), key));
  return bump_identity_version(txn, account);
}

Result<std::optional<FoundKey>> find_access_key(store::Reader& reader, const AccessKeyId& id) {
  const std::optional<OwnerRow> owner =
      TRY(get_row<OwnerRow>(reader, store::Partition::system(), key_of(kKeyOwner, id.str())));
  if (!owner) return std::nullopt;
  std::optional<AccountId> account = AccountId::parse(owner->account);
  if (!account) return fail(internal_error("an access key leads to no account"));
  std::optional<AccessKey> key = TRY(
      get_row<AccessKey>(reader, store::Partition::account(*account), edge_key(kKeysOfUser, owner->user_id, id.str())));
  if (!key) return std::nullopt;
  return FoundKey{std::move(*account), std::move(*key)};
}

Result<std::vector<AccessKey>> list_access_keys(store::Reader& reader, const AccountId& account,
                                                std::string_view user_id) {
  std::vector<AccessKey> keys;
  const Edges held = TRY(edges_of(reader, account, kKeysOfUser, user_id));
  for (const auto& [id, value] : held) keys.push_back(TRY(decode_row<AccessKey>(value)));
  return keys;
}

Result<> set_access_key_active(store::Txn& txn, const AccountId& account, std::string_view user_id,
                               std::string_view key_id, bool active) {
  AccessKey key = TRY(require_key(txn, account, user_id, key_id));
  key.active = active;
  TRY(put_row(txn, store::Partition::account(account), edge_key(kKeysOfUser, user_id, key_id), key));
  return bump_identity_version(txn, account);
}

Result<> delete_access_key(store::Txn& txn, const AccountId& account, std::string_view user_id,
                           std::string_view key_id) {
  TRY(require_key(txn, account, user_id, key_id));
  TRY(txn.erase(store::Partition::system(), key_of(kKeyOwner, key_id)));
  TRY(txn.erase(store::Partition::account(account), key_of(kLastUse, key_id)));
  TRY(txn.erase(store::Partition::account(account), edge_key(kKeysOfUser, user_id, key_id)));
  return bump_identity_version(txn, account);
}

Result<LastUsed> last_used(store::Reader& reader, const AccountId& account, std::string_view id) {
  std::optional<LastUsed> use =
      TRY(get_row<LastUsed>(reader, store::Partition::account(account), key_of(kLastUse, id)));
  return use.value_or(LastUsed{});
}

Result<> note_used(store::Txn& txn, const AccountId& account, std::string_view id, const LastUsed& use) {
  const LastUsed before = TRY(last_used(txn, account, id));
  if (before.when >= use.when) return {};
  return put_row(txn, store::Partition::account(account), key_of(kLastUse, id), use);
}

}  // namespace warifu::identity
