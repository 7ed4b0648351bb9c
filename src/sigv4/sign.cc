#include "sigv4/sign.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/hash.h"
#include "sigv4/signing_key.h"
#include "sigv4/verify.h"

namespace warifu::sigv4 {
namespace {

/// What proxies and HTTP libraries add or change on the way.
constexpr std::array<std::string_view, 11> kNeverSigned = {
    "authorization", "connection",          "content-length",    "expect",  "keep-alive", "te",
    "trailer",       "proxy-authorization", "transfer-encoding", "upgrade", "user-agent"};

std::vector<std::string> names_to_sign(const http::Headers& headers) {
  std::vector<std::string> names;
  for (const auto& [name, value] : headers.fields()) {
    std::string lower = to_lower(name);
    if (std::ranges::find(kNeverSigned, lower) == kNeverSigned.end()) names.push_back(std::move(lower));
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

struct Signing {
  AuthParams params;
  std::vector<std::string> names;
  std::string names_text;
};

/// Everything that is signed but for the payload. The views in `params` point into the arguments and the result itself,
/// which therefore must stay where it is.
std::unique_ptr<Signing> prepare(const http::Request& request, const SigningScope& scope, Timestamp now) {
  CHECK(request.headers.count("host") == 1, "a request is signed with its one Host");
  auto signing = std::make_unique<Signing>();
  signing->names = names_to_sign(request.headers);
  signing->names_text = fmt::format("{}", fmt::join(signing->names, ";"));
  AuthParams& params = signing->params;
  params.amz_date = iso8601_basic(now);
  params.time = now;
  params.scope = {.date = std::string_view(params.amz_date).substr(0, 8),
                  .region = scope.region,
                  .service = scope.service,
                  .terminator = kTerminator};
  params.signed_headers.assign(signing->names.begin(), signing->names.end());
  params.signed_headers_text = signing->names_text;
  return signing;
}

std::string signature_of(const http::Request& request, const AuthParams& params, const Credentials& credentials,
                         std::string_view payload_hash) {
  const Scope& scope = params.scope;
  const SigningKey key = SigningKey::derive(credentials.secret.reveal(), scope.date, scope.region, scope.service);
  const std::string canonical = canonical_request(request, params, profile_of(scope.service), payload_hash);
  return hex_encode(crypto::hmac_sha256(key.bytes(), string_to_sign(params, canonical)));
}

std::string credential_text(const Credentials& credentials, const Scope& scope) {
  return fmt::format("{}/{}/{}/{}/{}", credentials.access_key_id, scope.date, scope.region, scope.service, kTerminator);
}

}  // namespace

void sign(http::Request& request, const Credentials& credentials, const SigningScope& scope, Timestamp now) {
  request.headers.add("X-Amz-Date", iso8601_basic(now));
  if (!credentials.session_token.empty()) request.headers.add("X-Amz-Security-Token", credentials.session_token);
  std::string hash(request.headers.get("x-amz-content-sha256").value_or(""));
  if (hash.empty()) {
    hash = crypto::sha256_hex(request.body);
    if (profile_of(scope.service).unsigned_payload) request.headers.add("X-Amz-Content-Sha256", hash);
  }
  const auto signing = prepare(request, scope, now);
  const AuthParams& params = signing->params;
  request.headers.add("Authorization",
                      fmt::format("{} Credential={}, SignedHeaders={}, Signature={}", kAlgorithm,
                                  credential_text(credentials, params.scope), params.signed_headers_text,
                                  signature_of(request, params, credentials, hash)));
}

void presign(http::Request& request, const Credentials& credentials, const SigningScope& scope, Timestamp now,
             std::int64_t expires_seconds) {
  CHECK(expires_seconds >= 1 && expires_seconds <= kExpiresSecondsMax);
  const auto signing = prepare(request, scope, now);
  AuthParams& params = signing->params;
  params.source = Source::kQuery;
  request.target +=
      fmt::format("{}X-Amz-Algorithm={}&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}&X-Amz-SignedHeaders={}",
                  request.target.find('?') == std::string::npos ? "?" : "&", kAlgorithm,
                  percent_encode(credential_text(credentials, params.scope)), params.amz_date, expires_seconds,
                  percent_encode(params.signed_headers_text));
  if (!credentials.session_token.empty()) {
    request.target += "&X-Amz-Security-Token=" + percent_encode(credentials.session_token);
  }
  const std::string hash =
      profile_of(scope.service).unsigned_payload ? "UNSIGNED-PAYLOAD" : crypto::sha256_hex(request.body);
  request.target += "&X-Amz-Signature=" + signature_of(request, params, credentials, hash);
}

}  // namespace warifu::sigv4
