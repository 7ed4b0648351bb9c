#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crypto/secret.h"

namespace warifu::crypto {

inline constexpr std::size_t kAeadKeyBytes = 32;
inline constexpr std::size_t kAeadNonceBytes = 12;
inline constexpr std::size_t kAeadTagBytes = 16;
/// What sealing adds to a plaintext under `seal` with a random nonce.
inline constexpr std::size_t kAeadOverheadBytes = kAeadNonceBytes + kAeadTagBytes;

using Nonce = std::array<std::byte, kAeadNonceBytes>;

/// AES-256-GCM (NIST SP 800-38D) under one key. Thread-safe: the key does not change, contexts are per thread. A thread
/// keeps the expanded keys that it used last, up to eight for each direction, until others take their place or it ends.
/// `aad` is authenticated and not stored: opening needs the same bytes again.
///
/// Random nonces are drawn from OpenSSL's generator, several at a time, and never shared with a forked process.
/// With random nonces, one key must seal at most 2^32 values (SP 800-38D §8.3); the caller rotates keys before.
class Aead {
 public:
  /// REQUIRES: key.size() == kAeadKeyBytes.
  explicit Aead(SecretBytes key);

  /// nonce ‖ ciphertext ‖ tag, under a fresh random nonce.
  [[nodiscard]] std::string seal(std::string_view plaintext, std::string_view aad) const;
  /// The plaintext of what `seal` returned; nullopt when anything was changed, moved to another `aad`, or cut.
  [[nodiscard]] std::optional<std::string> open(std::string_view sealed, std::string_view aad) const;

  /// ciphertext ‖ tag under the caller's nonce, which must never repeat under this key.
  [[nodiscard]] std::string seal_with(const Nonce& nonce, std::string_view plaintext, std::string_view aad) const;
  [[nodiscard]] std::optional<std::string> open_with(const Nonce& nonce, std::string_view ciphertext,
                                                     std::string_view aad) const;

  /// Appends nonce ‖ ciphertext ‖ tag to `out`, for hot paths that own a buffer.
  void seal_append(std::string_view plaintext, std::string_view aad, std::string& out) const;

 private:
  SecretBytes key_;
  std::uint64_t id_;  // tells this key's contexts from others'
};

}  // namespace warifu::crypto
