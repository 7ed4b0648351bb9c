#include "server/app.h"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "api/pipeline.h"
#include "audit/denials.h"
#include "audit/trail.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "gen/model/services.h"
#include "json/writer.h"
#include "server/agent_runtimes.h"
#include "server/extracting.h"
#include "server/functions.h"
#include "server/internal_routes.h"
#include "server/last_use_writer.h"
#include "server/logging.h"
#include "server/management.h"
#include "server/metrics.h"
#include "server/models.h"
#include "server/objects.h"
#include "server/services.h"
#include "server/storage.h"
#include "services/accounts/why.h"
#include "services/bedrock/operations.h"
#include "services/cloudtrail/operations.h"
#include "services/s3/service.h"

namespace warifu::server {
namespace {

constexpr std::string_view kRequestIdHeader = "x-amzn-RequestId";

/// What cannot be written is lost: fmt::print would throw where a redirected stream lies on a full disk, and end us.
void say(std::FILE* stream, std::string_view line) {
  (void)std::fwrite(line.data(), 1, line.size(), stream);
  (void)std::fflush(stream);
}

/// A wildcard address is not one that a client could use.
std::string shown_host(const net::Endpoint& endpoint) {
  if (endpoint.host == "0.0.0.0" || endpoint.host == "::") return "127.0.0.1";
  return endpoint.host.find(':') == std::string::npos ? endpoint.host : "[" + endpoint.host + "]";
}

std::string url_of(const ServeOptions& options, const net::Endpoint& endpoint) {
  if (!options.public_url.empty()) return options.public_url;
  return fmt::format("{}://{}:{}", options.tls_cert.empty() ? "http" : "https", shown_host(endpoint), endpoint.port);
}

std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find('/')));
}

api::HostPolicy host_policy(const ServeOptions& options) {
  std::vector<std::string> names = options.hosts;
  for (const std::string& listen : options.listen) names.push_back(listen);
  if (!options.public_url.empty()) names.push_back(host_of(options.public_url));
  return api::HostPolicy(std::move(names), options.domain);
}

Result<net::ServerOptions> net_options(const ServeOptions& options) {
  net::ServerOptions out;
  out.listen.clear();
  for (const std::string& text : options.listen) out.listen.push_back(TRY(net::Endpoint::parse(text)));
  out.threads = options.threads;
  out.body_limit = body_limit;
  out.streams_body = is_object_upload;
  out.large_bodies = std::make_shared<net::LargeBodies>(net::kLargeBodiesBytesMax);
  out.tls_cert_path = options.tls_cert;
  out.tls_key_path = options.tls_key;
  out.trusted_proxies = options.trusted_proxies;
  return out;
}

}  // namespace

/// In the order in which things may depend on each other: what comes later goes first.
struct App::Parts {
  explicit Parts(const ServeOptions& options) : hosts(host_policy(options)) {}
  ~Parts() {
    // The model's connections belong to the server's loops: they go when no thread runs these any more.
    if (server) server->stop(std::chrono::milliseconds{0});
    functions_background = {};
    if (agent_runtimes) agent_runtimes->stop();
    if (functions) functions->stop();  // what their logs still wait for is recorded too
    if (trail) trail->close();         // who waits for it does so on the server's loops too
    if (gateways) gateways->stop();
    agent_runtimes.reset();
    functions.reset();  // its sandboxes' sockets are the server's
    if (tokens) tokens->close();
    if (long_term) long_term->close();
    if (extracting) extracting->stop();
    if (chat) chat->close();
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  SystemClock clock;
  SystemRandom random;
  api::HostPolicy hosts;
  Metrics metrics;
  std::unique_ptr<Storage> storage;
  std::unique_ptr<services::memory::LongTerm> long_term;
  std::unique_ptr<llm::ChatModel> chat;  // nullptr: none is configured
  std::unique_ptr<Extracting> extracting;
  std::unique_ptr<LastUseWriter> last_use;
  std::unique_ptr<audit::DenialBook> denials;
  std::unique_ptr<audit::Trail> trail;
  std::unique_ptr<api::Environment> environment;
  std::unique_ptr<services::s3::Service> objects;
  std::unique_ptr<Functions> functions;
  std::unique_ptr<AgentRuntimes> agent_runtimes;
  api::Registry registry;
  wire::Router router{model::services()};
  std::unique_ptr<services::gateway::DataPlane> gateways;
  std::unique_ptr<services::credentials::Tokens> tokens;
  std::unique_ptr<api::Pipeline> pipeline;
  std::unique_ptr<net::Server> server;
  std::string public_url;
  std::jthread background;
  std::jthread functions_background;

  /// What is written down about calls, and the operations that show it.
  void open_records(const ServeOptions& options) {
    denials = std::make_unique<audit::DenialBook>(storage->db(), clock);
    trail = std::make_unique<audit::Trail>(storage->db(), clock, audit::TrailOptions{.days_max = options.trail_days});
    services::cloudtrail::bind(registry, *trail, options.lookups_per_second);
    services::accounts::bind_why(registry, *denials);
  }

  /// What runs customers' code. REQUIRES: the environment stands.
  Result<> open_customers_code(const ServeOptions& options) {
    functions = TRY(Functions::open(options.data, *environment));
    functions->bind(registry);
    const net::DestinationPolicy destinations = TRY(net::DestinationPolicy::from(options.gateway_networks));
    agent_runtimes = TRY(AgentRuntimes::open(
        {.folder = std::filesystem::path(options.data) / "runtime", .destinations = destinations}, *environment));
    agent_runtimes->bind(registry);
    return {};
  }

  /// They run from now on; what a stop or a crash interrupted of theirs goes on beside the first requests.
  void start_customers_code(const ServeOptions& options) {
    functions->start(*server, options);
    agent_runtimes->start(*server, options);
    functions_background = std::jthread([this](const std::stop_token& stop) {
      agent_runtimes->run_background_work(stop);
      functions->run_background_work(stop);
    });
  }

  /// For gateways' targets: all but gateways.
  Task<http::Response> answer_inside(http::Request request) {
    return AgentRuntimes::takes(request) ? agent_runtimes->serve(std::move(request))
                                         : pipeline->serve(std::move(request));
  }

  Task<http::Response> answer(http::Request request) {
    if (auto response = internal_route(request, hosts, metrics, server->metrics())) {
      response->headers.add(std::string(kRequestIdHeader), random.uuid());
      co_return std::move(*response);
    }
    if (gateways->takes(request)) co_return co_await gateways->serve(std::move(request));
    if (AgentRuntimes::takes(request)) co_return co_await agent_runtimes->serve(std::move(request));
    if (auto code = functions->code_route(request, hosts)) co_return std::move(*code);
    co_return co_await pipeline->serve(std::move(request));
  }

  /// What the transport itself refuses carries a request id too.
  http::Response error_page(int status, std::string_view message) {
    http::Response response{.status = status, .headers = {}, .body = {}};
    json::Writer(response.body).begin_object().key("message").string(message).end_object();
    response.headers.add("Content-Type", "application/json");
    response.headers.add(std::string(kRequestIdHeader), random.uuid());
    return response;
  }
};

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
App::~App() = default;

Result<std::unique_ptr<App>> App::start(const ServeOptions& options) {
  TRY(check(options));
  auto parts = std::make_unique<Parts>(options);
  parts->storage = TRY(Storage::open(options.data, options.durability));
  TRY(ensure_management(parts->storage->db(), options.data, parts->clock, parts->random));
  parts->long_term = TRY(make_long_term(options));
  parts->chat = TRY(open_chat_model(options));
  parts->extracting =
      std::make_unique<Extracting>(options, parts->storage->db(), *parts->long_term, parts->chat.get(), parts->clock);
  parts->tokens = TRY(make_tokens(options, parts->clock));
  parts->gateways = std::make_unique<services::gateway::DataPlane>(TRY(gateway_options(options)));
  bind_services(parts->registry, *parts->long_term, parts->extracting->extraction(),
                {.connector = &parts->gateways->connector(), .domain = options.domain}, *parts->tokens);
  parts->open_records(options);
  services::bedrock::bind(parts->registry, parts->chat.get());
  net::ServerOptions server_options = TRY(net_options(options));
  parts->public_url = url_of(options, server_options.listen.front());
  parts->environment = std::make_unique<api::Environment>(api::Environment{.db = parts->storage->db(),
                                                                           .sealer = parts->storage->sealer(),
                                                                           .clock = parts->clock,
                                                                           .random = parts->random,
                                                                           .public_url = parts->public_url});
  parts->objects =
      TRY(services::s3::Service::open(std::filesystem::path(options.data) / "s3", parts->storage->db(), parts->random));
  services::s3::bind(parts->registry, *parts->objects);
  TRY(parts->open_customers_code(options));
  api::PipelineOptions pipeline_options;
  pipeline_options.hosts = parts->hosts;
  pipeline_options.development = options.development;
  pipeline_options.report = [&metrics = parts->metrics](const api::Report& report) {
    metrics.record(report);
    log_request(report);
  };
  parts->last_use = std::make_unique<LastUseWriter>(parts->storage->db());
  pipeline_options.authenticated = [&last_use = *parts->last_use](const access::Principal& principal,
                                                                  const sigv4::Scope& scope, Timestamp now) {
    last_use.note(principal, scope.service, scope.region, now);
  };
  pipeline_options.denials = {
      .wording = options.denial_wording == "aws" ? access::DenialWording::kAws : access::DenialWording::kTruthful,
      .encoded = options.encoded_denials,
      .keep = [&book = *parts->denials](audit::Denial denial) { book.note(std::move(denial)); }};
  pipeline_options.trail = parts->trail.get();
  parts->pipeline =
      std::make_unique<api::Pipeline>(*parts->environment, parts->registry, parts->router, std::move(pipeline_options));
  parts->environment->client = parts->pipeline.get();
  Parts* raw = parts.get();
  parts->gateways->open(*parts->environment, *parts->pipeline,
                        [raw](http::Request request) { return raw->answer_inside(std::move(request)); });
  parts->agent_runtimes->open_doors(*parts->pipeline);
  server_options.error_page = [raw](int status, std::string_view message) { return raw->error_page(status, message); };
  parts->server = std::make_unique<net::Server>(
      std::move(server_options), [raw](http::Request request) { return raw->answer(std::move(request)); });
  TRY(parts->server->start());
  // Port 0 is known only now, and nobody has been told a URL yet: no request can be reading it.
  const std::string bound_url = url_of(options, parts->server->endpoints().front());
  if (bound_url != parts->public_url) parts->public_url = parts->environment->public_url = bound_url;
  parts->gateways->resume();
  parts->start_customers_code(options);
  // What a stop or a crash interrupted goes on beside the first requests, not before them.
  parts->background = std::jthread([raw](const std::stop_token& stop) {
    if (const auto resumed = raw->extracting->extraction().resume(); !resumed) {
      log::warn("extraction could not be resumed", {{"why", resumed.error().message}});
    }
    run_background_work(raw->storage->db(), raw->long_term->embedder(), raw->clock, stop);
  });
  return std::unique_ptr<App>(new App(std::move(parts)));
}

std::vector<net::Endpoint> App::endpoints() const { return parts_->server->endpoints(); }
const std::string& App::public_url() const { return parts_->public_url; }
bool App::stop(std::chrono::milliseconds drain) { return parts_->server->stop(drain); }

int serve(const ServeOptions& options) {
  const auto report = [](const Error& error) {
    say(stderr, fmt::format("warifu: {}\n", error.message));
    return 1;
  };
  if (const auto logging = set_up_logging(options.log_format, options.log_level); !logging)
    return report(logging.error());
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  // Before any thread starts, so that all inherit the mask and only sigwait sees them.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  auto app = App::start(options);
  if (!app) return report(app.error());
  if (options.development) {
    say(stderr, "\033[31mwarifu: --dev: anyone on this machine is an administrator of any account\033[0m\n");
  }
  say(stdout, fmt::format("listening on {}\n", (*app)->public_url()));
  int signal = 0;
  sigwait(&signals, &signal);
  log::info("stopping: running requests may finish");
  const bool clean = (*app)->stop(std::chrono::seconds(options.drain_seconds));
  if (!clean) log::warn("some requests were cut off");
  return 0;
}

}  // namespace warifu::server
