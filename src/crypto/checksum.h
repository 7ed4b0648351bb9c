#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "crypto/digest.h"

namespace warifu::crypto {

/// The checksums that S3's clients may state of a body (`x-amz-checksum-crc32` …).
enum class ChecksumKind : std::uint8_t { kCrc32, kCrc32c, kCrc64Nvme, kSha1, kSha256 };
inline constexpr ChecksumKind kChecksumKinds[] = {ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64Nvme,
                                                  ChecksumKind::kSha1, ChecksumKind::kSha256};

/// `CRC32`, `CRC32C`, `CRC64NVME`, `SHA1`, `SHA256`.
[[nodiscard]] std::string_view name_of(ChecksumKind kind);
/// The same in any case; nullopt: none of them.
[[nodiscard]] std::optional<ChecksumKind> checksum_kind(std::string_view name);
/// nullopt: a digest, which has no sum of parts.
[[nodiscard]] std::optional<CrcKind> crc_kind(ChecksumKind kind);
/// Bytes of its value.
[[nodiscard]] std::size_t checksum_bytes(ChecksumKind kind);
/// A CRC's value as its bytes.
[[nodiscard]] std::string crc_text(CrcKind kind, std::uint64_t value);

/// A checksum of what is added piece by piece. Move-only.
class RunningChecksum {
 public:
  explicit RunningChecksum(ChecksumKind kind);
  [[nodiscard]] ChecksumKind kind() const { return kind_; }
  void add(std::string_view bytes);
  /// Its bytes, not encoded. REQUIRES: nothing is added afterwards.
  [[nodiscard]] std::string finish();

 private:
  ChecksumKind kind_;
  std::variant<RunningCrc, RunningDigest> sum_;
};

}  // namespace warifu::crypto
