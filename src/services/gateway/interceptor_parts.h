#pragma once

#include <optional>
#include <string_view>

#include "base/http.h"
#include "json/value.h"
#include "services/gateway/gateways.h"

/// Inside of interceptors: what their two shapes, MCP and HTTP, share. Pure.
namespace warifu::services::gateway::interceptor_parts {

inline constexpr std::string_view kVersion = "1.0";

[[nodiscard]] json::Value text(std::string_view value);
/// Whether it is asked at `REQUEST` or `RESPONSE`.
[[nodiscard]] bool stands_at(const m::GatewayInterceptorConfiguration& one, std::string_view point);
/// Whether it does not want the response's body.
[[nodiscard]] bool excludes_body(const m::GatewayInterceptorConfiguration& one);
/// Whether it wants headers.
[[nodiscard]] bool passes_headers(const m::GatewayInterceptorConfiguration& one);
[[nodiscard]] json::Value headers_json(const http::Headers& headers);
[[nodiscard]] Error malformed(std::string why);
/// What an interceptor sets comes first, so that it is what is read.
void put_headers(const json::Value* headers, http::Headers& into);
/// The `statusCode` of a response that an interceptor gives, `otherwise` where it has none; nullopt: no HTTP status.
[[nodiscard]] std::optional<int> status_of(const json::Value& given, int otherwise);

}  // namespace warifu::services::gateway::interceptor_parts
