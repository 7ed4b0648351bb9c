#include "services/runtime/data_plane.h"

#include <fmt/format.h>

#include "api/workload_token.h"
#include "base/encoding.h"
#include "base/log.h"
#include "inbound/authorizer.h"
#include "json/writer.h"
#include "net/client.h"
#include "services/runtime/admission.h"
#include "services/runtime/command.h"
#include "services/runtime/errors.h"
#include "services/runtime/failure.h"
#include "services/runtime/forward.h"
#include "services/runtime/limits.h"
#include "sigv4/auth_params.h"

namespace warifu::services::runtime {
namespace {

constexpr std::string_view kRequestIdHeader = "x-amzn-RequestId";
constexpr std::string_view kCardPath = "/.well-known/agent-card.json";
constexpr std::int64_t kWorkloadTokenMs = 900'000;
constexpr std::size_t kToldOfAgent = 512;
constexpr std::size_t kFailureBodyMax = 64 * 1024;

std::string protocol_of(const Version* version) {
  if (version == nullptr || !version->shown.protocol_configuration) return "HTTP";
  return version->shown.protocol_configuration->server_protocol;
}

bool is_account(std::string_view text) { return AccountId::parse(text).has_value(); }

http::Response plain(int status, std::string_view name, std::string_view message) {
  http::Response response{.status = status, .headers = {}, .body = {}};
  json::Writer(response.body).begin_object().key("message").string(message).end_object();
  response.headers.add("Content-Type", "application/json");
  response.headers.add("x-amzn-ErrorType", std::string(name));
  return response;
}

/// The agent's answer on its way; when it ends, the visit does.
class Relayed final : public http::BodyStream {
 public:
  Relayed(std::unique_ptr<http::BodyStream> body, std::function<void(bool whole)> ended)
      : body_(std::move(body)), ended_(std::move(ended)) {}
  ~Relayed() override { end(false); }
  Task<Result<std::optional<std::string>>> next() override {
    auto piece = co_await body_->next();
    if (!piece || !*piece) end(piece.has_value());
    co_return piece;
  }
  void cancel() override { body_->cancel(); }

 private:
  void end(bool whole) {
    if (ended_) std::exchange(ended_, nullptr)(whole);
  }
  std::unique_ptr<http::BodyStream> body_;
  std::function<void(bool)> ended_;
};

}  // namespace

class DataPlane::Impl {
 public:
  Impl(Service& service, net::DestinationPolicy destinations)
      : service_(service),
        destinations_(std::move(destinations)),
        client_({.may_connect = [this](const net::IpAddress& address) { return destinations_.allows(address); }}) {}

  void open(const api::Environment& environment, api::Pipeline& pipeline) {
    environment_ = &environment;
    pipeline_ = &pipeline;
    tokens_ = std::make_unique<inbound::TokenAuthorizer>(
        [this](std::string url, http::Request request, std::chrono::milliseconds timeout) {
          return client_.fetch(std::move(url), std::move(request), timeout);
        },
        environment.clock);
    admission_ = std::make_unique<Admission>(pipeline, environment, *tokens_);
  }
  void close() { client_.close(); }

  Task<http::Response> serve(http::Request request);

 private:
  /// One request, as far as it is known.
  struct Visitor {
    http::Request request;
    Addressee addressee;
    RuntimePlace place;
    std::shared_ptr<const KnownRuntime> known;
    const KnownRuntime::Serving* serving = nullptr;
    std::string protocol = "HTTP";
    std::optional<Guest> guest{};
    std::string session_id;
    bool streamed = false;
  };
  using VisitorRef = std::shared_ptr<Visitor>;

  Result<RuntimePlace> place_of(const http::Request& request, const Addressee& addressee) const;
  Task<http::Response> unaddressed(http::Request request, Verb verb, Error error);
  http::Response metadata(const Visitor& visitor) const;
  http::Response refused(const Visitor& visitor, const TurnedAway& away) const;
  Result<> settle(Visitor& visitor) const;
  Task<Result<http::Response>> answer(VisitorRef visitor);
  Task<Result<http::Response>> invoke(VisitorRef visitor);
  Task<Result<http::Response>> card(VisitorRef visitor);
  Task<Result<http::Response>> stop(VisitorRef visitor);
  Task<Result<http::Response>> command(VisitorRef visitor);
  Task<Result<http::Response>> relay(VisitorRef visitor, agents::Answer from_agent);
  Result<agents::Request> request_to_agent(const Visitor& visitor) const;
  std::string workload_token(const Visitor& visitor) const;

  Service& service_;
  const net::DestinationPolicy destinations_;
  net::Client client_;
  const api::Environment* environment_ = nullptr;
  api::Pipeline* pipeline_ = nullptr;
  std::unique_ptr<inbound::TokenAuthorizer> tokens_;
  std::unique_ptr<Admission> admission_;
};

/// A bare id says neither account nor region: the caller does, and its signature.
Result<RuntimePlace> DataPlane::Impl::place_of(const http::Request& request, const Addressee& addressee) const {
  if (addressee.runtime.starts_with("arn:")) {
    auto named = runtimes::parse(addressee.runtime);
    if (!named || !named->endpoint.empty()) {
      return fail(invalid_field("agentRuntimeArn", "agentRuntimeArn is not the ARN of an agent runtime"));
    }
    return std::move(named->place);
  }
  if (!is_account(addressee.account)) {
    return fail(invalid_field("accountId", "accountId is required when the agent runtime is named by its id"));
  }
  const AccountId owner = *AccountId::parse(addressee.account);
  std::string region = "us-east-1";
  if (const auto params = sigv4::parse(request, environment_->clock.now())) {
    region = std::string(params->scope.region);
  } else if (const auto address = environment_->db.read(
                 [&](store::Reader& reader) { return runtimes::find_address(reader, addressee.runtime); });
             address && *address) {
    region = (*address)->place.region;
  }
  return runtimes::new_place(owner, region, addressee.runtime);
}

http::Response DataPlane::Impl::metadata(const Visitor& visitor) const {
  const Version* version = visitor.serving == nullptr ? nullptr : visitor.serving->version.get();
  const auto* authorizer = version == nullptr || !version->shown.authorizer_configuration
                               ? nullptr
                               : &version->shown.authorizer_configuration->custom_jwt_authorizer;
  if (authorizer == nullptr || !*authorizer) {
    return plain(404, "ResourceNotFoundException", "There is no such document.");
  }
  const std::string resource =
      fmt::format("{}/runtimes/{}/invocations?qualifier={}", environment_->public_url,
                  percent_encode(visitor.place.arn), percent_encode(visitor.addressee.qualifier));
  http::Response response{.status = 200, .headers = {}, .body = inbound::resource_metadata(resource, **authorizer)};
  response.headers.add("Content-Type", "application/json");
  return response;
}

http::Response DataPlane::Impl::refused(const Visitor& visitor, const TurnedAway& away) const {
  const api::Refusal& refusal = away.refusal;
  http::Response response = failed({.status = refusal.status, .name = refusal.code, .message = refusal.message},
                                   visitor.protocol, visitor.request.body);
  response.headers.add(std::string(kRequestIdHeader), refusal.request_id);
  if (!away.challenge.empty()) response.headers.add("WWW-Authenticate", away.challenge);
  pipeline_->depart(refusal, {.status = response.status, .error_code = refusal.code, .message = refusal.message});
  return response;
}

/// What only those learn who may come in: whether it is there, and what of the request makes no sense.
Result<> DataPlane::Impl::settle(Visitor& visitor) const {
  if (visitor.serving == nullptr) {
    return fail(not_found(fmt::format("No endpoint or agent found with qualifier '{}' for agent '{}'",
                                      visitor.addressee.qualifier, visitor.place.arn)));
  }
  const auto user = visitor.request.headers.get(kUserHeader);
  if (user && (user->empty() || user->size() > kUserIdCharsMax || visitor.request.headers.count(kUserHeader) > 1)) {
    return fail(
        invalid_field("runtimeUserId", fmt::format("runtimeUserId must be 1 to {} characters", kUserIdCharsMax)));
  }
  auto named = TRY(session_of(visitor.request));
  if (!named && visitor.addressee.verb == Verb::kStop) {
    return fail(invalid_field("runtimeSessionId", "runtimeSessionId is required"));
  }
  if (!named && visitor.protocol == "MCP") {
    // What clients of MCP stick to; it is ours where the server keeps none of its own.
    const auto mcp = visitor.request.headers.get(kMcpSessionHeader);
    if (mcp && mcp->size() >= kSessionIdCharsMin && mcp->size() <= kSessionIdCharsMax) named = std::string(*mcp);
  }
  visitor.session_id = named ? *std::move(named) : environment_->random.uuid();
  return {};
}

std::string DataPlane::Impl::workload_token(const Visitor& visitor) const {
  if (visitor.guest->user.empty()) return {};
  return api::seal_workload_token(environment_->sealer, {.account = visitor.place.owner.str(),
                                                         .region = visitor.place.region,
                                                         .workload = visitor.place.id,
                                                         .user = visitor.guest->user,
                                                         .expires = {visitor.guest->visit.now.ms + kWorkloadTokenMs}});
}

Result<agents::Request> DataPlane::Impl::request_to_agent(const Visitor& visitor) const {
  const Runtime& runtime = visitor.serving->version->shown;
  const Escort escort{.session_id = visitor.session_id,
                      .request_id = visitor.guest->visit.request_id,
                      .workload_token = workload_token(visitor),
                      .bearer = runtime.authorizer_configuration.has_value()};
  return agents::Request{.headers = TRY(to_agent(visitor.request, runtime, escort))};
}

Task<Result<http::Response>> DataPlane::Impl::relay(VisitorRef visitor, agents::Answer from_agent) {
  // Of protocols with statuses of their own an agent's 4xx is an answer; a failure it is everywhere else.
  const bool native = visitor->protocol == "MCP" || visitor->protocol == "A2A";
  if (from_agent.status >= 500 || (from_agent.status >= 400 && !native)) {
    std::string told;
    while (told.size() < kFailureBodyMax) {
      auto piece = co_await from_agent.body->next();
      if (!piece || !*piece) break;
      told += **piece;
    }
    told.resize(std::min(told.size(), kToldOfAgent));
    std::string message = fmt::format(
        "Received error ({}) from runtime. Please check your CloudWatch logs for more information", from_agent.status);
    if (!told.empty() && is_utf8(told)) message += fmt::format(". The agent answered: {}", told);
    co_return fail(agent_failed(std::move(message)));
  }
  http::Response response{
      .status = from_agent.status, .headers = to_caller(from_agent.headers, visitor->request), .body = {}};
  response.headers.add(std::string(kSessionHeader), visitor->session_id);
  if (visitor->protocol == "MCP" && !response.headers.get(kMcpSessionHeader)) {
    const auto sent = visitor->request.headers.get(kMcpSessionHeader);
    response.headers.add(std::string(kMcpSessionHeader), sent ? std::string(*sent) : visitor->session_id);
  }
  visitor->streamed = true;
  response.stream = std::make_shared<Relayed>(
      std::move(from_agent.body),
      [pipeline = pipeline_, visit = visitor->guest->visit, status = response.status](bool whole) {
        pipeline->depart(visit, {.status = status, .error_code = whole ? "" : "StreamCut"});
      });
  co_return response;
}

Task<Result<http::Response>> DataPlane::Impl::invoke(VisitorRef visitor) {
  auto agent = CO_TRY(co_await service_.agent(visitor->known, *visitor->serving));
  agents::Sessions* sessions = CO_TRY(co_await service_.sessions());
  agents::Request request = CO_TRY(request_to_agent(*visitor));
  request.method = "POST";
  request.target = std::string(agents::path_of(agent->protocol));
  request.body = std::move(visitor->request.body);
  visitor->request.body.clear();
  auto answer = CO_TRY(co_await sessions->invoke(std::move(agent), visitor->session_id, std::move(request)));
  co_return co_await relay(visitor, std::move(answer));
}

Task<Result<http::Response>> DataPlane::Impl::card(VisitorRef visitor) {
  if (visitor->protocol != "A2A") {
    co_return fail(invalid_field("agentRuntimeArn", "only agents of protocol A2A have an agent card"));
  }
  auto agent = CO_TRY(co_await service_.agent(visitor->known, *visitor->serving));
  agents::Sessions* sessions = CO_TRY(co_await service_.sessions());
  agents::Request request = CO_TRY(request_to_agent(*visitor));
  request.method = "GET";
  request.target = std::string(kCardPath);
  auto answer = CO_TRY(co_await sessions->invoke(std::move(agent), visitor->session_id, std::move(request)));
  co_return co_await relay(visitor, std::move(answer));
}

Task<Result<http::Response>> DataPlane::Impl::stop(VisitorRef visitor) {
  agents::Sessions* sessions = CO_TRY(co_await service_.sessions());
  co_await sessions->stop_session({.runtime_arn = visitor->place.arn,
                                   .endpoint = visitor->serving->endpoint.name,
                                   .session_id = visitor->session_id});
  http::Response response{.status = 200, .headers = {}, .body = "{}"};
  response.headers.add("Content-Type", "application/json");
  response.headers.add(std::string(kSessionHeader), visitor->session_id);
  co_return response;
}

Task<Result<http::Response>> DataPlane::Impl::command(VisitorRef visitor) {
  const CommandRequest wanted = CO_TRY(read_command(visitor->request.body));
  auto agent = CO_TRY(co_await service_.agent(visitor->known, *visitor->serving));
  agents::Sessions* sessions = CO_TRY(co_await service_.sessions());
  auto running = CO_TRY(co_await sessions->command(std::move(agent), visitor->session_id, wanted.command,
                                                   std::chrono::seconds(wanted.timeout_s)));
  const wire::Operation& operation = *m::ops::kInvokeAgentRuntimeCommand.operation;
  http::Response response = wire::begin_event_stream(operation, visitor->guest->visit.request_id);
  response.headers.add(std::string(kSessionHeader), visitor->session_id);
  auto body = std::make_unique<api::EventBody<m::InvokeAgentRuntimeCommandStreamOutput>>(operation,
                                                                                         events_of(std::move(running)));
  visitor->streamed = true;
  response.stream =
      std::make_shared<Relayed>(std::move(body), [pipeline = pipeline_, visit = visitor->guest->visit](bool whole) {
        pipeline->depart(visit, {.status = 200, .error_code = whole ? "" : "StreamCut"});
      });
  co_return response;
}

Task<Result<http::Response>> DataPlane::Impl::answer(VisitorRef visitor) {
  CO_TRY(settle(*visitor));
  switch (visitor->addressee.verb) {
    case Verb::kInvoke:
      co_return co_await invoke(visitor);
    case Verb::kCommand:
      co_return co_await command(visitor);
    case Verb::kStop:
      co_return co_await stop(visitor);
    case Verb::kCard:
      co_return co_await card(visitor);
    case Verb::kMetadata:
      break;
  }
  co_return fail(internal_error("metadata is answered before"));
}

/// What of the address makes no sense is told to whoever proves who they are.
Task<http::Response> DataPlane::Impl::unaddressed(http::Request request, Verb verb, Error error) {
  if (verb == Verb::kMetadata) co_return failed(failure_of(error), "HTTP", {});
  const auto entrance = co_await admission_->identify(request, verb);
  if (!entrance) {
    const api::Refusal& refusal = entrance.error().refusal;
    http::Response response = plain(refusal.status, refusal.code, refusal.message);
    response.headers.add(std::string(kRequestIdHeader), refusal.request_id);
    pipeline_->depart(refusal, {.status = response.status, .error_code = refusal.code, .message = refusal.message});
    co_return response;
  }
  http::Response response = failed(failure_of(error), "HTTP", {});
  response.headers.add(std::string(kRequestIdHeader), entrance->visit.request_id);
  pipeline_->depart(entrance->visit,
                    {.status = response.status, .error_code = "ValidationException", .message = error.message});
  co_return response;
}

Task<http::Response> DataPlane::Impl::serve(http::Request request) {
  auto addressee = addressee_of(request);
  if (addressee->verb != Verb::kInvoke && request.body.size() > kOtherBodyBytesMax) {
    co_return plain(413, "RequestEntityTooLargeException",
                    fmt::format("the request body is larger than {} bytes", kOtherBodyBytesMax));
  }
  auto place = place_of(request, *addressee);
  if (!place) co_return co_await unaddressed(std::move(request), addressee->verb, place.error());
  auto found =
      environment_->db.read([&](store::Reader& reader) { return service_.directory().find(reader, place->id); });
  if (!found) co_return plain(500, "InternalServerException", "An internal error occurred.");
  auto visitor = std::make_shared<Visitor>(Visitor{
      .request = std::move(request), .addressee = *std::move(addressee), .place = *std::move(place), .known = *found});
  if (visitor->known && visitor->known->place.arn != visitor->place.arn) visitor->known = nullptr;
  if (visitor->known) visitor->serving = visitor->known->find(visitor->addressee.qualifier);
  visitor->protocol = protocol_of(visitor->serving == nullptr ? nullptr : visitor->serving->version.get());
  if (visitor->addressee.verb == Verb::kMetadata) co_return metadata(*visitor);

  auto entrance = co_await admission_->judge(visitor->request, visitor->addressee.verb, visitor->place,
                                             visitor->addressee.qualifier, visitor->known);
  if (!entrance) co_return refused(*visitor, entrance.error());
  visitor->guest = std::move(*entrance);
  const std::string head =
      visitor->protocol == "HTTP" ? std::string() : visitor->request.body.substr(0, kFailureBodyMax);
  auto answered = co_await answer(visitor);
  http::Response response =
      answered ? std::move(*answered) : failed(failure_of(answered.error()), visitor->protocol, head);
  if (!response.headers.get(kRequestIdHeader)) {
    response.headers.add(std::string(kRequestIdHeader), visitor->guest->visit.request_id);
  }
  if (!answered && !visitor->session_id.empty()) response.headers.add(std::string(kSessionHeader), visitor->session_id);
  if (!visitor->streamed) {
    pipeline_->depart(visitor->guest->visit,
                      {.status = response.status,
                       .error_code = std::string(response.headers.get("x-amzn-ErrorType").value_or("")),
                       .message = answered ? std::string() : answered.error().message});
  }
  co_return response;
}

DataPlane::DataPlane(Service& service, net::DestinationPolicy destinations)
    : impl_(std::make_unique<Impl>(service, std::move(destinations))) {}
DataPlane::~DataPlane() = default;
void DataPlane::open(const api::Environment& environment, api::Pipeline& pipeline) {
  impl_->open(environment, pipeline);
}
bool DataPlane::takes(const http::Request& request) { return addressee_of(request).has_value(); }
Task<http::Response> DataPlane::serve(http::Request request) { return impl_->serve(std::move(request)); }
void DataPlane::close() { impl_->close(); }

}  // namespace warifu::services::runtime
