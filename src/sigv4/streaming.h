#pragma once

#include <string>
#include <string_view>

#include "base/http.h"
#include "sigv4/auth_params.h"
#include "sigv4/signing_key.h"

namespace warifu::sigv4 {

/// The content of a chunked upload (`aws-chunked`), and the trailers after it.
struct StreamedBody {
  std::string content;
  http::Headers trailers;
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
