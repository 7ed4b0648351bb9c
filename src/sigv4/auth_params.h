#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/auth_failure.h"
#include "base/http.h"
#include "base/time.h"

namespace warifu::sigv4 {

template <class T = void>
using Checked = std::expected<T, AuthFailure>;

inline constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view kTerminator = "aws4_request";
/// How far a request's date may lie from the server's, either way.
inline constexpr std::int64_t kSkewSecondsMax = 15 * 60;
/// X-Amz-Expires of a presigned URL: 1 second to 7 days.
inline constexpr std::int64_t kExpiresSecondsMax = 7 * 24 * 3600;
/// More signed headers than any client sends; bounds the work of a lookup per name.
inline constexpr std::size_t kSignedHeadersMax = 128;

/// Where the signature stood.
enum class Source : std::uint8_t { kHeader, kQuery };

/// What the client signed in the place of the body's hash.
enum class Payload : std::uint8_t {
  kBody,                     // nothing said: the hash of the body
  kDeclaredHash,             // x-amz-content-sha256 holds the body's hash
  kUnsigned,                 // UNSIGNED-PAYLOAD
  kStreaming,                // STREAMING-AWS4-HMAC-SHA256-PAYLOAD: chunks, each signed
  kStreamingTrailer,         // STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER: and signed trailers
  kStreamingUnsignedTrailer  // STREAMING-UNSIGNED-PAYLOAD-TRAILER: chunks and trailers, unsigned
};

/// keyid/date/region/service/terminator, as the client claims it.
struct Scope {
  std::string_view date;
  std::string_view region;
  std::string_view service;
  std::string_view terminator;
};

/// What a request says about its own signature; nothing of it is proven before `verify`. The views point into the
/// request, which must outlive this object unchanged, and into `decoded`. Move-only.
struct AuthParams {
  Source source = Source::kHeader;
  std::string_view access_key_id;
  Scope scope;
  std::vector<std::string_view> signed_headers;  // in the order given, lower case required
  std::string_view signed_headers_text;          // `host;x-amz-date`
  std::string_view signature;
  std::string amz_date;  // YYYYMMDDTHHMMSSZ
  Timestamp time;
  std::optional<std::string_view> session_token;
  bool session_token_in_query = false;
  std::int64_t expires_seconds = kSkewSecondsMax;  // X-Amz-Expires; of header authentication always the skew
  Payload payload = Payload::kBody;
  bool old_query = false;          // version 2 (old_query.h); `amz_date` is then its expiry, `signature` base 64
  std::string_view declared_hash;  // the value of x-amz-content-sha256, empty when absent

  std::unique_ptr<std::vector<std::string>> decoded;  // percent-decoded query values
};

/// Finds the signature of a request and checks its form, in AWS's order and with AWS's texts: query escapes; header or
/// query, not both and not neither; algorithm; parts present; `host` signed; date's form, too old, too new (presigned:
/// past its expiry); five parts of the credential. Thread-safe, pure.
///
/// Bearer tokens and anonymous routes are the caller's matter: it asks here only when it expects SigV4.
[[nodiscard]] Checked<AuthParams> parse(const http::Request& request, Timestamp now);
/// A temporary would leave the views dangling.
Checked<AuthParams> parse(const http::Request&& request, Timestamp now) = delete;

/// Of a request of S3's that carries no signature: what it says of its body. kIncompleteSignature: it claims chunks
/// that are signed. REQUIRES: `request` and `region` outlive the result.
[[nodiscard]] Checked<AuthParams> unsigned_params(const http::Request& request, std::string_view region, Timestamp now);

/// Checks the scope: a region's name, the service that the caller serves here, the terminator, the date against the
/// request's; every complaint that applies, joined by a space. `service` empty: any service (the caller looks it up).
[[nodiscard]] Checked<> check_scope(const AuthParams& params, std::string_view service);

/// The service named in the credential, wherever it stands and however broken the rest: only for choosing how to word
/// an error. nullopt when none is readable.
[[nodiscard]] std::optional<std::string> claimed_service(const http::Request& request);

/// True for what AWS could name a region: `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`.
[[nodiscard]] bool is_region_name(std::string_view text);

}  // namespace warifu::sigv4
