#include "services/gateway/refusal.h"

#include "json/writer.h"
#include "mcp/envelope.h"

namespace warifu::services::gateway {
namespace {

constexpr int kUnauthenticated = -32001;
constexpr int kUnauthorized = -32002;
/// Of a stranger's body no more is read than it takes to find an id.
constexpr std::size_t kLookedAtMax = 64 * 1024;

std::optional<mcp::Id> id_of(const http::Request& request) {
  if (request.body.size() > kLookedAtMax) return std::nullopt;
  const auto body = json::parse(request.body, {.bytes_max = kLookedAtMax, .depth_max = mcp::kMessageDepthMax});
  if (!body || !body->is_object() || body->duplicate_member()) return std::nullopt;
  const json::Value* id = body->find("id");
  return id == nullptr ? std::nullopt : mcp::Id::from(*id);
}

/// -32002 means another thing to stateless versions, which must not see it.
int code_of(const http::Request& request, std::string_view name) {
  const auto version = mcp::version_named(request.headers.get("mcp-protocol-version").value_or(""));
  const bool stateless = version && mcp::is_stateless(*version);
  return name == "AccessDeniedException" && !stateless ? kUnauthorized : kUnauthenticated;
}

}  // namespace

http::Response refusal_response(const http::Request& request, const TurnedAway& away) {
  const api::Refusal& refusal = away.refusal;
  const mcp::RpcError error{.code = code_of(request, refusal.code), .message = refusal.message, .data = {}};
  http::Response response = mcp::reply_text(refusal.status, mcp::print(mcp::error(id_of(request), error)));
  response.headers.add("x-amzn-errortype", refusal.code);
  response.headers.add(std::string(kRequestIdHeader), refusal.request_id);
  if (!away.challenge.empty()) response.headers.add("WWW-Authenticate", away.challenge);
  return response;
}

http::Response plain_error(int status, std::string_view name, std::string_view message) {
  http::Response response{.status = status, .headers = {}, .body = {}};
  json::Writer(response.body).begin_object().key("message").string(message).end_object();
  response.headers.add("Content-Type", "application/json");
  response.headers.add("x-amzn-errortype", std::string(name));
  return response;
}

}  // namespace warifu::services::gateway
