#include "server/agent_runtimes.h"

#include "api/client.h"
#include "base/log.h"
#include "gen/s3/objects.h"
#include "sandbox/interpreters.h"
#include "server/inside.h"
#include "services/runtime/address.h"
#include "services/runtime/control.h"
#include "services/runtime/errors.h"
#include "services/runtime/limits.h"

namespace warifu::server {
namespace {

namespace runtime = services::runtime;
namespace s3 = model::s3;

constexpr std::string_view kScope = "/bedrock-agentcore/aws4_request";

/// As who asks: AgentCore reads the archive with the rights of the caller of Create or Update.
Task<Result<std::shared_ptr<const std::string>>> fetch_code(api::Call& call, runtime::m::S3Location location) {
  const api::Client* client = call.environment().client;
  if (client == nullptr) co_return fail(unavailable("the server is starting"));
  s3::GetObjectInput input;
  input.bucket = location.bucket;
  input.key = location.prefix;
  input.version_id = location.version_id;
  auto object = co_await client->invoke(s3::ops::kGetObject, std::move(input),
                                        api::forwarded(call, runtime::kServicePrincipal), call.region());
  if (!object) {
    const ErrorCode code = object.error().code;
    if (code == ErrorCode::kUnavailable || code == ErrorCode::kInternal) co_return fail(object.error());
    std::string message = "Access denied while validating S3 location s3://" + location.bucket + "/" + location.prefix +
                          ": " + object.error().message;
    co_return fail(runtime::invalid_field("agentRuntimeArtifact.codeConfiguration.code", std::move(message)));
  }
  co_return std::make_shared<const std::string>(std::move(object->body).value_or(""));
}

}  // namespace

AgentRuntimes::AgentRuntimes(AgentRuntimesOptions options, const api::Environment& environment)
    : options_(std::move(options)), environment_(environment) {}
AgentRuntimes::~AgentRuntimes() { stop(); }

Result<std::unique_ptr<AgentRuntimes>> AgentRuntimes::open(AgentRuntimesOptions options,
                                                           const api::Environment& environment) {
  auto made = std::unique_ptr<AgentRuntimes>(new AgentRuntimes(std::move(options), environment));
  AgentRuntimes* raw = made.get();
  made->service_ = TRY(runtime::Service::open(
      {.folder = made->options_.folder, .sessions = [raw] { return raw->sessions(); }}, environment));
  made->data_plane_ = std::make_unique<runtime::DataPlane>(*made->service_, made->options_.destinations);
  return made;
}

void AgentRuntimes::bind(api::Registry& registry) {
  runtime::bind_control(registry,
                        {.code = &service_->code(),
                         .fetch = fetch_code,
                         .retire = [this](const std::string& arn, const std::optional<std::string>& endpoint) {
                           service_->retire(arn, endpoint);
                         }});
}

void AgentRuntimes::open_doors(api::Pipeline& pipeline) { data_plane_->open(environment_, pipeline); }
void AgentRuntimes::start(net::Server& server, const ServeOptions& options) {
  serve_options_ = options;
  server_ = &server;
}
bool AgentRuntimes::takes(const http::Request& request) { return runtime::DataPlane::takes(request); }
Task<http::Response> AgentRuntimes::serve(http::Request request) { return data_plane_->serve(std::move(request)); }

Result<agents::Sessions*> AgentRuntimes::sessions() {
  const std::lock_guard lock(making_);
  net::Server* server = server_;
  if (stopped_ || server == nullptr) return fail(unavailable("the server starts or stops"));
  if (sessions_) return sessions_.get();
  auto driver = sandbox::open_bubblewrap();
  if (!driver) {
    log::warn("agents cannot run on this machine", {{"why", driver.error().message}});
    return fail(Error{.code = ErrorCode::kUnsupported,
                      .message = "agents cannot run on this machine: " + driver.error().message});
  }
  driver_ = std::move(*driver);
  agents::SessionsOptions options;
  options.runtimes_folder = sandbox::find_runtimes("");
  options.storage_folder = (options_.folder / "storage").string();
  options.public_url = environment_.public_url;
  const Inside inside =
      TRY(reach_from_inside(*server, environment_.public_url, serve_options_.tls_cert, options_.folder / "tls"));
  options.serve = inside.serve;
  options.ca_bundle = inside.ca_bundle;
  if (serve_options_.function_egress == "public") {
    options.egress = agents::Egress::kProxy;
    options.destinations = TRY(net::DestinationPolicy::from(serve_options_.function_networks));
  }
  sessions_ = std::make_unique<agents::Sessions>(std::move(options), *driver_, environment_.clock, environment_.random);
  return sessions_.get();
}

void AgentRuntimes::run_background_work(const std::stop_token& stop) { service_->sweep(stop); }

void AgentRuntimes::stop() {
  if (data_plane_) data_plane_->close();
  {
    const std::lock_guard lock(making_);
    stopped_ = true;
    if (sessions_) sessions_->stop();
  }
  if (service_) service_->stop();
}

std::size_t agent_body_limit(const http::Request& head) {
  const auto addressee = runtime::addressee_of(head);
  if (!addressee || addressee->verb != runtime::Verb::kInvoke) return 0;
  // Whoever writes a scope or a token has proven nothing: what is read for all of them together is bounded.
  const auto authorization = head.headers.get("authorization");
  const bool somebody =
      authorization && (authorization->find(kScope) != std::string_view::npos || authorization->starts_with("Bearer "));
  return somebody ? runtime::kPayloadBytesMax : 0;
}

}  // namespace warifu::server
