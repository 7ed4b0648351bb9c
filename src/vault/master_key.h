#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/secret.h"

namespace warifu::vault {

inline constexpr std::size_t kMasterKeyBytes = 32;

/// The key above all others. It never seals data itself: it wraps data keys, and keys for single purposes are derived
/// from it. A provider may keep it elsewhere. Thread-safe.
class MasterKey {
 public:
  virtual ~MasterKey() = default;
  /// `key` in a form that may be stored. Errors: kUnavailable: the provider does not answer.
  [[nodiscard]] virtual Result<std::string> wrap(const crypto::SecretBytes& key) const = 0;
  /// What `wrap` was given. Errors: kInternal: wrapped under another master key, or changed; kUnavailable.
  [[nodiscard]] virtual Result<crypto::SecretBytes> unwrap(std::string_view wrapped) const = 0;
  /// 32 bytes for `purpose`, always the same; different purposes tell nothing about each other.
  [[nodiscard]] virtual crypto::SecretBytes derive(std::string_view purpose) const = 0;
};

/// Holds the key in this process. REQUIRES: key.size() == kMasterKeyBytes.
[[nodiscard]] std::shared_ptr<const MasterKey> master_key_from(crypto::SecretBytes key);

/// The file provider: 32 bytes in a file of mode 0600, made at first start and never changed. Errors: kUnsupported:
/// the file may be read by others, belongs to someone else, is no regular file or is not 32 bytes; kUnavailable: I/O.
[[nodiscard]] Result<std::shared_ptr<const MasterKey>> open_master_key_file(const std::string& path);

}  // namespace warifu::vault
