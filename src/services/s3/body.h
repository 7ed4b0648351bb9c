#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/call.h"
#include "base/body_stream.h"
#include "crypto/checksum.h"
#include "services/s3/service.h"

/// Bytes on their way into files and out of them.
namespace warifu::services::s3 {

inline constexpr std::int64_t kObjectBytesMax = std::int64_t{5} << 30U;  // of one upload

/// What a request states of its body: at most one checksum, and perhaps its MD5.
struct StatedDigests {
  std::optional<crypto::ChecksumKind> kind;
  std::string checksum;  // base 64; empty: it comes as a trailer, or is not stated
  std::string md5;       // 16 bytes; empty: not stated
};

/// A body in its file, proven, not yet named by a row.
struct Stored {
  std::unique_ptr<BlobWriter> writer;
  Blob blob;
  std::string md5;  // 16 bytes
  crypto::ChecksumKind kind = crypto::ChecksumKind::kCrc64Nvme;
  std::string checksum;  // its bytes
};

/// Reads a body to its end into a file of `owner`. BadDigest and its kin, EntityTooLarge: the file is gone again.
/// REQUIRES: `service` and `upload` outlive it.
[[nodiscard]] Task<Result<Stored>> store_body(Service& service, AccountId owner, http::BodyStream& source,
                                              StatedDigests stated);
/// The same of what this call brings: its upload, or `whole` of a call from within the server.
[[nodiscard]] Task<Result<Stored>> store_upload(Service& service, api::Call& call, AccountId owner,
                                                std::optional<std::string> whole, StatedDigests stated);

/// Where the bytes of an answer lie: from `offset`, `size` of them.
struct Segment {
  Blob blob;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};
/// The files opened piece by piece, and kept until the stream goes. nullptr: a file is gone already (it was replaced
/// meanwhile: look again). REQUIRES: `service` outlives the stream.
[[nodiscard]] Task<Result<std::shared_ptr<http::BodyStream>>> open_segments(Service& service, AccountId owner,
                                                                            std::vector<Segment> segments);

/// Members `checksum_crc32` and so on of an input.
template <class T>
[[nodiscard]] std::vector<std::pair<crypto::ChecksumKind, std::string>> checksums_in(const T& input) {
  std::vector<std::pair<crypto::ChecksumKind, std::string>> out;
  const auto add = [&](crypto::ChecksumKind kind, const std::optional<std::string>& value) {
    if (value) out.emplace_back(kind, *value);
  };
  add(crypto::ChecksumKind::kCrc32, input.checksum_crc32);
  add(crypto::ChecksumKind::kCrc32c, input.checksum_crc32_c);
  add(crypto::ChecksumKind::kCrc64Nvme, input.checksum_crc64_nvme);
  add(crypto::ChecksumKind::kSha1, input.checksum_sha1);
  add(crypto::ChecksumKind::kSha256, input.checksum_sha256);
  return out;
}
/// Sets the member of that kind of an output.
template <class T>
void set_checksum(T& output, std::string_view kind_name, const std::string& value) {
  const auto kind = crypto::checksum_kind(kind_name);
  if (!kind || value.empty()) return;
  if (*kind == crypto::ChecksumKind::kCrc32) output.checksum_crc32 = value;
  if (*kind == crypto::ChecksumKind::kCrc32c) output.checksum_crc32_c = value;
  if (*kind == crypto::ChecksumKind::kCrc64Nvme) output.checksum_crc64_nvme = value;
  if (*kind == crypto::ChecksumKind::kSha1) output.checksum_sha1 = value;
  if (*kind == crypto::ChecksumKind::kSha256) output.checksum_sha256 = value;
}

/// InvalidRequest: more than one, or one of another length; NotImplemented: of a kind that is not known here.
[[nodiscard]] Result<StatedDigests> stated_digests(
    const std::vector<std::pair<crypto::ChecksumKind, std::string>>& checksums,
    const std::optional<std::string>& algorithm, const std::optional<std::string>& md5);

}  // namespace warifu::services::s3
