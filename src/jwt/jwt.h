#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/public_key.h"
#include "json/value.h"

/// Bearer tokens: JSON Web Tokens signed with a public key (RFC 7519, 7515, 7517, 7518). Pure.
namespace warifu::jwt {

/// The longest token that is looked at, in bytes.
inline constexpr std::size_t kTokenBytesMax = 16 * 1024;
/// The keys of one JWKS document that are read; what follows is not.
inline constexpr std::size_t kKeysMax = 64;
/// How far clocks may be apart, in seconds.
inline constexpr std::int64_t kLeewaySeconds = 60;

/// A compact JWS, taken apart; nothing of it is proven. Views nothing.
struct Token {
  crypto::SignatureAlgorithm algorithm;
  std::string key_id;       // `kid`; empty: none
  json::Value claims;       // an object
  std::string signed_part;  // header.payload as it came
  std::string signature;
};

/// Reads `header.payload.signature`. kValidation: longer than kTokenBytesMax; not three parts of base64url; a header
/// that is no object or names a member twice; an `alg` other than of a public key (`none`, `HS256`); `crit` (RFC 7515
/// §4.1.11: we understand none); claims that are no object or name one twice.
[[nodiscard]] Result<Token> parse(std::string_view text);

/// The keys of an issuer (RFC 7517). Immutable value.
class KeySet {
 public:
  /// Keys that are not for signing, of an unknown kind or malformed are left out. kValidation: not a JWKS document.
  [[nodiscard]] static Result<KeySet> parse(std::string_view text);

  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  /// Whether some key could be the token's: with its `kid`, or of its kind where the token has none.
  [[nodiscard]] bool knows(const Token& token) const;
  /// True when a key that could be the token's verifies its signature.
  [[nodiscard]] bool verifies(const Token& token) const;

 private:
  struct Key {
    std::string id;
    std::optional<crypto::SignatureAlgorithm> only;  // `alg`
    crypto::PublicKey key;
  };
  [[nodiscard]] static bool could_be(const Key& key, const Token& token);
  std::vector<Key> keys_;
};

/// What a claim of the authorizer's own choice must say (AgentCore's customClaims).
struct ClaimRule {
  enum class Operator : std::uint8_t { kEquals, kContains, kContainsAny };
  std::string name;
  bool is_array = false;  // inboundTokenClaimValueType STRING_ARRAY
  Operator comparison = Operator::kEquals;
  std::vector<std::string> values;
};

/// What a token's claims must hold. Each list that is not empty must be met; of audiences, clients and scopes one entry
/// suffices.
struct Rules {
  std::string issuer;                  // `iss`, exactly; REQUIRES: not empty
  std::vector<std::string> audiences;  // `aud`: a string or an array
  std::vector<std::string> clients;    // `client_id`
  std::vector<std::string> scopes;     // `scope` (space-separated), or `scp`
  std::vector<ClaimRule> claims;
};

/// Why a token does not do. `insufficient_scope` is a 403, all else a 401 (RFC 6750 §3.1).
struct Refusal {
  bool insufficient_scope = false;
  std::string message;
};

/// Checks the claims of a token whose signature is verified: `exp` (required), `nbf`, `iat`, then `rules`.
[[nodiscard]] std::expected<void, Refusal> check(const Token& token, const Rules& rules, Timestamp now);

}  // namespace warifu::jwt
