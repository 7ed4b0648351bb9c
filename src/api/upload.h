#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/body_stream.h"
#include "base/http.h"
#include "crypto/digest.h"
#include "sigv4/auth_params.h"
#include "sigv4/signing_key.h"
#include "sigv4/streaming.h"

namespace warifu::api {

/// The body of a request as it comes, its chunks' framing taken off and what was signed of it proven: the declared
/// digest, each chunk's signature, the trailers'. What `next` has given is proven when it has answered nullopt, and not
/// before: nobody may act on it until then. Used by one coroutine.
class Upload {
 public:
  /// REQUIRES: `request`, whose `stream` is taken, and `params` outlive it, and were accepted with this `key`.
  Upload(http::Request& request, const sigv4::AuthParams& params, const sigv4::SigningKey& key);

  /// The next piece, not empty; nullopt: the body is whole and proven. kUnauthenticated, kValidation with S3's names
  /// for it: it is not what was signed; kUnavailable: the caller has gone.
  [[nodiscard]] Task<Result<std::optional<std::string>>> next();
  /// All of it, at most `bytes_max`; kTooLarge past that.
  [[nodiscard]] Task<Result<std::string>> whole(std::size_t bytes_max);
  /// The checksum that a trailer is to bring, as `x-amz-trailer` names it (`crc32`); nullopt: none.
  [[nodiscard]] const std::optional<std::string>& announced_checksum() const { return announced_; }
  /// REQUIRES: `next` has answered nullopt.
  [[nodiscard]] const http::Headers& trailers() const;

 private:
  Result<> finish();

  std::shared_ptr<http::BodyStream> raw_;
  const sigv4::AuthParams& params_;
  std::unique_ptr<sigv4::ChunkReader> chunks_;  // nullptr: the body is its content
  std::optional<crypto::RunningDigest> digest_;
  std::optional<std::string> announced_;
  http::Headers none_;
  bool ended_ = false;
};

/// A body that is all there, as a stream.
[[nodiscard]] std::shared_ptr<http::BodyStream> stream_of(std::string body);

/// Compares a whole body with Content-MD5 and every x-amz-checksum-* that the head (or a trailer) states. kValidation
/// with S3's names (InvalidDigest, BadDigest, InvalidRequest).
[[nodiscard]] Result<> check_stated_digests(const http::Headers& head, const http::Headers& trailers,
                                            std::string_view body);

}  // namespace warifu::api
