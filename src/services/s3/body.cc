#include "services/s3/body.h"

#include "api/upload.h"
#include "base/encoding.h"
#include "services/s3/errors.h"

namespace warifu::services::s3 {
namespace {

constexpr std::size_t kBatchBytes = 4 * kPieceBytes;

/// A file being written with the sums of what it holds. Works on a worker's thread.
struct Intake {
  Intake(std::unique_ptr<BlobWriter> to, crypto::ChecksumKind kind)
      : writer(std::move(to)), md5(crypto::DigestKind::kMd5), checksum(kind) {}

  Result<> add(std::string_view bytes) {
    md5.add(bytes);
    checksum.add(bytes);
    return writer->append(bytes);
  }

  std::unique_ptr<BlobWriter> writer;
  crypto::RunningDigest md5;
  crypto::RunningChecksum checksum;
};

Error bad_digest(std::string_view what) {
  return s3_error("BadDigest", "The " + std::string(what) + " you specified did not match the calculated checksum.");
}

/// The checksum of a trailer; empty: none.
std::optional<std::string> trailer_of(const api::Upload* upload, crypto::ChecksumKind kind) {
  if (upload == nullptr) return std::nullopt;
  const auto value = upload->trailers().get("x-amz-checksum-" + to_lower(crypto::name_of(kind)));
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

class UploadStream final : public http::BodyStream {
 public:
  explicit UploadStream(api::Upload& upload) : upload_(upload) {}
  Task<Result<std::optional<std::string>>> next() override { return upload_.next(); }
  void cancel() override {}

 private:
  api::Upload& upload_;
};

/// The bytes of an object, a batch at a time.
class SegmentStream final : public http::BodyStream {
 public:
  SegmentStream(Service& service, AccountId owner, std::vector<Segment> segments, std::shared_ptr<void> pin)
      : service_(service), owner_(std::move(owner)), segments_(std::move(segments)), pin_(std::move(pin)) {}

  Task<Result<bool>> open_first() {
    if (segments_.empty()) co_return true;
    reader_ = CO_TRY(co_await open(segments_.front().blob));
    co_return reader_ != nullptr;
  }

  Task<Result<std::optional<std::string>>> next() override {
    while (at_ < segments_.size() && done_ == segments_[at_].size) {
      ++at_;
      done_ = 0;
      reader_ = nullptr;
    }
    if (at_ == segments_.size()) co_return std::optional<std::string>{};
    const Segment& segment = segments_[at_];
    if (reader_ == nullptr) reader_ = CO_TRY(co_await open(segment.blob));
    if (reader_ == nullptr) co_return fail(internal_error("a part of an object is gone"));
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(kBatchBytes, segment.size - done_));
    const std::uint64_t offset = segment.offset + done_;
    std::string bytes = CO_TRY(
        co_await on(service_.workers(), [reader = reader_, offset, size] { return reader->read(offset, size); }));
    done_ += bytes.size();
    co_return std::optional(std::move(bytes));
  }
  void cancel() override {}

 private:
  Task<Result<std::shared_ptr<const BlobReader>>> open(Blob blob) {
    Blobs* blobs = &service_.blobs();
    co_return co_await on(service_.workers(),
                          [blobs, owner = owner_, blob = std::move(blob)] { return blobs->reader(owner, blob); });
  }

  Service& service_;
  AccountId owner_;
  std::vector<Segment> segments_;
  std::shared_ptr<void> pin_;
  std::shared_ptr<const BlobReader> reader_;
  std::size_t at_ = 0;
  std::uint64_t done_ = 0;
};

Task<Result<>> flush(Service& service, std::shared_ptr<Intake> intake, std::string batch) {
  co_return co_await on(service.workers(), [intake, batch = std::move(batch)] { return intake->add(batch); });
}

Task<Result<std::shared_ptr<Intake>>> take_in(Service& service, AccountId owner, http::BodyStream& source,
                                              crypto::ChecksumKind kind) {
  Blobs* blobs = &service.blobs();
  auto writer = CO_TRY(co_await on(service.workers(), [blobs, owner] { return blobs->create(owner); }));
  auto intake = std::make_shared<Intake>(std::move(writer), kind);
  std::string batch;
  std::int64_t total = 0;
  while (true) {
    auto piece = CO_TRY(co_await source.next());
    if (!piece) break;
    total += static_cast<std::int64_t>(piece->size());
    if (total > kObjectBytesMax) {
      co_return fail(
          s3_error("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", ErrorCode::kTooLarge));
    }
    batch += *piece;
    if (batch.size() >= kBatchBytes) CO_TRY(co_await flush(service, intake, std::exchange(batch, {})));
  }
  if (!batch.empty()) CO_TRY(co_await flush(service, intake, std::move(batch)));
  co_return intake;
}

Task<Result<Stored>> finish(Service& service, std::shared_ptr<Intake> intake, StatedDigests stated) {
  Stored out;
  out.md5 = intake->md5.finish();
  out.kind = intake->checksum.kind();
  out.checksum = intake->checksum.finish();
  if (!stated.md5.empty() && stated.md5 != out.md5) {
    co_return fail(s3_error("BadDigest", "The Content-MD5 you specified did not match what we received."));
  }
  if (!stated.checksum.empty() && stated.checksum != base64_encode(out.checksum)) {
    co_return fail(bad_digest(crypto::name_of(out.kind)));
  }
  out.blob = CO_TRY(co_await on(service.workers(), [intake] { return intake->writer->finish(); }));
  out.writer = std::move(intake->writer);
  co_return out;
}

}  // namespace

Result<StatedDigests> stated_digests(const std::vector<std::pair<crypto::ChecksumKind, std::string>>& checksums,
                                     const std::optional<std::string>& algorithm,
                                     const std::optional<std::string>& md5) {
  StatedDigests out;
  if (checksums.size() > 1) {
    return fail(s3_error("InvalidRequest",
                         "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."));
  }
  if (algorithm) {
    out.kind = crypto::checksum_kind(*algorithm);
    if (!out.kind) return fail(not_done("checksum algorithm " + *algorithm));
  }
  if (!checksums.empty()) {
    const auto& [kind, value] = checksums.front();
    const auto bytes = base64_decode(value);
    if (!bytes || bytes->size() != crypto::checksum_bytes(kind)) {
      return fail(s3_error("InvalidRequest",
                           "Value for x-amz-checksum-" + to_lower(crypto::name_of(kind)) + " header is invalid."));
    }
    out.kind = kind;
    out.checksum = value;
  }
  if (md5) {
    const auto bytes = base64_decode(*md5);
    if (!bytes || bytes->size() != 16) {
      return fail(s3_error("InvalidDigest", "The Content-MD5 you specified was invalid."));
    }
    out.md5 = *bytes;
  }
  return out;
}

Task<Result<Stored>> store_body(Service& service, AccountId owner, http::BodyStream& source, StatedDigests stated) {
  const auto kind = stated.kind.value_or(crypto::ChecksumKind::kCrc64Nvme);
  auto intake = CO_TRY(co_await take_in(service, std::move(owner), source, kind));
  co_return co_await finish(service, std::move(intake), std::move(stated));
}

Task<Result<Stored>> store_upload(Service& service, api::Call& call, AccountId owner, std::optional<std::string> whole,
                                  StatedDigests stated) {
  api::Upload* upload = call.upload();
  if (upload == nullptr) {
    const auto source = api::stream_of(std::move(whole).value_or(std::string()));
    co_return co_await store_body(service, std::move(owner), *source, std::move(stated));
  }
  const auto announced = upload->announced_checksum();
  if (announced && !stated.kind) stated.kind = crypto::checksum_kind(*announced);
  if (announced && !stated.kind) co_return fail(not_done("checksum " + *announced));
  UploadStream source(*upload);
  const auto kind = stated.kind.value_or(crypto::ChecksumKind::kCrc64Nvme);
  auto intake = CO_TRY(co_await take_in(service, std::move(owner), source, kind));
  if (announced) {
    const auto trailer = trailer_of(upload, kind);
    if (!trailer || (!stated.checksum.empty() && stated.checksum != *trailer)) {
      co_return fail(s3_error("MalformedTrailerError",
                              "The request contained trailing data that was not well-formed "
                              "or did not conform to our published schema."));
    }
    stated.checksum = *trailer;
  }
  co_return co_await finish(service, std::move(intake), std::move(stated));
}

Task<Result<std::shared_ptr<http::BodyStream>>> open_segments(Service& service, AccountId owner,
                                                              std::vector<Segment> segments) {
  std::vector<std::string> ids;
  for (const Segment& segment : segments) ids.push_back(segment.blob.id);
  auto pin = service.blobs().pin(std::move(ids));
  auto stream = std::make_shared<SegmentStream>(service, std::move(owner), std::move(segments), std::move(pin));
  const bool there = CO_TRY(co_await stream->open_first());
  if (!there) co_return std::shared_ptr<http::BodyStream>{};
  co_return std::shared_ptr<http::BodyStream>(std::move(stream));
}

}  // namespace warifu::services::s3
