#include "services/gateway/metadata_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/encoding.h"
#include "services/gateway/control_errors.h"

namespace warifu::services::gateway::metadata_rules {
namespace {

constexpr std::string_view kAmazon = "x-amzn-";
constexpr std::string_view kCustom = "x-amzn-bedrock-agentcore-runtime-custom-";

/// What a message is framed and routed by, whom it proves, and what proxies add.
constexpr auto kDenied = std::to_array<std::string_view>({
    "age",
    "authorization",
    "cache-control",
    "connection",
    "cookie",
    "date",
    "etag",
    "expect",
    "expires",
    "forwarded",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "last-modified",
    "location",
    "mcp-protocol-version",
    "origin",
    "pragma",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "referer",
    "server",
    "set-cookie",
    "set-cookie2",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "www-authenticate",
    "x-real-ip",
});
constexpr auto kDeniedFamilies =
    std::to_array<std::string_view>({"accept", "access-control-", "content-", "sec-", "x-amz-", "x-forwarded-"});

Result<> check_names(const std::optional<std::vector<std::string>>& names, std::string_view member, bool headers) {
  if (!names) return {};
  std::set<std::string> seen;
  for (const std::string& name : *names) {
    const auto allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    const std::string field = fmt::format("metadataConfiguration.{}", member);
    if (name.empty() || !std::ranges::all_of(name, allowed)) {
      return fail(invalid_field(field, fmt::format("`{}` may hold only letters, digits, `-` and `_`", name)));
    }
    if (headers && never_passes(name)) {
      return fail(invalid_field(field, fmt::format("header `{}` cannot be propagated", name)));
    }
    if (!seen.insert(headers ? to_lower(name) : name).second) {
      return fail(invalid_field(field, fmt::format("`{}` stands twice", name)));
    }
  }
  return {};
}

}  // namespace

bool never_passes(std::string_view name) {
  const std::string lower = to_lower(name);
  if (lower.starts_with(kAmazon)) return !lower.starts_with(kCustom);
  if (std::ranges::find(kDenied, lower) != kDenied.end()) return true;
  return std::ranges::any_of(kDeniedFamilies, [&](std::string_view family) { return lower.starts_with(family); });
}

Result<> check(const model::agentcore::MetadataConfiguration& configuration) {
  TRY(check_names(configuration.allowed_request_headers, "allowedRequestHeaders", true));
  TRY(check_names(configuration.allowed_query_parameters, "allowedQueryParameters", false));
  return check_names(configuration.allowed_response_headers, "allowedResponseHeaders", true);
}

}  // namespace warifu::services::gateway::metadata_rules
