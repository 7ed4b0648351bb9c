// Interceptors of HTTP targets: bodies are base64, and what is not said stays.
#include <fmt/format.h>

#include "base/body_stream.h"
#include "base/encoding.h"
#include "services/gateway/interceptor_parts.h"
#include "services/gateway/interceptors.h"

namespace warifu::services::gateway {
namespace {

using namespace interceptor_parts;

constexpr std::string_view kKind = "http";
constexpr std::size_t kBodyBytesMax = 6 * 1024 * 1024;

json::Value wrapped(json::Value request, json::Value response) {
  json::Value http = json::Value::object();
  http.set("gatewayRequest", std::move(request)).set("gatewayResponse", std::move(response));
  json::Value out = json::Value::object();
  out.set("interceptorInputVersion", text(kVersion)).set(std::string(kKind), std::move(http));
  return out;
}

json::Value encoded(const std::string& body) { return body.empty() ? json::Value() : text(base64_encode(body)); }

json::Value request_json(const m::GatewayInterceptorConfiguration& one, const std::string& path,
                         const http::Request& request) {
  json::Value out = json::Value::object();
  out.set("path", text(path)).set("httpMethod", text(request.method));
  if (passes_headers(one)) out.set("headers", headers_json(request.headers));
  return out.set("body", encoded(request.body));
}

json::Value response_json(const m::GatewayInterceptorConfiguration& one, const http::Response& response) {
  json::Value out = json::Value::object();
  out.set("statusCode", json::Value::number(response.status));
  out.set("headers", passes_headers(one) ? headers_json(response.headers) : json::Value());
  out.set("contentType", text(response.headers.get("content-type").value_or("")));
  return out.set("body", excludes_body(one) ? json::Value() : encoded(response.body));
}

std::string context_of(const KnownGateway& gateway, const api::Visit& visit) {
  json::Value custom = json::Value::object();
  custom.set("GATEWAY_ARN", text(gateway.place.arn)).set("GATEWAY_ACCOUNT_ID", text(gateway.place.owner.str()));
  custom.set("REQUEST_ID", text(visit.request_id));
  if (!visit.report.peer_ip.empty()) custom.set("SOURCE_IP", text(visit.report.peer_ip));
  return json::Value::object({{"custom", std::move(custom)}}).dump();
}

/// The body that an interceptor gives; nullopt: it leaves what is there.
Result<std::optional<std::string>> body_of(const json::Value& given) {
  const json::Value* body = given.find("body");
  if (body == nullptr || body->is_null()) return std::optional<std::string>{};
  std::optional<std::string> bytes = body->is_string() ? base64_decode(body->as_string()) : std::nullopt;
  if (!bytes) return fail(malformed("a body must be base64"));
  return bytes;
}

/// Puts what `given` says over `response`.
Result<> change(const json::Value& given, http::Response& response) {
  const auto status = given.is_object() ? status_of(given, response.status) : std::nullopt;
  if (!status) return fail(malformed("transformedGatewayResponse"));
  response.status = *status;
  if (auto body = TRY(body_of(given))) response.body = *std::move(body);
  if (const auto type = given.find_string("contentType")) {
    const json::Value typed = json::Value::object({{"Content-Type", text(*type)}});
    put_headers(&typed, response.headers);
  }
  put_headers(given.find("headers"), response.headers);
  return {};
}

/// A stream is read to its end first: interceptors see whole answers.
Task<Result<>> gather(http::Response& response) {
  while (response.stream) {
    auto piece = CO_TRY(co_await response.stream->next());
    if (!piece) response.stream.reset();
    if (piece && response.body.size() + piece->size() > kBodyBytesMax) {
      co_return fail(unavailable("an answer that interceptors see is longer than 6 MB"));
    }
    if (piece) response.body += *piece;
  }
  co_return Result<>{};
}

}  // namespace

Task<Result<std::optional<http::Response>>> Interceptors::on_http_request(const KnownGateway& gateway,
                                                                          const api::Visit& visit, std::string path,
                                                                          http::Request& request) {
  for (const m::GatewayInterceptorConfiguration& one : *gateway.gateway.interceptor_configurations) {
    if (!stands_at(one, "REQUEST") || !one.interceptor.lambda) continue;
    const json::Value said =
        CO_TRY(co_await ask(gateway, one.interceptor.lambda->arn, std::string(kKind),
                            wrapped(request_json(one, path, request), json::Value()), context_of(gateway, visit)));
    const json::Value* answer = said.find("transformedGatewayResponse");
    if (answer != nullptr && !answer->is_null()) {
      http::Response response{.status = 200, .headers = {}, .body = {}};
      CO_TRY(change(*answer, response));
      if (response.headers.count("content-type") == 0) response.headers.add("Content-Type", "application/json");
      co_return std::optional(std::move(response));
    }
    const json::Value* changed = said.find("transformedGatewayRequest");
    if (changed == nullptr || changed->is_null()) continue;
    if (!changed->is_object()) co_return fail(malformed("transformedGatewayRequest"));
    if (auto body = CO_TRY(body_of(*changed))) request.body = *std::move(body);
    put_headers(changed->find("headers"), request.headers);
  }
  co_return std::optional<http::Response>{};
}

Task<Result<>> Interceptors::on_http_response(const KnownGateway& gateway, const api::Visit& visit,
                                              http::Response& response) {
  CO_TRY(co_await gather(response));
  for (const m::GatewayInterceptorConfiguration& one : *gateway.gateway.interceptor_configurations) {
    if (!stands_at(one, "RESPONSE") || !one.interceptor.lambda) continue;
    const json::Value said =
        CO_TRY(co_await ask(gateway, one.interceptor.lambda->arn, std::string(kKind),
                            wrapped(json::Value(), response_json(one, response)), context_of(gateway, visit)));
    const json::Value* changed = said.find("transformedGatewayResponse");
    if (changed != nullptr && !changed->is_null()) CO_TRY(change(*changed, response));
  }
  co_return Result<>{};
}

}  // namespace warifu::services::gateway
