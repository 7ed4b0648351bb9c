#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "crypto/secret.h"

namespace warifu::crypto {

/// Digests and message authentication (FIPS 180-4, RFC 2104, RFC 5869). All functions are thread-safe. None
/// can fail on input; a failing OpenSSL ends the process.

using Sha256 = std::array<std::byte, 32>;

[[nodiscard]] Sha256 sha256(std::span<const std::byte> bytes);
[[nodiscard]] Sha256 sha256(std::string_view bytes);
/// Lower-case hexadecimal of the digest.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

[[nodiscard]] Sha256 hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> message);
[[nodiscard]] Sha256 hmac_sha256(std::span<const std::byte> key, std::string_view message);

/// Derives `size` bytes from `key` (RFC 5869, SHA-256). REQUIRES: size ≤ 255 × 32.
[[nodiscard]] SecretBytes hkdf_sha256(std::span<const std::byte> key, std::span<const std::byte> salt,
                                      std::string_view info, std::size_t size);

}  // namespace warifu::crypto
