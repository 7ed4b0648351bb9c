#include "sigv4/old_query.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <span>

#include "base/encoding.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/hash.h"
#include "sigv4/query.h"
#include "sigv4/verify.h"

namespace warifu::sigv4 {
namespace {

constexpr std::string_view kKeyId = "AWSAccessKeyId";
constexpr std::string_view kSignature = "Signature";
constexpr std::string_view kExpires = "Expires";
constexpr std::string_view kToken = "x-amz-security-token";

/// The parameters that are part of the resource. Source: S3 user guide, "Signing and authenticating REST requests
/// (signature version 2)", "CanonicalizedResource".
constexpr std::string_view kSigned[] = {"accelerate",
                                        "acl",
                                        "cors",
                                        "defaultObjectAcl",
                                        "delete",
                                        "lifecycle",
                                        "location",
                                        "logging",
                                        "notification",
                                        "partNumber",
                                        "policy",
                                        "replication",
                                        "requestPayment",
                                        "response-cache-control",
                                        "response-content-disposition",
                                        "response-content-encoding",
                                        "response-content-language",
                                        "response-content-type",
                                        "response-expires",
                                        "restore",
                                        "select",
                                        "select-type",
                                        "storageClass",
                                        "tagging",
                                        "torrent",
                                        "uploadId",
                                        "uploads",
                                        "versionId",
                                        "versioning",
                                        "versions",
                                        "website"};

/// Parameters that mean nothing, or are signed in a header's place.
constexpr std::string_view kHarmless[] = {"x-id", "content-md5", "content-type"};

std::unexpected<AuthFailure> refuse(AuthFailureKind kind, std::string_view message) {
  return std::unexpected(AuthFailure{.kind = kind, .message = std::string(message)});
}

std::size_t count(const std::vector<QueryParam>& query, std::string_view name) {
  return static_cast<std::size_t>(std::ranges::count(query, name, &QueryParam::name));
}

bool holds(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// A header, or what boto3 wrote of it into the query.
std::string header_of(const http::Request& request, const std::vector<QueryParam>& query, std::string_view name) {
  if (const auto value = request.headers.get(name)) return std::string(*value);
  const QueryParam* param = find_param(query, name);
  return param == nullptr ? std::string() : param->value;
}

/// `x-amz-*` of headers and query, by name; several values of one joined by commas.
std::string amz_headers(const http::Request& request, const std::vector<QueryParam>& query) {
  std::map<std::string, std::string> named;
  const auto add = [&](std::string_view name, std::string_view value) {
    std::string lower = to_lower(name);
    if (!lower.starts_with("x-amz-")) return;
    const auto [at, fresh] = named.try_emplace(std::move(lower), value);
    if (!fresh) at->second.append(",").append(value);
  };
  for (const auto& [name, value] : request.headers.fields()) add(name, value);
  for (const QueryParam& param : query) add(param.name, param.value);
  std::string out;
  for (const auto& [name, value] : named) out.append(name).append(":").append(value).append("\n");
  return out;
}

std::string resource_of(const std::vector<QueryParam>& query, std::string_view path) {
  std::vector<const QueryParam*> parts;
  for (const QueryParam& param : query) {
    if (holds(kSigned, param.name)) parts.push_back(&param);
  }
  std::ranges::sort(parts, {}, [](const QueryParam* param) { return param->name; });
  std::string out(path);
  char mark = '?';
  for (const QueryParam* param : parts) {
    out.push_back(mark);
    mark = '&';
    out.append(param->name);
    if (!param->value.empty()) out.append("=").append(param->value);
  }
  return out;
}

/// What the old signature does not cover must not change what is asked; nor may a line end in a part make two texts of
/// one, since the parts are told apart by lines alone.
bool all_covered(const std::vector<QueryParam>& query) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return std::ranges::all_of(query, [&](const QueryParam& param) {
    if (std::ranges::any_of(param.name, is_control) || std::ranges::any_of(param.value, is_control)) return false;
    return param.name == kKeyId || param.name == kSignature || param.name == kExpires ||
           to_lower(param.name).starts_with("x-amz-") || holds(kSigned, param.name) || holds(kHarmless, param.name);
  });
}

}  // namespace

bool is_old_query(const http::Request& request) {
  const std::string_view raw = request.query();
  if (raw.empty() || broken_escape(raw) || request.headers.count("authorization") > 0) return false;
  const auto query = parse_query(raw);
  return find_param(query, kKeyId) != nullptr && find_param(query, kSignature) != nullptr &&
         find_param(query, kExpires) != nullptr && find_param(query, "X-Amz-Algorithm") == nullptr;
}

Checked<AuthParams> parse_old_query(const http::Request& request, std::string_view region, Timestamp now) {
  const auto query = parse_query(request.query());
  if (count(query, kKeyId) != 1 || count(query, kSignature) != 1 || count(query, kExpires) != 1 ||
      count(query, kToken) > 1) {
    return refuse(AuthFailureKind::kIncompleteSignature, "A parameter of the signature stands more than once");
  }
  const std::string& expires = find_param(query, kExpires)->value;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
  if (error != std::errc{} || end != expires.data() + expires.size() || seconds < 0) {
    return refuse(AuthFailureKind::kIncompleteSignature, "Invalid date (should be seconds since epoch): Expires");
  }
  if (seconds < now.seconds()) return refuse(AuthFailureKind::kMissingToken, "Request has expired");
  if (seconds - now.seconds() > kExpiresSecondsMax) {
    return refuse(AuthFailureKind::kIncompleteSignature, "Expires must be less than a week ahead");
  }
  AuthParams params;
  params.source = Source::kQuery;
  params.old_query = true;
  params.time = now;
  params.expires_seconds = seconds - now.seconds();
  params.payload = Payload::kUnsigned;
  params.decoded = std::make_unique<std::vector<std::string>>();
  params.decoded->reserve(4);
  const auto keep = [&](const std::string& text) -> std::string_view { return params.decoded->emplace_back(text); };
  params.access_key_id = keep(find_param(query, kKeyId)->value);
  params.signature = keep(find_param(query, kSignature)->value);
  params.amz_date = expires;
  params.scope = {.date = {}, .region = region, .service = "s3", .terminator = kTerminator};
  if (const QueryParam* token = find_param(query, kToken)) {
    params.session_token = keep(token->value);
    params.session_token_in_query = true;
  } else if (request.headers.count(kToken) == 1) {
    params.session_token = request.headers.get(kToken);
  }
  return params;
}

std::string old_string_to_sign(const http::Request& request, std::string_view expires, std::string_view resource_path) {
  const auto query = parse_query(request.query());
  std::string out = request.method + "\n" + header_of(request, query, "content-md5") + "\n" +
                    header_of(request, query, "content-type") + "\n" + std::string(expires) + "\n";
  return out + amz_headers(request, query) + resource_of(query, resource_path);
}

Checked<> verify_old_query(const http::Request& request, const AuthParams& params, std::string_view secret,
                           std::string_view resource_path) {
  const std::string text = old_string_to_sign(request, params.amz_date, resource_path);
  const std::string signature = base64_encode(crypto::hmac_sha1(secret, text));
  const bool same = crypto::constant_time_equal(signature, params.signature);
  if (same && all_covered(parse_query(request.query()))) return {};
  return refuse(AuthFailureKind::kSignatureMismatch, kSignatureMismatchText);
}

}  // namespace warifu::sigv4
