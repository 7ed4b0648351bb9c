#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

struct evp_pkey_st;

namespace warifu::crypto {

/// The signature algorithms of JSON Web Signatures that a public key verifies (RFC 7518 §3.3–3.5, RFC 8037). There is
/// no `none` and no HMAC here: neither can be asked for by mistake.
enum class SignatureAlgorithm : std::uint8_t {
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
  kEs256,
  kEs384,
  kEs512,
  kEdDsa,
};

/// The algorithm of a JWS `alg` name; nullopt for every other text (`none`, `HS256` …).
[[nodiscard]] std::optional<SignatureAlgorithm> signature_algorithm(std::string_view name);

enum class Curve : std::uint8_t { kP256, kP384, kP521 };

/// RSA moduli that are accepted, in bits. Below is unsafe; above, one request could buy too much work.
inline constexpr int kRsaBitsMin = 2048;
inline constexpr int kRsaBitsMax = 8192;

/// A public key for verifying signatures. Immutable value type, cheap to copy; thread-safe.
class PublicKey {
 public:
  /// From big-endian integers. nullopt: a size out of bounds, or not a key.
  [[nodiscard]] static std::optional<PublicKey> rsa(std::string_view modulus, std::string_view exponent);
  /// From a point's coordinates, big-endian, each of the curve's length. nullopt: not on the curve.
  [[nodiscard]] static std::optional<PublicKey> ec(Curve curve, std::string_view x, std::string_view y);
  [[nodiscard]] static std::optional<PublicKey> ed25519(std::string_view bytes);

  /// Whether `algorithm` is one of this key's kind (and curve).
  [[nodiscard]] bool fits(SignatureAlgorithm algorithm) const;
  /// True when `signature` (as JWS has it: raw R‖S for ECDSA) is of this key over `message`. False where the algorithm
  /// does not fit.
  [[nodiscard]] bool verify(SignatureAlgorithm algorithm, std::string_view message, std::string_view signature) const;

 private:
  enum class Kind : std::uint8_t { kRsa, kP256, kP384, kP521, kEd25519 };
  PublicKey(Kind kind, evp_pkey_st* key);

  Kind kind_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace warifu::crypto
