#pragma once

#include <optional>
#include <span>

#include "crypto/secret.h"

namespace warifu::crypto {

/// AES-256 key wrap (RFC 3394): deterministic, 8 bytes longer than the key inside, integrity included. Thread-safe.
/// REQUIRES: wrapping_key of 32 bytes; key of at least 16 bytes and a multiple of 8.
[[nodiscard]] SecretBytes wrap_key(std::span<const std::byte> wrapping_key, std::span<const std::byte> key);

/// nullopt when the wrapping key is another one, or the bytes were changed or have no possible length.
/// REQUIRES: wrapping_key of 32 bytes.
[[nodiscard]] std::optional<SecretBytes> unwrap_key(std::span<const std::byte> wrapping_key,
                                                    std::span<const std::byte> wrapped);

}  // namespace warifu::crypto
