#include "services/runtime/forward.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/encoding.h"
#include "services/runtime/errors.h"
#include "services/runtime/limits.h"
#include "services/runtime/runtime_rules.h"

namespace warifu::services::runtime {
namespace {

constexpr std::string_view kCustomPrefix = "x-amzn-bedrock-agentcore-runtime-custom-";
constexpr std::array<std::string_view, 8> kModelled{"Accept",      "Mcp-Session-Id", "Mcp-Protocol-Version",
                                                    "Mcp-Method",  "Mcp-Name",       "X-Amzn-Trace-Id",
                                                    "traceparent", "tracestate"};
constexpr std::array<std::string_view, 4> kTrace{"X-Amzn-Trace-Id", "traceparent", "tracestate", "baggage"};
constexpr std::array<std::string_view, 5> kAnswered{"Content-Type", "Mcp-Session-Id", "Mcp-Protocol-Version",
                                                    "Cache-Control", "Content-Language"};

bool is_printable(std::string_view value) {
  return std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
}

std::set<std::string> allowed_of(const Runtime& runtime) {
  std::set<std::string> out;
  if (!runtime.request_header_configuration || !runtime.request_header_configuration->request_header_allowlist)
    return out;
  for (const std::string& name : *runtime.request_header_configuration->request_header_allowlist) {
    out.insert(to_lower(name));
  }
  return out;
}

Error too_short(std::string_view id) {
  return invalid_field("runtimeSessionId",
                       fmt::format("1 validation error detected: Value '{}' at 'runtimeSessionId' failed to satisfy "
                                   "constraint: Member must have length greater than or equal to {}",
                                   id, kSessionIdCharsMin));
}

}  // namespace

Result<http::Headers> to_agent(const http::Request& request, const Runtime& runtime, const Escort& escort) {
  http::Headers out;
  out.add("Content-Type", std::string(request.headers.get("Content-Type").value_or("application/json")));
  for (const std::string_view name : kModelled) {
    if (const auto value = request.headers.get(name)) out.add(std::string(name), std::string(*value));
  }
  if (const auto baggage = request.headers.get("baggage")) out.add("baggage", std::string(*baggage));
  const std::set<std::string> allowed = allowed_of(runtime);
  for (const auto& [name, value] : request.headers.fields()) {
    const std::string lower = to_lower(name);
    if (!allowed.contains(lower) && !lower.starts_with(kCustomPrefix)) continue;
    if (!runtime_rules::may_pass(lower, escort.bearer)) continue;
    if (value.size() > kHeaderValueBytesMax || !is_printable(value)) {
      return fail(invalid_field(
          name, fmt::format("header `{}` must be printable text of at most {} bytes", name, kHeaderValueBytesMax)));
    }
    out.add(name, value);
  }
  out.add(std::string(kSessionHeader), escort.session_id);
  out.add("X-Amzn-Bedrock-AgentCore-Runtime-Request-Id", escort.request_id);
  if (!escort.workload_token.empty()) {
    out.add("WorkloadAccessToken", escort.workload_token);
    out.add("X-Amz-Bedrock-AgentCore-Identity-WAT", escort.workload_token);
  }
  return out;
}

http::Headers to_caller(const http::Headers& from_agent, const http::Request& request) {
  http::Headers out;
  for (const std::string_view name : kAnswered) {
    if (const auto value = from_agent.get(name)) out.add(std::string(name), std::string(*value));
  }
  if (!out.get("Content-Type")) out.add("Content-Type", "application/octet-stream");
  for (const std::string_view name : kTrace) {
    const auto value = request.headers.get(name);
    if (value && value->size() <= kHeaderValueBytesMax) out.add(std::string(name), std::string(*value));
  }
  return out;
}

Result<std::optional<std::string>> session_of(const http::Request& request) {
  const auto value = request.headers.get(kSessionHeader);
  if (!value || value->empty()) return std::optional<std::string>();
  if (request.headers.count(kSessionHeader) > 1) {
    return fail(invalid_field("runtimeSessionId", "the session id stands twice"));
  }
  if (value->size() < kSessionIdCharsMin) return fail(too_short(*value));
  const bool fits =
      value->size() <= kSessionIdCharsMax && std::ranges::all_of(*value, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
      });
  if (fits && value->front() != '-' && value->front() != '_') return std::optional<std::string>(*value);
  return fail(invalid_field(
      "runtimeSessionId", fmt::format("runtimeSessionId must be {} to {} characters [a-zA-Z0-9_-], the first a letter "
                                      "or digit",
                                      kSessionIdCharsMin, kSessionIdCharsMax)));
}

}  // namespace warifu::services::runtime
