#include "sigv4/verify.h"

#include <algorithm>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace warifu::sigv4 {

const std::string_view kSignatureMismatchText =
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and "
    "signing method. Consult the service documentation for details.";

namespace {

constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
constexpr std::string_view kAmzPrefix = "x-amz-";

std::unexpected<AuthFailure> mismatch() {
  return std::unexpected(
      AuthFailure{.kind = AuthFailureKind::kSignatureMismatch, .message = std::string(kSignatureMismatchText)});
}

bool is_signed(const AuthParams& params, std::string_view name) {
  return std::ranges::any_of(params.signed_headers, [&](std::string_view one) { return iequals(one, name); });
}

/// Every header that AWS gives a meaning to must be under the signature. The session token alone may come unsigned:
/// clients may add it afterwards, and it proves itself.
bool amz_headers_signed(const http::Headers& headers, const AuthParams& params) {
  return std::ranges::all_of(headers.fields(), [&](const http::Headers::Field& field) {
    const std::string_view name = field.first;
    if (name.size() < kAmzPrefix.size() || !iequals(name.substr(0, kAmzPrefix.size()), kAmzPrefix)) return true;
    return iequals(name, "x-amz-security-token") || is_signed(params, name);
  });
}

bool signed_headers_present(const http::Headers& headers, const AuthParams& params) {
  return std::ranges::all_of(params.signed_headers, [&](std::string_view name) {
    const bool lower = std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
    return lower && headers.get(name).has_value();
  });
}

/// What stands for the body in the canonical request; nullopt when the request may not say so here.
std::optional<std::string> payload_hash(const http::Request& request, const AuthParams& params,
                                        const Profile& profile) {
  switch (params.payload) {
    case Payload::kBody:
      if (params.source == Source::kQuery && profile.unsigned_payload) return std::string(kUnsignedPayload);
      // S3's clients always say what they sign in the body's place, and its body has not come yet.
      if (request.stream) return std::nullopt;
      return crypto::sha256_hex(request.body);
    case Payload::kDeclaredHash: {
      if (request.stream) return std::string(params.declared_hash);
      std::string hash = crypto::sha256_hex(request.body);
      if (hash != params.declared_hash) return std::nullopt;
      return hash;
    }
    case Payload::kUnsigned:
    case Payload::kStreaming:
    case Payload::kStreamingTrailer:
    case Payload::kStreamingUnsignedTrailer:
      if (!profile.unsigned_payload) return std::nullopt;
      return std::string(params.declared_hash);
  }
  return std::nullopt;
}

bool matches(const http::Request& request, const AuthParams& params, const SigningKey& key, const Profile& profile,
             std::string_view hash, CanonicalOptions options) {
  const std::string text = string_to_sign(params, canonical_request(request, params, profile, hash, options));
  const std::string signature = hex_encode(crypto::hmac_sha256(key.bytes(), text));
  return crypto::constant_time_equal(signature, params.signature);
}

}  // namespace

const Profile& profile_of(std::string_view service) {
  const bool s3 =
      service == "s3" || service == "s3express" || service == "s3-object-lambda" || service == "s3-outposts";
  return s3 ? kS3Profile : kStandardProfile;
}

Checked<> verify(const http::Request& request, const AuthParams& params, const SigningKey& key,
                 const Profile& profile) {
  if (request.headers.count("host") != 1 || !signed_headers_present(request.headers, params)) return mismatch();
  if (!amz_headers_signed(request.headers, params)) return mismatch();
  const auto hash = payload_hash(request, params, profile);
  if (!hash) return mismatch();

  // Clients differ in whether they sign Host with its port, and whether a query token was there when they signed. The
  // first form is nearly always right, so the others cost only those who differ.
  const bool port = request.headers.get("host")->find(':') != std::string_view::npos;
  for (const bool with_token : {true, false}) {
    if (!with_token && !params.session_token_in_query) continue;
    for (const bool without_port : {false, true}) {
      if (without_port && !port) continue;
      if (matches(request, params, key, profile, *hash, {with_token, without_port})) return {};
    }
  }
  return mismatch();
}

}  // namespace warifu::sigv4
