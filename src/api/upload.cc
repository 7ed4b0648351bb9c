#include "api/upload.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "crypto/checksum.h"
#include "crypto/secret.h"

namespace warifu::api {
namespace {

using sigv4::Payload;

Error named(ErrorCode code, std::string_view name, std::string message) {
  return {.code = code, .message = std::move(message), .aws_name = name};
}

Error error_of(const AuthFailure& failure) {
  if (failure.kind == AuthFailureKind::kIncompleteSignature) {
    return named(ErrorCode::kValidation, "IncompleteBody", failure.message);
  }
  return named(ErrorCode::kUnauthenticated, "SignatureDoesNotMatch", failure.message);
}

class WholeBody final : public http::BodyStream {
 public:
  explicit WholeBody(std::string body) : body_(std::move(body)) {}
  Task<Result<std::optional<std::string>>> next() override {
    if (body_.empty()) co_return std::optional<std::string>{};
    co_return std::optional(std::exchange(body_, {}));
  }
  void cancel() override {}

 private:
  std::string body_;
};

bool is_chunked(Payload payload) {
  return payload == Payload::kStreaming || payload == Payload::kStreamingTrailer ||
         payload == Payload::kStreamingUnsignedTrailer;
}

}  // namespace

std::shared_ptr<http::BodyStream> stream_of(std::string body) { return std::make_shared<WholeBody>(std::move(body)); }

Upload::Upload(http::Request& request, const sigv4::AuthParams& params, const sigv4::SigningKey& key)
    : raw_(request.stream ? std::move(request.stream) : stream_of(std::move(request.body))), params_(params) {
  request.stream = nullptr;
  request.body.clear();
  if (const auto trailer = request.headers.get("x-amz-trailer")) {
    constexpr std::string_view kChecksum = "x-amz-checksum-";
    const std::string name = to_lower(*trailer);
    if (name.starts_with(kChecksum)) announced_ = name.substr(kChecksum.size());
  }
  if (is_chunked(params.payload)) chunks_ = std::make_unique<sigv4::ChunkReader>(request, params, key);
  if (params.payload == Payload::kDeclaredHash) digest_.emplace(crypto::DigestKind::kSha256);
}

Task<Result<std::optional<std::string>>> Upload::next() {
  while (!ended_) {
    auto piece = CO_TRY(co_await raw_->next());
    if (!piece) {
      ended_ = true;
      CO_TRY(finish());
      break;
    }
    if (digest_) digest_->add(*piece);
    if (!chunks_) co_return std::move(piece);
    std::string content;
    const auto fed = chunks_->feed(*piece, content);
    if (!fed) co_return fail(error_of(fed.error()));
    if (!content.empty()) co_return std::optional(std::move(content));
  }
  co_return std::optional<std::string>{};
}

Result<> Upload::finish() {
  if (chunks_) {
    const auto proven = chunks_->finish();
    return proven ? Result<>{} : fail(error_of(proven.error()));
  }
  if (!digest_ || hex_encode(as_bytes(digest_->finish())) == params_.declared_hash) return {};
  return fail(named(ErrorCode::kValidation, "XAmzContentSHA256Mismatch",
                    "The provided 'x-amz-content-sha256' header does not match what was computed."));
}

Task<Result<std::string>> Upload::whole(std::size_t bytes_max) {
  std::string out;
  while (true) {
    auto piece = CO_TRY(co_await next());
    if (!piece) co_return out;
    if (piece->size() > bytes_max - out.size()) {
      co_return fail(
          named(ErrorCode::kTooLarge, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"));
    }
    out += *piece;
  }
}

const http::Headers& Upload::trailers() const { return chunks_ ? chunks_->trailers() : none_; }

Result<> check_stated_digests(const http::Headers& head, const http::Headers& trailers, std::string_view body) {
  if (const auto stated = head.get("content-md5")) {
    const auto digest = base64_decode(*stated);
    if (!digest || digest->size() != 16) {
      return fail(named(ErrorCode::kValidation, "InvalidDigest", "The Content-MD5 you specified was invalid."));
    }
    if (*digest != crypto::md5(body)) {
      return fail(
          named(ErrorCode::kValidation, "BadDigest", "The Content-MD5 you specified did not match what we received."));
    }
  }
  for (const crypto::ChecksumKind kind : crypto::kChecksumKinds) {
    const std::string name = "x-amz-checksum-" + to_lower(crypto::name_of(kind));
    const auto stated = head.get(name) ? head.get(name) : trailers.get(name);
    if (!stated) continue;
    crypto::RunningChecksum sum(kind);
    sum.add(body);
    if (base64_decode(*stated) == sum.finish()) continue;
    return fail(
        named(ErrorCode::kValidation, "BadDigest",
              fmt::format("The {} you specified did not match the calculated checksum.", crypto::name_of(kind))));
  }
  return {};
}

}  // namespace warifu::api
