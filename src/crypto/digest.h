#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace warifu::crypto {

/// Digests that AWS's wire formats ask for beside SHA-256. MD5 and SHA-1 prove nothing against anyone who wants to
/// deceive: they are fingerprints here (ETags, checksums), but for HMAC-SHA-1 of S3's old query signatures.
enum class DigestKind : std::uint8_t { kMd5, kSha1, kSha256 };

/// A digest of what is added piece by piece. Move-only; used by one thread at a time.
class RunningDigest {
 public:
  explicit RunningDigest(DigestKind kind);
  RunningDigest(RunningDigest&&) noexcept;
  RunningDigest& operator=(RunningDigest&&) noexcept;
  ~RunningDigest();

  void add(std::string_view bytes);
  /// The digest's bytes; afterwards it begins anew.
  [[nodiscard]] std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] std::string md5(std::string_view bytes);
/// 20 bytes (RFC 2104, FIPS 180-4).
[[nodiscard]] std::string hmac_sha1(std::string_view key, std::string_view message);

/// Cyclic redundancy checks, reflected, all ones before and after: CRC-32 (IEEE 802.3), CRC-32C (Castagnoli), CRC-64 as
/// NVMe has it.
enum class CrcKind : std::uint8_t { kCrc32, kCrc32c, kCrc64Nvme };

/// Bytes of such a checksum as it is written: 4 or 8, most significant first.
[[nodiscard]] std::size_t crc_bytes(CrcKind kind);

class RunningCrc {
 public:
  explicit RunningCrc(CrcKind kind);
  void add(std::string_view bytes);
  [[nodiscard]] std::uint64_t value() const;

 private:
  CrcKind kind_;
  std::uint64_t state_;
};

/// The checksum of two texts one after the other, from each one's own and the second's length.
[[nodiscard]] std::uint64_t combine_crc(CrcKind kind, std::uint64_t first, std::uint64_t second,
                                        std::uint64_t second_bytes);

}  // namespace warifu::crypto
