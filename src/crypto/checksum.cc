#include "crypto/checksum.h"

#include "base/encoding.h"

namespace warifu::crypto {
namespace {

std::variant<RunningCrc, RunningDigest> begin(ChecksumKind kind) {
  if (const auto crc = crc_kind(kind)) return RunningCrc(*crc);
  return RunningDigest(kind == ChecksumKind::kSha1 ? DigestKind::kSha1 : DigestKind::kSha256);
}

}  // namespace

std::string_view name_of(ChecksumKind kind) {
  switch (kind) {
    case ChecksumKind::kCrc32:
      return "CRC32";
    case ChecksumKind::kCrc32c:
      return "CRC32C";
    case ChecksumKind::kCrc64Nvme:
      return "CRC64NVME";
    case ChecksumKind::kSha1:
      return "SHA1";
    case ChecksumKind::kSha256:
      break;
  }
  return "SHA256";
}

std::optional<ChecksumKind> checksum_kind(std::string_view name) {
  for (const ChecksumKind kind : kChecksumKinds) {
    if (iequals(name, name_of(kind))) return kind;
  }
  return std::nullopt;
}

std::optional<CrcKind> crc_kind(ChecksumKind kind) {
  switch (kind) {
    case ChecksumKind::kCrc32:
      return CrcKind::kCrc32;
    case ChecksumKind::kCrc32c:
      return CrcKind::kCrc32c;
    case ChecksumKind::kCrc64Nvme:
      return CrcKind::kCrc64Nvme;
    case ChecksumKind::kSha1:
    case ChecksumKind::kSha256:
      break;
  }
  return std::nullopt;
}

std::size_t checksum_bytes(ChecksumKind kind) {
  if (const auto crc = crc_kind(kind)) return crc_bytes(*crc);
  return kind == ChecksumKind::kSha1 ? 20 : 32;
}

std::string crc_text(CrcKind kind, std::uint64_t value) {
  std::string out(crc_bytes(kind), '\0');
  for (std::size_t i = out.size(); i-- > 0; value >>= 8U) out[i] = static_cast<char>(value & 0xffU);
  return out;
}

RunningChecksum::RunningChecksum(ChecksumKind kind) : kind_(kind), sum_(begin(kind)) {}

void RunningChecksum::add(std::string_view bytes) {
  std::visit([bytes](auto& sum) { sum.add(bytes); }, sum_);
}

std::string RunningChecksum::finish() {
  if (auto* digest = std::get_if<RunningDigest>(&sum_)) return digest->finish();
  return crc_text(*crc_kind(kind_), std::get<RunningCrc>(sum_).value());
}

}  // namespace warifu::crypto
