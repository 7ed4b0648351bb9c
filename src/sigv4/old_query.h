#pragma once

#include <string>
#include <string_view>

#include "base/http.h"
#include "base/time.h"
#include "sigv4/auth_params.h"

namespace warifu::sigv4 {

/// S3's old query signature (version 2): `AWSAccessKeyId`, `Signature`, `Expires`, HMAC-SHA-1 over method, a few
/// headers, the expiry and the resource. boto3 still makes presigned URLs so for endpoints that are not AWS's. For S3
/// alone: no other service's request is ever read this way.
///
/// True when the query has those three parameters and nothing of a newer signature stands beside them.
[[nodiscard]] bool is_old_query(const http::Request& request);

/// Its parts, the scope being S3's in `region`. kIncompleteSignature: a part stands twice or is malformed;
/// kMissingToken with AWS's text: past its expiry; and kIncompleteSignature where that lies more than seven days ahead.
/// REQUIRES: is_old_query(request); `request` and `region` outlive the result.
[[nodiscard]] Checked<AuthParams> parse_old_query(const http::Request& request, std::string_view region, Timestamp now);

/// Proves that whoever holds `secret` signed this request. `resource_path` is the raw path with the bucket in front,
/// however the bucket was named (`/bucket/key`). Constant time where it compares.
[[nodiscard]] Checked<> verify_old_query(const http::Request& request, const AuthParams& params,
                                         std::string_view secret, std::string_view resource_path);

/// What is signed; for tests.
[[nodiscard]] std::string old_string_to_sign(const http::Request& request, std::string_view expires,
                                             std::string_view resource_path);

}  // namespace warifu::sigv4
