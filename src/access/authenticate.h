#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "access/cache_scope.h"
#include "access/principal.h"
#include "base/auth_failure.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/sealer.h"
#include "base/time.h"
#include "identity/types.h"
#include "store/store.h"

namespace warifu::access {

/// A principal and the secret that its signature must be made with.
struct Credential {
  Principal principal;
  std::string secret;
  /// The account's identity version in the snapshot that found it, where that was read: saves `Subject::gather` a get.
  std::optional<std::uint64_t> identity_version{};
};

/// A credential, or why there is none. Store errors come as the outer Result's.
using FoundCredential = std::expected<Credential, AuthFailure>;

/// The name of the administrator that `--dev` makes in each account, on first use.
inline constexpr std::string_view kDevelopmentUser = "dev-admin";
inline constexpr std::string_view kDevelopmentSecret = "test";

/// The server's own account: its administrator makes and deletes all others (service `warifu`). Never a development
/// account.
inline constexpr std::string_view kManagementAccount = "999999999999";

/// What finding a credential may use.
struct CredentialSource {
  const Sealer& sealer;
  /// Accept development keys: twelve digits, or `test` for account 000000000000, with the secret `test`. They are
  /// never stored, so that a server started without `--dev` knows none of them.
  bool development = false;
  /// Long-term credentials are kept per thread and are good while the account's identity version stands. One scope per
  /// store; a fresh one finds nothing kept.
  CacheScope scope{};
};

/// Finds who holds `key_id`, and checks the session token that came with it (empty: none came). Checks in AWS's order:
/// token damaged, token expired, key unknown or inactive. Does not check the signature.
[[nodiscard]] Result<FoundCredential> find_credential(store::Reader& reader, const CredentialSource& source,
                                                      std::string_view key_id, std::string_view session_token,
                                                      Timestamp now);

/// The account that a development key id stands for; nullopt: not one.
[[nodiscard]] std::optional<AccountId> development_account(std::string_view key_id);
/// Makes that account and its administrator, if they are not there. Draw `user_id` before the transaction.
[[nodiscard]] Result<> ensure_development_account(store::Txn& txn, const AccountId& account, std::string_view user_id,
                                                  Timestamp now);

/// Makes an IAM user of that name with AdministratorAccess: an administrator, not root, since root may not assume
/// roles.
[[nodiscard]] Result<> create_administrator(store::Txn& txn, const AccountId& account, std::string_view name,
                                            std::string_view user_id, Timestamp now);

/// The principal that is this user, or the account's root when `user` is nullptr.
[[nodiscard]] Principal user_principal(const AccountId& account, const identity::User* user, std::string_view key_id);

}  // namespace warifu::access
