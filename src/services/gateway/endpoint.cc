#include "services/gateway/endpoint.h"

#include <fmt/format.h>

#include "inbound/authorizer.h"
#include "mcp/sse.h"
#include "net/beside.h"
#include "services/gateway/refusal.h"
#include "services/gateway/reply_stream.h"
#include "services/gateway/routing.h"

namespace warifu::services::gateway {
namespace {

constexpr std::string_view kMetadataPath = "/.well-known/oauth-protected-resource";

/// The target that an HTTP request below a gateway is for, and what is below it.
std::pair<std::string, std::string> split_target(std::string_view path) {
  const std::string_view rest = path.substr(1);
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return {std::string(rest), "/"};
  return {std::string(rest.substr(0, slash)), std::string(rest.substr(slash))};
}

http::Response lost_session(const mcp::Envelope& envelope) {
  const mcp::RpcError error{.code = mcp::rpc::kServerError, .message = "Session not found", .data = {}};
  return mcp::reply_text(404, mcp::print(mcp::error(envelope.messages.front().id, error)));
}

http::Response throttled(const mcp::Message& message, const Outcome& outcome) {
  http::Response response = mcp::reply_text(429, mcp::print(mcp::error(message.id, outcome.answer.error())));
  response.headers.add("x-amzn-errortype", "ThrottlingException");
  response.headers.add("Retry-After", std::to_string(outcome.retry_after_s));
  return response;
}

http::Response encoded(const mcp::Envelope& envelope, const mcp::Message& message, const Outcome& outcome) {
  if (outcome.retry_after_s > 0) return throttled(message, outcome);
  http::Response response = outcome.answer
                                ? mcp::reply_text(200, mcp::print_result(*message.id, *outcome.answer))
                                : mcp::reply(envelope.version, mcp::error(message.id, outcome.answer.error()));
  if (!outcome.session_id.empty()) response.headers.add("Mcp-Session-Id", outcome.session_id);
  return response;
}

http::Response interceptor_failed(const http::Request& request, bool debug, const Error& error) {
  const auto body = mcp::read_body(request.body);
  std::optional<mcp::Id> id;
  if (body) id = body->messages.front().id;
  const std::string why = debug ? "Interceptor failed: " + error.message : std::string(kGenericFailure);
  return mcp::reply_text(500,
                         mcp::print(mcp::error(id, {.code = mcp::rpc::kInternalError, .message = why, .data = {}})));
}

http::Response http_interceptor_failed(bool debug, const Error& error) {
  return plain_error(500, "InternalServerException",
                     debug ? "Interceptor failed: " + error.message : std::string(kGenericFailure));
}

std::string answer_text(const mcp::Message& message, const Outcome& outcome) {
  return outcome.answer ? mcp::print_result(*message.id, *outcome.answer)
                        : mcp::print(mcp::error(message.id, outcome.answer.error()));
}

/// A whole answer as the one event of a stream; errors that have a status of their own stay what they are.
http::Response as_event(http::Response plain) {
  if (plain.status != 200) return plain;
  http::Response events = mcp::begin_events();
  for (const auto& [name, value] : plain.headers.fields()) {
    if (!iequals(name, "content-type")) events.headers.add(name, value);
  }
  mcp::append_event(events.body, plain.body);
  return events;
}

}  // namespace

/// One who came in.
struct Endpoint::Visitor {
  http::Request request;
  Addressee addressee;
  std::shared_ptr<const KnownGateway> gateway;
  std::shared_ptr<const Offer> offer;
  Guest guest;
  bool streamed = false;      // its end is told when the stream has ended
  std::string authorization;  // that an interceptor set; empty: none
  bool whole = false;         // its answer is not streamed: an interceptor sees it first
};

Endpoint::Endpoint(api::Pipeline& pipeline, const api::Environment& environment, Shared& shared, Outbound& outbound,
                   EndpointOptions options)
    : pipeline_(pipeline),
      environment_(environment),
      shared_(shared),
      tokens_(
          [&outbound](std::string url, http::Request request, std::chrono::milliseconds timeout) {
            return outbound.fetch(std::move(url), std::move(request), timeout);
          },
          environment.clock),
      admission_(pipeline, environment, tokens_),
      http_(outbound),
      interceptors_(environment, outbound),
      options_(std::move(options)) {}

bool Endpoint::takes(const http::Request& request) const { return addressee_of(request, options_.domain).has_value(); }

Task<http::Response> Endpoint::serve(http::Request request) {
  auto addressee = addressee_of(request, options_.domain);
  co_return co_await answer(std::move(request), std::move(*addressee));
}

std::string Endpoint::base_url(const KnownGateway& gateway) const {
  return environment_.public_url + std::string(kPathRoot) + gateway.place.id;
}

std::string Endpoint::metadata_url(const KnownGateway& gateway) const {
  return base_url(gateway) + std::string(kMetadataPath);
}

/// RFC 9728. Clients look for it below the resource (`…/mcp/.well-known/…`), above it, and with its path at the end.
std::optional<http::Response> Endpoint::metadata(const http::Request& request, const Addressee& addressee,
                                                 const KnownGateway* gateway) const {
  if (addressee.path.find(kMetadataPath) == std::string::npos) return std::nullopt;
  const auto* authorizer = gateway == nullptr ? nullptr : &gateway->gateway.authorizer_configuration;
  if (authorizer == nullptr || !*authorizer || !(*authorizer)->custom_jwt_authorizer || request.method != "GET") {
    return plain_error(404, "ResourceNotFoundException", "There is no such document.");
  }
  const auto& configuration = *(*authorizer)->custom_jwt_authorizer;
  const std::string resource = gateway->gateway.gateway_url.value_or(base_url(*gateway) + "/mcp");
  http::Response response{.status = 200, .headers = {}, .body = inbound::resource_metadata(resource, configuration)};
  response.headers.add("Content-Type", "application/json");
  return response;
}

http::Response Endpoint::refused(const http::Request& request, const TurnedAway& away) const {
  http::Response response = refusal_response(request, away);
  pipeline_.depart(away.refusal,
                   {.status = response.status, .error_code = away.refusal.code, .message = away.refusal.message});
  return response;
}

Task<http::Response> Endpoint::answer(http::Request request, Addressee addressee) {
  std::vector<std::string> authorities = options_.authorities;
  if (addressee.by_host) authorities.push_back(to_lower(request.headers.get("host").value_or("")));
  if (!mcp::origin_allowed(request, authorities)) co_return mcp::foreign_origin();

  auto found =
      environment_.db.read([&](store::Reader& reader) { return directory_.find(reader, addressee.gateway_id); });
  if (!found) co_return plain_error(500, "InternalServerException", "An internal error occurred.");
  std::shared_ptr<const KnownGateway> gateway = std::move(*found);
  if (auto document = metadata(request, addressee, gateway.get())) co_return std::move(*document);

  auto entrance = gateway ? co_await admission_.judge(request, gateway, metadata_url(*gateway))
                          : co_await admission_.judge_missing(request, addressee.gateway_id);
  if (!entrance) co_return refused(request, entrance.error());
  auto visitor = std::make_shared<Visitor>(Visitor{.request = std::move(request),
                                                   .addressee = std::move(addressee),
                                                   .gateway = gateway,
                                                   .offer = shared_.offers.of(gateway),
                                                   .guest = std::move(*entrance)});
  http::Response response = co_await admitted(visitor);
  response.headers.add(std::string(kRequestIdHeader), visitor->guest.visit.request_id);
  if (!visitor->streamed) {
    pipeline_.depart(
        visitor->guest.visit,
        {.status = response.status, .error_code = std::string(response.headers.get("x-amzn-errortype").value_or(""))});
  }
  co_return response;
}

Task<http::Response> Endpoint::admitted(std::shared_ptr<Visitor> visitor) {
  const std::string& path = visitor->addressee.path;
  if (path == "/mcp" || path == "/mcp/" || path == "/") co_return co_await serve_mcp(visitor);
  const auto [named, below] = split_target(path);
  const routing::Traveller traveller{.principal = visitor->guest.visit.principal, .target = named, .path = path};
  const auto draw = static_cast<std::uint32_t>(environment_.random.below(routing::kDraws));
  const std::string name = routing::route(visitor->gateway->rules, traveller, draw);
  auto target = visitor->offer->target_named(name);
  if (!target || !std::holds_alternative<HttpPlace>(target->place)) {
    co_return plain_error(404, "ResourceNotFoundException", fmt::format("There is no target `{}` here.", name));
  }
  Dimensions of{.target_name = name, .tool_name = {}, .guest = &visitor->guest};
  if (const auto wait = shared_.throttle.take(*visitor->gateway, of, visitor->guest.visit.now)) {
    http::Response response = plain_error(429, "ThrottlingException", "Rate exceeded");
    response.headers.add("Retry-After", std::to_string(*wait));
    co_return response;
  }
  co_return co_await forward(visitor, std::move(target), below);
}

Task<http::Response> Endpoint::forward(std::shared_ptr<Visitor> visitor, std::shared_ptr<const Target> target,
                                       std::string below) {
  const KnownGateway& gateway = *visitor->gateway;
  const api::Visit& visit = visitor->guest.visit;
  const bool debug = visitor->offer->debug();
  if (!gateway.gateway.interceptor_configurations) {
    co_return co_await http_.forward(std::move(visitor->request), visitor->guest, std::move(target), below);
  }
  const std::string came(visitor->request.headers.get("authorization").value_or(""));
  // What an interceptor cannot judge must not pass.
  auto early = co_await interceptors_.on_http_request(gateway, visit, visitor->addressee.path, visitor->request);
  if (!early) co_return http_interceptor_failed(debug, early.error());
  if (*early) co_return std::move(**early);
  std::string now(visitor->request.headers.get("authorization").value_or(""));
  if (now == came) now.clear();
  http::Response response =
      co_await http_.forward(std::move(visitor->request), visitor->guest, std::move(target), below, std::move(now));
  if (!Interceptors::has(gateway.gateway, "RESPONSE")) co_return response;
  const auto changed = co_await interceptors_.on_http_response(gateway, visit, response);
  if (!changed) co_return http_interceptor_failed(debug, changed.error());
  co_return response;
}

std::optional<ClientSession> Endpoint::session_of(const Visitor& visitor, std::string_view id) const {
  const auto found = environment_.db.read([&](store::Reader& reader) {
    return shared_.sessions.find(reader, id, visitor.gateway->place, visitor.guest.caller, visitor.guest.visit.now);
  });
  return found ? *found : std::nullopt;
}

Task<std::optional<http::Response>> Endpoint::end_session(std::shared_ptr<Visitor> visitor) {
  const auto id = mcp::session_delete(visitor->request, visitor->offer->profile());
  if (!id) co_return std::nullopt;
  const auto session = session_of(*visitor, *id);
  if (!session) {
    co_return mcp::reply_text(404,
                              R"({"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Session not found"}})");
  }
  const auto ended = co_await environment_.db.write(
      [place = visitor->gateway->place, session = *session, now = visitor->guest.visit.now](store::Txn& txn) {
        return ClientSessions::end(txn, place, session, now);
      });
  if (!ended) co_return plain_error(500, "InternalServerException", "An internal error occurred.");
  shared_.kinds.end_session(visitor->gateway->place.id, session->key);
  co_return http::Response{.status = 204, .headers = {}, .body = {}};
}

/// Fills in what the session says. An answer: there is no such session.
std::optional<http::Response> Endpoint::enter_session(const Visitor& visitor, Exchange& exchange) {
  const mcp::Envelope& envelope = exchange.envelope;
  exchange.capabilities = envelope.client_capabilities;
  const bool kept = visitor.offer->profile().sessions && !mcp::is_stateless(envelope.version) && !envelope.handshake;
  if (!kept) return std::nullopt;
  const auto session = session_of(visitor, envelope.session_id);
  if (!session) return lost_session(envelope);
  exchange.conversation.session = session->key;
  exchange.capabilities = session->capabilities;
  return std::nullopt;
}

Task<http::Response> Endpoint::serve_mcp(std::shared_ptr<Visitor> visitor) {
  if (visitor->request.method == "DELETE") {
    if (auto ended = co_await end_session(visitor)) co_return std::move(*ended);
  }
  if (visitor->request.method != "POST") co_return mcp::wrong_method();
  if (visitor->gateway->gateway.interceptor_configurations) co_return co_await serve_intercepted(visitor);
  co_return co_await serve_post(visitor);
}

Task<http::Response> Endpoint::serve_intercepted(std::shared_ptr<Visitor> visitor) {
  const KnownGateway& gateway = *visitor->gateway;
  const bool debug = visitor->offer->debug();
  const http::Request came = visitor->request;
  visitor->whole = Interceptors::has(gateway.gateway, "RESPONSE");
  // What an interceptor cannot judge must not pass.
  auto early = co_await interceptors_.on_request(gateway, visitor->request);
  if (!early) co_return interceptor_failed(came, debug, early.error());
  const std::string now(visitor->request.headers.get("authorization").value_or(""));
  if (now != came.headers.get("authorization").value_or("")) visitor->authorization = now;
  http::Response response = *early ? std::move(**early) : co_await serve_post(visitor);
  if (response.stream || response.body.empty()) co_return response;
  const auto changed = co_await interceptors_.on_response(gateway, came, response);
  if (!changed) co_return interceptor_failed(came, debug, changed.error());
  co_return response;
}

Task<http::Response> Endpoint::serve_post(std::shared_ptr<Visitor> visitor) {
  auto envelope = mcp::open_envelope(visitor->request, visitor->offer->profile());
  if (!envelope) co_return std::move(envelope).error();
  auto exchange = std::make_shared<Exchange>(
      Exchange{.request = std::move(visitor->request),
               .guest = visitor->guest,
               .offer = visitor->offer,
               .envelope = std::move(*envelope),
               .conversation = {.gateway = visitor->gateway->place.id, .caller = visitor->guest.caller, .session = {}},
               .capabilities = {}});
  exchange->request.body.clear();
  exchange->authorization = visitor->authorization;
  if (auto lost = enter_session(*visitor, *exchange)) co_return std::move(*lost);
  co_return co_await serve_messages(visitor, exchange);
}

Task<http::Response> Endpoint::serve_messages(std::shared_ptr<Visitor> visitor, std::shared_ptr<Exchange> exchange) {
  const bool batch = exchange->envelope.batch;
  if (!batch && exchange->envelope.messages.front().kind == mcp::Message::Kind::kRequest) {
    co_return co_await serve_one(visitor, exchange);
  }
  std::string answers;
  for (const mcp::Message& message : exchange->envelope.messages) {
    if (message.kind != mcp::Message::Kind::kRequest) {
      if (take(shared_, *exchange, message) || batch) continue;
      const mcp::RpcError error{
          .code = mcp::rpc::kInvalidRequest, .message = "Nobody waits for this answer", .data = {}};
      co_return mcp::reply_text(400, mcp::print(mcp::error(message.id, error)));
    }
    const Outcome outcome =
        co_await perform(shared_, exchange, message, std::make_shared<NoUpcalls>(), std::make_shared<Cancellation>());
    answers += (answers.empty() ? "[" : ",") + answer_text(message, outcome);
  }
  if (answers.empty()) co_return mcp::accepted();
  co_return mcp::reply_text(200, answers + "]");
}

Task<http::Response> Endpoint::serve_one(std::shared_ptr<Visitor> visitor, std::shared_ptr<Exchange> exchange) {
  mcp::Message message = exchange->envelope.messages.front();
  if (exchange->envelope.may_stream && is_forwarded(message.method) && !visitor->whole) {
    Reply begun = co_await begin_reply(shared_, exchange, message, [this, visitor](const Outcome* outcome) {
      pipeline_.depart(visitor->guest.visit,
                       {.status = 200, .error_code = outcome == nullptr ? "ClientDisconnected" : ""});
    });
    if (begun.outcome) co_return as_event(encoded(exchange->envelope, message, *begun.outcome));
    visitor->streamed = true;
    http::Response response = mcp::begin_events();
    response.stream = std::move(begun.stream);
    co_return response;
  }
  auto cancellation = std::make_shared<Cancellation>();
  const auto entry =
      shared_.running.enter(exchange->conversation, *message.id, cancellation, co_await net::LoopHandle::current());
  const Outcome outcome =
      co_await perform(shared_, exchange, message, std::make_shared<NoUpcalls>(), std::move(cancellation));
  co_return encoded(exchange->envelope, message, outcome);
}

}  // namespace warifu::services::gateway
