#include "sigv4/auth_params.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/encoding.h"
#include "base/result.h"
#include "sigv4/query.h"
#include "sigv4/verify.h"

namespace warifu::sigv4 {
namespace {

constexpr std::string_view kMissingTokenText = "Request is missing Authentication Token";
constexpr std::string_view kInvalidTokenText = "The security token included in the request is invalid";
constexpr std::string_view kHostNotSignedText =
    "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
constexpr std::string_view kBothText =
    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.";

using Kind = AuthFailureKind;

std::unexpected<AuthFailure> refuse(Kind kind, std::string message) {
  return std::unexpected(AuthFailure{.kind = kind, .message = std::move(message)});
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// Cuts what precedes the first `separator` off the front of `text`.
std::string_view next_part(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

/// All values of a header, joined as RFC 9110 joins them: two dates are then no date, and no check rests on the first.
std::optional<std::string> joined(const http::Headers& headers, std::string_view name) {
  std::optional<std::string> out;
  for (const auto& [field, value] : headers.fields()) {
    if (!iequals(field, name)) continue;
    if (out) {
      *out += "," + value;
    } else {
      out = trim(value);
    }
  }
  return out;
}

/// The parts of an Authorization header; of a part given twice, the last.
struct HeaderParts {
  std::optional<std::string_view> credential, signed_headers, signature;
};

Checked<HeaderParts> header_parts(std::string_view authorization) {
  std::string_view rest = authorization;
  const std::string_view algorithm = next_part(rest, ' ');
  if (algorithm != kAlgorithm) {
    return refuse(Kind::kIncompleteSignature, fmt::format("Unsupported AWS 'algorithm': '{}'.", algorithm));
  }
  HeaderParts parts;
  while (!rest.empty()) {
    const std::string_view part = trim(next_part(rest, ','));
    if (part.empty()) continue;
    const std::size_t equal = part.find('=');
    if (equal == std::string_view::npos) {
      return refuse(Kind::kIncompleteSignature,
                    fmt::format("'{}' not a valid key=value pair (missing equal-sign) in Authorization header: '{}'",
                                part, authorization));
    }
    const std::string_view name = part.substr(0, equal);
    const std::string_view value = part.substr(equal + 1);
    if (name == "Credential") parts.credential = value;
    if (name == "SignedHeaders") parts.signed_headers = value;
    if (name == "Signature") parts.signature = value;
  }
  return parts;
}

Checked<> require_header_parts(const HeaderParts& parts, bool dated) {
  std::string missing;
  const auto complain = [&](std::string_view name) {
    missing += fmt::format("Authorization header requires '{}' parameter. ", name);
  };
  if (!parts.credential) complain("Credential");
  if (!parts.signature) complain("Signature");
  if (!parts.signed_headers) complain("SignedHeaders");
  if (!dated) missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  if (missing.empty()) return {};
  return refuse(Kind::kIncompleteSignature, missing + "Authorization=AWS4-HMAC-SHA256");
}

Checked<> set_signed_headers(AuthParams& params, std::string_view text) {
  params.signed_headers_text = text;
  params.signed_headers.reserve(8);
  bool host = false;
  while (!text.empty()) {
    if (params.signed_headers.size() == kSignedHeadersMax) {
      return refuse(Kind::kSignatureMismatch, std::string(kSignatureMismatchText));
    }
    const std::string_view name = next_part(text, ';');
    host = host || name == "host";
    params.signed_headers.push_back(name);
  }
  if (!host) return refuse(Kind::kSignatureMismatch, std::string(kHostNotSignedText));
  return {};
}

/// How long the request may be used, as the refusal words it.
std::string window_text(std::int64_t seconds) {
  return seconds % 60 == 0 ? fmt::format("{} min.", seconds / 60) : fmt::format("{} sec.", seconds);
}

Checked<> set_time(AuthParams& params, std::string date, Timestamp now) {
  auto time = parse_iso8601_basic(date);
  if (!time && params.source == Source::kHeader) {
    time = parse_http_date(date);
    if (time) date = iso8601_basic(*time);
  }
  if (!time) {
    return refuse(
        Kind::kIncompleteSignature,
        fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See http://en.wikipedia.org/wiki/ISO_8601",
                    date));
  }
  params.time = *time;
  params.amz_date = std::move(date);
  const Timestamp oldest = now.plus_seconds(-params.expires_seconds);
  const Timestamp newest = now.plus_seconds(kSkewSecondsMax);
  if (params.time.seconds() < oldest.seconds()) {
    return refuse(Kind::kSkewed,
                  fmt::format("Signature expired: {} is now earlier than {} ({} - {})", params.amz_date,
                              iso8601_basic(oldest), iso8601_basic(now), window_text(params.expires_seconds)));
  }
  if (params.time.seconds() > newest.seconds()) {
    return refuse(Kind::kSkewed, fmt::format("Signature not yet current: {} is still later than {} ({} + 15 min.)",
                                             params.amz_date, iso8601_basic(newest), iso8601_basic(now)));
  }
  return {};
}

Checked<> set_credential(AuthParams& params, std::string_view text) {
  std::array<std::string_view, 5> parts;
  std::size_t slashes = 0;
  for (const char c : text) slashes += c == '/' ? 1 : 0;
  if (slashes != parts.size() - 1) {
    return refuse(Kind::kIncompleteSignature,
                  fmt::format("Credential must have exactly 5 slash-delimited elements, e.g. "
                              "keyid/date/region/service/term, got '{}'",
                              text));
  }
  for (std::string_view& part : parts) part = next_part(text, '/');
  params.access_key_id = parts[0];
  params.scope = {.date = parts[1], .region = parts[2], .service = parts[3], .terminator = parts[4]};
  return {};
}

void set_payload(AuthParams& params, std::string_view declared) {
  params.declared_hash = declared;
  params.payload = declared == "UNSIGNED-PAYLOAD"                             ? Payload::kUnsigned
                   : declared == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"         ? Payload::kStreaming
                   : declared == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" ? Payload::kStreamingTrailer
                   : declared == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"         ? Payload::kStreamingUnsignedTrailer
                                                                              : Payload::kDeclaredHash;
}

/// The session token and the payload mode, where headers say them.
Checked<> set_from_headers(AuthParams& params, const http::Headers& headers) {
  bool token_seen = false;
  bool hash_seen = false;
  for (const auto& [name, value] : headers.fields()) {
    if (iequals(name, "x-amz-security-token")) {
      if (token_seen) return refuse(Kind::kInvalidToken, std::string(kInvalidTokenText));
      token_seen = true;
      if (!params.session_token_in_query) params.session_token = trim(value);
    } else if (iequals(name, "x-amz-content-sha256")) {
      // A hash declared twice equals no body's hash.
      set_payload(params, hash_seen ? std::string_view{} : trim(value));
      hash_seen = true;
    }
  }
  return {};
}

Checked<AuthParams> parse_header(const http::Request& request, std::string_view authorization, Timestamp now) {
  AuthParams params;
  const HeaderParts parts = TRY(header_parts(authorization));
  auto date = joined(request.headers, "x-amz-date");
  if (!date) date = joined(request.headers, "date");
  TRY(require_header_parts(parts, date.has_value()));
  TRY(set_signed_headers(params, *parts.signed_headers));
  TRY(set_time(params, std::move(*date), now));
  TRY(set_credential(params, *parts.credential));
  params.signature = *parts.signature;
  TRY(set_from_headers(params, request.headers));
  return params;
}

Checked<> set_expires(AuthParams& params, const QueryParam* param) {
  if (param == nullptr) return {};
  const char* const end = param->value.data() + param->value.size();
  std::int64_t seconds = 0;
  const auto [stop, error] = std::from_chars(param->value.data(), end, seconds);
  if (error == std::errc::invalid_argument || stop != end) {
    return refuse(Kind::kIncompleteSignature, "X-Amz-Expires should be a number");
  }
  if (error != std::errc{} || seconds > kExpiresSecondsMax) {
    return refuse(Kind::kIncompleteSignature, "X-Amz-Expires must be less than a week (in seconds) that is 604800");
  }
  if (seconds < 1) return refuse(Kind::kIncompleteSignature, "X-Amz-Expires must be positive");
  params.expires_seconds = seconds;
  return {};
}

Checked<> require_query_parts(const std::vector<QueryParam>& query) {
  std::string missing;
  for (const std::string_view name : {"X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"}) {
    if (find_param(query, name) == nullptr) {
      missing += fmt::format("AWS query-string parameters must include '{}'. ", name);
    }
  }
  if (missing.empty()) return {};
  return refuse(Kind::kIncompleteSignature, missing + "Re-examine the query-string parameters.");
}

Checked<AuthParams> parse_presigned(const http::Request& request, std::vector<QueryParam>& query, Timestamp now) {
  if (find_param(query, "X-Amz-Algorithm")->value != kAlgorithm) {
    return refuse(Kind::kMissingToken, std::string(kMissingTokenText));
  }
  TRY(require_query_parts(query));
  AuthParams params;
  params.source = Source::kQuery;
  params.decoded = std::make_unique<std::vector<std::string>>();
  params.decoded->reserve(5);
  const auto keep = [&](const QueryParam* param) -> std::string_view {
    return params.decoded->emplace_back(param->value);
  };

  TRY(set_expires(params, find_param(query, "X-Amz-Expires")));
  TRY(set_signed_headers(params, keep(find_param(query, "X-Amz-SignedHeaders"))));
  TRY(set_time(params, find_param(query, "X-Amz-Date")->value, now));
  TRY(set_credential(params, keep(find_param(query, "X-Amz-Credential"))));
  params.signature = keep(find_param(query, "X-Amz-Signature"));
  if (const QueryParam* token = find_param(query, "X-Amz-Security-Token")) {
    params.session_token = keep(token);
    params.session_token_in_query = true;
  }
  if (const QueryParam* hash = find_param(query, "X-Amz-Content-Sha256")) set_payload(params, keep(hash));
  TRY(set_from_headers(params, request.headers));
  return params;
}

}  // namespace

Checked<AuthParams> parse(const http::Request& request, Timestamp now) {
  std::vector<QueryParam> query;
  if (const std::string_view raw = request.query(); !raw.empty()) {
    if (auto broken = broken_escape(raw)) return refuse(Kind::kMalformedQuery, std::move(*broken));
    query = parse_query(raw);
  }
  const bool presigned = find_param(query, "X-Amz-Algorithm") != nullptr;
  const std::size_t headers = request.headers.count("authorization");
  if (headers > 0 && presigned) return refuse(Kind::kBothHeaderAndQuery, std::string(kBothText));
  if (presigned) return parse_presigned(request, query, now);
  if (headers > 1) return refuse(Kind::kIncompleteSignature, "Found more than one 'Authorization' HTTP header.");
  const std::string_view authorization = trim(request.headers.get("authorization").value_or(""));
  if (authorization.empty()) return refuse(Kind::kMissingToken, std::string(kMissingTokenText));
  return parse_header(request, authorization, now);
}

Checked<AuthParams> unsigned_params(const http::Request& request, std::string_view region, Timestamp now) {
  AuthParams params;
  params.time = now;
  params.scope = {.date = {}, .region = region, .service = "s3", .terminator = kTerminator};
  TRY(set_from_headers(params, request.headers));
  if (params.payload == Payload::kStreaming || params.payload == Payload::kStreamingTrailer) {
    return refuse(Kind::kIncompleteSignature, "The chunks of a request without a signature cannot be signed");
  }
  if (params.payload == Payload::kBody) params.payload = Payload::kUnsigned;
  return params;
}

bool is_region_name(std::string_view text) {
  std::size_t parts = 0;
  std::string_view last;
  if (text.empty() || text.size() > 32 || text.back() == '-') return false;
  while (!text.empty()) {
    last = next_part(text, '-');
    ++parts;
    if (last.empty()) return false;
    for (const char c : last) {
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) return false;
    }
  }
  return parts >= 3 && last.find_first_not_of("0123456789") == std::string_view::npos;
}

Checked<> check_scope(const AuthParams& params, std::string_view service) {
  std::string complaints;
  const auto complain = [&](const std::string& text) { complaints += (complaints.empty() ? "" : " ") + text; };
  const Scope& scope = params.scope;
  if (!is_region_name(scope.region)) {
    complain(fmt::format("Credential should be scoped to a valid region, not '{}'.", scope.region));
  }
  if (!service.empty() && scope.service != service) {
    complain(fmt::format("Credential should be scoped to correct service: '{}'.", service));
  }
  if (scope.terminator != kTerminator) {
    complain(fmt::format("Credential should be scoped with a valid terminator: 'aws4_request', not '{}'.",
                         scope.terminator));
  }
  const std::string_view day = std::string_view(params.amz_date).substr(0, 8);
  if (scope.date != day) {
    complain(
        fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != "
                    "'{}', from '{}'.",
                    scope.date, day, params.amz_date));
  }
  if (complaints.empty()) return {};
  return refuse(Kind::kSignatureMismatch, std::move(complaints));
}

std::optional<std::string> claimed_service(const http::Request& request) {
  std::string credential;
  if (const auto authorization = request.headers.get("authorization")) {
    constexpr std::string_view kName = "Credential=";
    const std::size_t at = authorization->find(kName);
    if (at == std::string_view::npos) return std::nullopt;
    std::string_view rest = authorization->substr(at + kName.size());
    credential = trim(next_part(rest, ','));
  } else if (!broken_escape(request.query())) {
    const auto query = parse_query(request.query());
    if (const QueryParam* param = find_param(query, "X-Amz-Credential")) credential = param->value;
  }
  std::string_view rest = credential;
  std::string_view service;
  for (int i = 0; i < 4; ++i) service = next_part(rest, '/');
  if (service.empty()) return std::nullopt;
  return std::string(service);
}

}  // namespace warifu::sigv4
