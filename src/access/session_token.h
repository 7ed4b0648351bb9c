#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/principal.h"
#include "base/random.h"
#include "base/sealer.h"

namespace warifu::access {

/// The three parts of a temporary credential, as STS answers them.
struct TemporaryCredentials {
  std::string access_key_id;      // ASIA + 16 base-32 characters, the account's number in their first 47 bits
  std::string secret_access_key;  // 40 base-64 characters; derived from the key id, never stored
  std::string session_token;
  Timestamp expires;
};

/// Longest session token accepted, in characters. AWS promises no maximum; this bounds what a request may make us open.
inline constexpr std::size_t kSessionTokenCharsMax = 32 * 1024;

/// Makes credentials for `principal`. REQUIRES: principal.session is set.
///
/// They are stateless: the token holds the whole principal, sealed and bound to the key id; the secret is derived from
/// the key id under the server's own key. They survive a restart, and are revocable, since `Authenticator` looks the
/// role or user behind them up at each call, by its unique id, and a Deny on `aws:TokenIssueTime` ends them sooner.
[[nodiscard]] TemporaryCredentials issue(const Principal& principal, const Sealer& sealer, Random& random);

/// The principal inside `token`, with `access_key_id` set. nullopt: not one of ours, or made for another key id.
/// Expiry is not checked here.
[[nodiscard]] std::optional<Principal> open_session_token(std::string_view token, std::string_view access_key_id,
                                                          const Sealer& sealer);

/// The account inside a temporary key id (GetAccessKeyInfo); nullopt when it is not of that form. Proves nothing.
[[nodiscard]] std::optional<AccountId> account_of_temporary_key(std::string_view access_key_id);

/// The secret that belongs to a temporary key id.
[[nodiscard]] std::string temporary_secret(std::string_view access_key_id, const Sealer& sealer);

}  // namespace warifu::access
