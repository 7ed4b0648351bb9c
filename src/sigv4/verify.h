#pragma once

#include <string>
#include <string_view>

#include "base/http.h"
#include "sigv4/auth_params.h"
#include "sigv4/signing_key.h"

namespace warifu::sigv4 {

/// How a service's requests are canonicalised. S3 encodes the path once and keeps its dots; all others normalise it and
/// encode it a second time, so that a label's `%3A` is signed as `%253A`.
struct Profile {
  bool normalize_path = true;
  bool double_encode_path = true;
  /// UNSIGNED-PAYLOAD and STREAMING-*; in presigned URLs, UNSIGNED-PAYLOAD by default.
  bool unsigned_payload = false;
};

inline constexpr Profile kStandardProfile{};
inline constexpr Profile kS3Profile{.normalize_path = false, .double_encode_path = false, .unsigned_payload = true};
/// By the service of a credential scope.
[[nodiscard]] const Profile& profile_of(std::string_view service);

/// AWS's text for a signature that differs.
extern const std::string_view kSignatureMismatchText;

/// Proves that whoever holds the key signed this very request: method, path, query, signed headers, body. Also refused
/// as kSignatureMismatch: an unsigned `x-amz-*` header (but for the session token, which may be added after signing), a
/// signed header that is absent, two Host headers, a declared body hash that is not the body's, a payload mode that the
/// profile does not take. The comparison takes constant time. Thread-safe, pure.
///
/// A streaming upload is proven up to its headers only: `decode_streaming` proves the chunks. So is a request whose
/// body is still to come (`request.stream`): who reads it compares it with `declared_hash`.
/// REQUIRES: `params` came from `parse(request)`, and `request` has not changed since.
[[nodiscard]] Checked<> verify(const http::Request& request, const AuthParams& params, const SigningKey& key,
                               const Profile& profile);

/// The path that a standard service's signature covers: dot segments resolved, empty segments dropped, escapes kept.
/// Route by this path, never by the raw one: otherwise a signature for one resource serves for another.
[[nodiscard]] std::string normalized_path(std::string_view raw_path);

/// What is hashed and signed; for `sign`, for tests, and for explaining a mismatch.
struct CanonicalOptions {
  bool with_query_token = true;  // false: X-Amz-Security-Token was appended to the query after signing
  bool host_without_port = false;
};
[[nodiscard]] std::string canonical_request(const http::Request& request, const AuthParams& params,
                                            const Profile& profile, std::string_view payload_hash,
                                            CanonicalOptions options = {});
[[nodiscard]] std::string string_to_sign(const AuthParams& params, std::string_view canonical_request);

}  // namespace warifu::sigv4
