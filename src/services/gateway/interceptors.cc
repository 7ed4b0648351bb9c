#include "services/gateway/interceptors.h"

#include <algorithm>

#include "base/encoding.h"
#include "services/gateway/interceptor_parts.h"
#include "services/gateway/lambda_target.h"
#include "services/gateway/target_rows.h"

namespace warifu::services::gateway {
namespace {

using namespace interceptor_parts;

constexpr std::size_t kAnswerBytesMax = 8 * 1024 * 1024;  // a function returns 6 MB at most

json::Value parsed_or_null(std::string_view body) {
  auto parsed = json::parse(body);
  return parsed ? std::move(*parsed) : json::Value();
}

json::Value input_of(const m::GatewayInterceptorConfiguration& one, const http::Request& request,
                     const http::Response* response) {
  const bool headers = passes_headers(one);
  json::Value raw = json::Value::object();
  raw.set("body", text(is_utf8(request.body) ? request.body : std::string()));
  json::Value asked = json::Value::object();
  asked.set("path", text("/mcp")).set("httpMethod", text(request.method));
  if (headers) asked.set("headers", headers_json(request.headers));
  asked.set("body", parsed_or_null(request.body));
  json::Value mcp = json::Value::object();
  mcp.set("rawGatewayRequest", std::move(raw)).set("gatewayRequest", std::move(asked));
  if (response != nullptr) {
    json::Value answered = json::Value::object();
    answered.set("statusCode", json::Value::number(response->status));
    if (headers) answered.set("headers", headers_json(response->headers));
    if (!excludes_body(one)) answered.set("body", parsed_or_null(response->body));
    mcp.set("gatewayResponse", std::move(answered));
  }
  json::Value out = json::Value::object();
  out.set("interceptorInputVersion", text(kVersion)).set("mcp", std::move(mcp));
  return out;
}

std::string body_text(const json::Value& body) { return body.is_string() ? body.as_string() : body.dump(); }

Result<http::Response> response_of(const json::Value& given) {
  const auto code = given.is_object() ? status_of(given, 200) : std::nullopt;
  if (!code) return fail(malformed("transformedGatewayResponse"));
  http::Response response{.status = *code, .headers = {}, .body = {}};
  if (const json::Value* body = given.find("body"); body != nullptr && !body->is_null()) {
    response.body = body_text(*body);
  }
  response.headers.add("Content-Type", "application/json");
  put_headers(given.find("headers"), response.headers);
  return response;
}

}  // namespace

bool Interceptors::has(const Gateway& gateway, std::string_view point) {
  return gateway.interceptor_configurations &&
         std::ranges::any_of(*gateway.interceptor_configurations,
                             [&](const auto& one) { return stands_at(one, point); });
}

Task<Result<json::Value>> Interceptors::ask(const KnownGateway& gateway, std::string function_arn, std::string kind,
                                            json::Value input, std::string client_context) {
  const auto place = target_of(gateway, TargetRow{});  // no target: whose role it is and where is all that counts
  const api::RoleSession session = CO_TRY(co_await outbound_.role_session(*place));
  const std::string answer =
      CO_TRY(co_await invoke_function(*environment_.client, std::move(function_arn), input.dump(),
                                      std::move(client_context), api::as_session(session.principal)));
  auto parsed = json::parse(answer, {.bytes_max = kAnswerBytesMax});
  const json::Value* said = parsed ? parsed->find(kind) : nullptr;
  if (said == nullptr || !said->is_object()) co_return fail(malformed("it has no member `" + kind + "`"));
  if (parsed->find_string("interceptorOutputVersion") != kVersion) {
    co_return fail(malformed("interceptorOutputVersion must be 1.0"));
  }
  co_return *said;
}

Task<Result<std::optional<http::Response>>> Interceptors::on_request(const KnownGateway& gateway,
                                                                     http::Request& request) {
  for (const m::GatewayInterceptorConfiguration& one : *gateway.gateway.interceptor_configurations) {
    if (!stands_at(one, "REQUEST") || !one.interceptor.lambda) continue;
    const json::Value said =
        CO_TRY(co_await ask(gateway, one.interceptor.lambda->arn, "mcp", input_of(one, request, nullptr)));
    if (const json::Value* answer = said.find("transformedGatewayResponse")) {
      co_return std::optional(CO_TRY(response_of(*answer)));
    }
    const json::Value* changed = said.find("transformedGatewayRequest");
    if (changed == nullptr || !changed->is_object()) co_return fail(malformed("it transforms nothing"));
    put_headers(changed->find("headers"), request.headers);
    if (const json::Value* body = changed->find("body"); body != nullptr && !body->is_null()) {
      request.body = body_text(*body);
    }
  }
  co_return std::optional<http::Response>{};
}

Task<Result<>> Interceptors::on_response(const KnownGateway& gateway, const http::Request& request,
                                         http::Response& response) {
  for (const m::GatewayInterceptorConfiguration& one : *gateway.gateway.interceptor_configurations) {
    if (!stands_at(one, "RESPONSE") || !one.interceptor.lambda) continue;
    const json::Value said =
        CO_TRY(co_await ask(gateway, one.interceptor.lambda->arn, "mcp", input_of(one, request, &response)));
    const json::Value* changed = said.find("transformedGatewayResponse");
    if (changed == nullptr) co_return fail(malformed("it transforms nothing"));
    http::Response given = CO_TRY(response_of(*changed));
    for (const auto& [name, value] : response.headers.fields()) {
      if (given.headers.count(name) == 0) given.headers.add(name, value);
    }
    response = std::move(given);
  }
  co_return Result<>{};
}

}  // namespace warifu::services::gateway
