#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/aead.h"

namespace warifu::vault {

/// The keys of one partition, each with the version of the data key that it derives from; the last one seals.
/// Immutable once made.
struct PartitionKeys {
  struct Versioned {
    std::uint32_t version;
    crypto::Aead aead;
  };
  std::string partition;
  std::vector<Versioned> versions;

  /// version ‖ nonce ‖ ciphertext ‖ tag, after the format byte.
  [[nodiscard]] std::string seal(std::string_view value, std::string_view aad) const;
  /// The key that `sealed` names; nullptr when it is not here.
  [[nodiscard]] const crypto::Aead* key_of(std::string_view sealed) const;
};

/// What `PartitionKeys::seal` puts before the AEAD's own bytes: format, version.
inline constexpr std::size_t kValueHeaderBytes = 5;

/// The keys in use, found without a lock: lists under a fixed table, to which entries are only added. An entry of the
/// same partition that was added later is found first. When full it takes no more; what is not in it costs a
/// derivation at each use. Thread-safe.
class KeyCache {
 public:
  KeyCache() = default;
  ~KeyCache();
  KeyCache(const KeyCache&) = delete;
  KeyCache& operator=(const KeyCache&) = delete;

  /// nullptr when absent; else valid as long as the cache.
  [[nodiscard]] const PartitionKeys* find(std::string_view partition) const;
  /// False when full: `keys` stays the caller's.
  bool insert(std::shared_ptr<const PartitionKeys> keys);

 private:
  static constexpr std::size_t kBuckets = 4096;
  static constexpr std::size_t kEntriesMax = 65'536;

  struct Node {
    std::shared_ptr<const PartitionKeys> keys;
    Node* next;
  };

  std::array<std::atomic<Node*>, kBuckets> buckets_{};
  std::atomic<std::size_t> entries_ = 0;
};

}  // namespace warifu::vault
