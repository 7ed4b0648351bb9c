#include "server/functions.h"

#include "server/agent_runtimes.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/log.h"
#include "net/destination.h"
#include "net/tunnel_proxy.h"
#include "server/inside.h"
#include "server/objects.h"
#include "services/lambda/limits.h"
#include "services/lambda/operations.h"
#include "services/logs/operations.h"
#include "services/logs/sweep.h"

namespace warifu::server {
namespace {

namespace lambda = services::lambda;
namespace logs = services::logs;

constexpr std::chrono::minutes kSweepEvery{10};
constexpr std::string_view kScope = "/lambda/aws4_request";

http::Response json(int status, std::string body) {
  http::Response response{.status = status, .headers = {}, .body = std::move(body)};
  response.headers.add("Content-Type", "application/json");
  return response;
}

/// Serves sockets as a proxy to public addresses and these networks.
Result<std::function<Result<std::unique_ptr<net::Attachment>>(UniqueFd)>> proxy_to(
    const std::vector<std::string>& networks) {
  auto allowed = TRY(net::DestinationPolicy::from(networks));
  auto proxy = std::make_shared<net::TunnelProxy>(
      [allowed = std::move(allowed)](const net::IpAddress& address) { return allowed.allows(address); });
  return [proxy = std::move(proxy)](UniqueFd listening) { return proxy->attach(std::move(listening)); };
}

}  // namespace

Functions::Functions(const api::Environment& environment) : environment_(environment) {}
Functions::~Functions() { stop(); }

Result<std::unique_ptr<Functions>> Functions::open(const std::string& data, const api::Environment& environment) {
  auto functions = std::unique_ptr<Functions>(new Functions(environment));
  functions->folder_ = std::filesystem::path(data) / "lambda";
  functions->service_ = TRY(lambda::Service::open({.folder = functions->folder_}, environment));
  return functions;
}

void Functions::bind(api::Registry& registry) {
  lambda::bind(registry, *service_);
  logs::bind(registry);
}

void Functions::start(net::Server& server, const ServeOptions& options) {
  runner_ = std::make_unique<LazyExecutor>([this, &server, given = options]() -> Result<LazyExecutor::Parts> {
    LazyExecutor::Parts parts{.driver = TRY(sandbox::open_bubblewrap()), .executor = nullptr};
    lambda::ExecutorOptions options;
    options.runtimes_folder = lambda::find_runtimes("");
    options.scratch_folder = (folder_ / "layers").string();
    options.public_url = environment_.public_url;
    Inside inside = TRY(reach_from_inside(server, environment_.public_url, given.tls_cert, folder_ / "inside"));
    options.serve = std::move(inside.serve);
    options.ca_bundle = std::move(inside.ca_bundle);
    if (given.function_egress == "public") options.proxy = TRY(proxy_to(given.function_networks));
    parts.executor =
        TRY(lambda::Executor::start(std::move(options), *parts.driver, environment_.clock, environment_.random));
    return parts;
  });
  service_->run_with(*runner_);
}

void Functions::run_background_work(const std::stop_token& stop) {
  service_->resume(stop);
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never;
  while (!stop.stop_requested()) {
    const auto deleted = logs::sweep::deleted(environment_.db, stop);
    const auto expired = logs::sweep::expired(environment_.db, environment_.clock.now(), stop);
    if (!deleted) log::warn("deleted logs could not be swept", {{"why", deleted.error().message}});
    if (!expired) log::warn("expired logs could not be swept", {{"why", expired.error().message}});
    service_->sweep(stop);
    never.wait_for(lock, stop, kSweepEvery, [] { return false; });
  }
}

std::optional<http::Response> Functions::code_route(const http::Request& request, const api::HostPolicy& hosts) {
  if (!request.path().starts_with(lambda::kCodePath)) return std::nullopt;
  if (!hosts.judge(request.headers.get("host").value_or(""))) {
    return json(421, R"({"message":"this server does not answer to that host; see --host"})");
  }
  if (request.method != "GET" && request.method != "HEAD") return json(405, R"({"message":"method not allowed"})");
  auto zip = service_->fetch_code(request.path().substr(lambda::kCodePath.size()));
  if (!zip) return json(503, R"({"message":"the code cannot be read"})");
  if (!*zip) return json(403, R"({"message":"this URL is none, or its time is over"})");
  http::Response response{.status = 200, .headers = {}, .body = std::move(**zip)};
  response.headers.add("Content-Type", "application/zip");
  return response;
}

void Functions::stop() {
  if (runner_) runner_->stop();
  if (service_) service_->stop();
}

std::size_t body_limit(const http::Request& head) {
  if (const std::size_t agent = agent_body_limit(head); agent > 0) return agent;
  const std::string_view path = head.path();
  const bool create = path == "/2015-03-31/functions" || path == "/2015-03-31/functions/";
  const bool update = path.starts_with("/2015-03-31/functions/") && path.ends_with("/code");
  const bool layer = path.starts_with("/2018-10-31/layers/") && path.ends_with("/versions");
  // Whoever writes the scope has proven nothing: what is read for all of them together is bounded (net::LargeBodies).
  const auto authorization = head.headers.get("authorization");
  const bool signed_for_lambda = authorization && authorization->find(kScope) != std::string_view::npos;
  if (is_object_upload(head)) return kObjectUploadBytesMax;
  if ((create || update || layer) && signed_for_lambda) return lambda::kUploadBodyBytesMax;
  return net::kBodyBytesMax;
}

}  // namespace warifu::server
