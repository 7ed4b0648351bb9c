#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crypto/hash.h"
#include "crypto/secret.h"

namespace warifu::sigv4 {

/// A key that signs for one day, region and service; wiped when it goes. Copyable, since it is looked up per request.
class SigningKey {
 public:
  /// HMAC chain of the secret over date (`YYYYMMDD`), region, service and terminator.
  [[nodiscard]] static SigningKey derive(std::string_view secret, std::string_view date, std::string_view region,
                                         std::string_view service);
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;
  ~SigningKey() { crypto::wipe(bytes_); }

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit SigningKey(const crypto::Sha256& bytes) : bytes_(bytes) {}
  crypto::Sha256 bytes_;
};

/// Which signing key is meant. `secret_version` must change whenever the secret behind the key id does; it is part of
/// the lookup, so that the cache itself never keeps a replaced secret alive.
struct SigningKeyId {
  std::string_view access_key_id;
  std::uint64_t secret_version = 0;
  std::string_view date;
  std::string_view region;
  std::string_view service;
};

/// Derived keys, bounded: the least recently used half goes when it is full. Thread-safe. It holds no permission:
/// whether the access key still exists is the caller's question at every request.
class SigningKeyCache {
 public:
  /// REQUIRES: capacity ≥ 2.
  explicit SigningKeyCache(std::size_t capacity = 8192);
  ~SigningKeyCache();
  SigningKeyCache(const SigningKeyCache&) = delete;
  SigningKeyCache& operator=(const SigningKeyCache&) = delete;

  [[nodiscard]] std::optional<SigningKey> find(const SigningKeyId& id);
  /// Derives the key from `secret` and remembers it.
  SigningKey insert(const SigningKeyId& id, std::string_view secret);
  /// Entries held now, for metrics; at most the capacity.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Shard;
  std::unique_ptr<Shard[]> shards_;
};

}  // namespace warifu::sigv4
