#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/http.h"
#include "base/time.h"
#include "crypto/secret.h"
#include "sigv4/auth_params.h"

namespace warifu::sigv4 {

/// Who signs. Move-only, since the secret is.
struct Credentials {
  std::string access_key_id;
  crypto::SecretBytes secret;
  std::string session_token;  // empty: long-term credentials
};

/// For which region and service.
struct SigningScope {
  std::string region;
  std::string service;
};

/// Signs a request in place: adds X-Amz-Date, X-Amz-Security-Token where there is one, X-Amz-Content-Sha256 (S3 alone
/// needs it; one that is there already is taken as it is), and Authorization over every header that it has then, except
/// hop-by-hop ones and User-Agent. REQUIRES: one Host header; no X-Amz-Date, X-Amz-Security-Token or Authorization yet.
void sign(http::Request& request, const Credentials& credentials, const SigningScope& scope, Timestamp now);

/// Signs by query parameters instead: the target afterwards is good for `expires_seconds`, with the same method, body
/// and headers. REQUIRES: one Host header; 1 ≤ expires_seconds ≤ kExpiresSecondsMax.
void presign(http::Request& request, const Credentials& credentials, const SigningScope& scope, Timestamp now,
             std::int64_t expires_seconds);

}  // namespace warifu::sigv4
