#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/http.h"
#include "crypto/digest.h"
#include "sigv4/auth_params.h"
#include "sigv4/signing_key.h"

namespace warifu::sigv4 {

/// The content of a chunked upload (`aws-chunked`), and the trailers after it.
struct StreamedBody {
  std::string content;
  http::Headers trailers;
};

/// Takes a chunked upload apart as it comes, and proves each chunk's signature at the chunk's end: what `feed` has
/// given out is proven when `finish` says so, and not before. Errors as of `decode_streaming`. Not thread-safe.
/// REQUIRES: as of `decode_streaming`; `request` and `params` outlive it; after an error it is not used again.
class ChunkReader {
 public:
  ChunkReader(const http::Request& request, const AuthParams& params, const SigningKey& key);
  ~ChunkReader();
  ChunkReader(const ChunkReader&) = delete;
  ChunkReader& operator=(const ChunkReader&) = delete;

  /// Appends what of the content is in these bytes of the body.
  [[nodiscard]] Checked<> feed(std::string_view bytes, std::string& content);
  /// The body is over: everything is there and proven.
  [[nodiscard]] Checked<> finish();
  /// REQUIRES: finish() has succeeded.
  [[nodiscard]] const http::Headers& trailers() const { return trailers_; }

 private:
  class Chain;
  enum class State : std::uint8_t { kHead, kData, kEnd, kTail };

  Checked<> read_head_byte(std::string_view& bytes);
  Checked<> read_data(std::string_view& bytes, std::string& content);
  Checked<> end_chunk();
  Checked<> read_trailers(std::string_view rest);

  const http::Request& request_;
  std::unique_ptr<Chain> chain_;
  const bool is_signed_;
  const bool trailing_;
  crypto::RunningDigest hash_;
  State state_ = State::kHead;
  std::string line_;  // a chunk's head so far; after the last chunk all that follows
  std::string signature_;
  std::uint64_t left_ = 0;    // of this chunk
  std::uint64_t length_ = 0;  // of the content so far
  http::Headers trailers_;
};

/// Takes apart the body of a request whose payload is one of Payload::kStreaming*, and proves each chunk's signature
/// (and the trailers') where the mode signs them: each chunk is chained to the one before, the first to the request's.
/// kSignatureMismatch: a signature differs. kIncompleteSignature: malformed framing, an end that is missing, bytes
/// after it, a length other than `x-amz-decoded-content-length`, or a trailer that `x-amz-trailer` did not announce.
/// Thread-safe, pure. The content is never longer than the body.
/// REQUIRES: `verify` accepted the request with these `params` and this `key`.
[[nodiscard]] Checked<StreamedBody> decode_streaming(const http::Request& request, const AuthParams& params,
                                                     const SigningKey& key);

}  // namespace warifu::sigv4
