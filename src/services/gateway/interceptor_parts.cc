#include "services/gateway/interceptor_parts.h"

#include <algorithm>

#include "base/encoding.h"

namespace warifu::services::gateway::interceptor_parts {
namespace {

constexpr int kStatusMin = 200;
constexpr int kStatusMax = 599;

}  // namespace

json::Value text(std::string_view value) { return json::Value::string(std::string(value)); }

bool stands_at(const m::GatewayInterceptorConfiguration& one, std::string_view point) {
  return std::ranges::find(one.interception_points, point) != one.interception_points.end();
}

bool excludes_body(const m::GatewayInterceptorConfiguration& one) {
  if (!one.input_configuration || !one.input_configuration->payload_filter) return false;
  return std::ranges::any_of(one.input_configuration->payload_filter->exclude,
                             [](const auto& selector) { return selector.field == "RESPONSE_BODY"; });
}

bool passes_headers(const m::GatewayInterceptorConfiguration& one) {
  return one.input_configuration && one.input_configuration->pass_request_headers;
}

json::Value headers_json(const http::Headers& headers) {
  json::Value out = json::Value::object();
  for (const auto& [name, value] : headers.fields()) {
    if (is_utf8(value)) out.set(name, text(value));
  }
  return out;
}

Error malformed(std::string why) { return unavailable("an interceptor's answer is malformed: " + why); }

void put_headers(const json::Value* headers, http::Headers& into) {
  if (headers == nullptr || !headers->is_object()) return;
  http::Headers merged;
  for (const auto& [name, value] : headers->members()) {
    if (value.is_string()) merged.add(name, value.as_string());
  }
  for (const auto& [name, value] : into.fields()) {
    if (merged.count(name) == 0) merged.add(name, value);
  }
  into = std::move(merged);
}

std::optional<int> status_of(const json::Value& given, int otherwise) {
  const json::Value* status = given.find("statusCode");
  if (status == nullptr || status->is_null()) return otherwise;
  const auto code = status->as_int64();
  if (!code || *code < kStatusMin || *code > kStatusMax) return std::nullopt;
  return static_cast<int>(*code);
}

}  // namespace warifu::services::gateway::interceptor_parts
