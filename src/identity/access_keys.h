#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "identity/types.h"
#include "store/store.h"

/// Long-term credentials. The system partition maps a key id to its account and user; the key itself, with its
/// secret, is a row of the account, sealed under the account's data key.
namespace warifu::identity {

inline constexpr std::size_t kAccessKeysPerUserMax = 2;

/// A key, and whose it is.
struct FoundKey {
  AccountId account;
  AccessKey key;
};

/// Errors: LimitExceeded past two keys; EntityAlreadyExists when the id is taken anywhere.
[[nodiscard]] Result<> create_access_key(store::Txn& txn, const AccountId& account, const AccessKey& key);
/// Two gets. nullopt: no such key. An inactive key is found, with `active` false.
[[nodiscard]] Result<std::optional<FoundKey>> find_access_key(store::Reader& reader, const AccessKeyId& id);
[[nodiscard]] Result<std::vector<AccessKey>> list_access_keys(store::Reader& reader, const AccountId& account,
                                                              std::string_view user_id);
/// NoSuchEntity when that user has no such key.
[[nodiscard]] Result<> set_access_key_active(store::Txn& txn, const AccountId& account, std::string_view user_id,
                                             std::string_view key_id, bool active);
[[nodiscard]] Result<> delete_access_key(store::Txn& txn, const AccountId& account, std::string_view user_id,
                                         std::string_view key_id);

/// Last use of an access key (by its id) or of a role (by its unique id). `note_used` is for a background flush: it
/// keeps the later time and does not touch the identity version.
[[nodiscard]] Result<LastUsed> last_used(store::Reader& reader, const AccountId& account, std::string_view id);
[[nodiscard]] Result<> note_used(store::Txn& txn, const AccountId& account, std::string_view id, const LastUsed& use);

}  // namespace warifu::identity
