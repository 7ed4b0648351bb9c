#pragma once

#include <cstdint>
#include <string>

namespace warifu {

/// Why a request could not be authenticated. `sigv4` and `access` say which; `wire::encode_auth_failure` turns each
/// into the code and status that the request's protocol uses (a table of three columns), in a switch without default.
enum class AuthFailureKind : std::uint8_t {
  kMissingToken,         // no credentials at all, or an unknown query algorithm
  kMalformedQuery,       // a broken percent escape in the query string
  kBothHeaderAndQuery,   // Authorization header and X-Amz-Algorithm together
  kIncompleteSignature,  // Authorization unparsable or parts of it missing; date or credential malformed
  kInvalidKeyId,         // no such access key (any more)
  kInvalidToken,         // session token damaged, or not of this key
  kExpiredToken,         // session token past its end
  kSignatureMismatch,    // signature, signed headers, body hash or a part of the scope differ
  kSkewed,               // the request's date is outside the accepted window, or a presigned URL is past its end
};

/// A refused authentication with AWS's text for it. `message` may be empty, where AWS says nothing.
/// Never holds a secret, a token or a signature that would have been right.
struct AuthFailure {
  AuthFailureKind kind = AuthFailureKind::kMissingToken;
  std::string message{};
};

}  // namespace warifu
