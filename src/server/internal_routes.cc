#include "server/internal_routes.h"

#include <fmt/format.h>

namespace warifu::server {
namespace {

constexpr std::string_view kPrefix = "/_warifu/";

http::Response text(int status, std::string type, std::string body) {
  http::Response response{.status = status, .headers = {}, .body = std::move(body)};
  response.headers.add("Content-Type", std::move(type));
  return response;
}

http::Response json(int status, std::string body) { return text(status, "application/json", std::move(body)); }

}  // namespace

std::optional<http::Response> internal_route(const http::Request& request, const api::HostPolicy& hosts,
                                             Metrics& metrics, const net::ServerMetrics& transport) {
  if (!request.path().starts_with(kPrefix)) return std::nullopt;
  if (!hosts.judge(request.headers.get("host").value_or(""))) {
    return json(421, R"({"message":"this server does not answer to that host; see --host"})");
  }
  if (request.method != "GET" && request.method != "HEAD") return json(405, R"({"message":"method not allowed"})");
  const std::string_view name = request.path().substr(kPrefix.size());
  if (name == "health") return json(200, R"({"status":"ok"})");
  if (name == "metrics") return text(200, "text/plain; version=0.0.4", metrics.render(transport));
  return json(404, R"({"message":"no such route; there are /_warifu/health and /_warifu/metrics"})");
}

}  // namespace warifu::server
