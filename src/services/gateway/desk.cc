#include "services/gateway/desk.h"

#include <fmt/format.h>

#include "services/gateway/passing.h"

namespace warifu::services::gateway {
namespace {

using mcp::Message;
using mcp::Version;

constexpr std::int32_t kSessionSeconds = 3600;

std::unexpected<RpcError> refuse(int code, std::string message) {
  return std::unexpected(RpcError{.code = code, .message = std::move(message)});
}

std::int64_t session_seconds(const Gateway& gateway) {
  const auto& configuration = gateway.protocol_configuration;
  if (!configuration || !configuration->mcp || !configuration->mcp->session_configuration) return kSessionSeconds;
  return configuration->mcp->session_configuration->session_timeout_in_seconds.value_or(kSessionSeconds);
}

Outcome initialize(Shared& shared, const Exchange& exchange) {
  const mcp::ServerProfile& profile = exchange.offer->profile();
  Outcome out{.answer = mcp::initialize_result(profile, exchange.envelope.version).dump()};
  if (!profile.sessions) return out;
  ClientSession session{
      .key = {},
      .gateway = exchange.conversation.gateway,
      .caller = exchange.guest.caller,
      .expires = exchange.guest.visit.now.plus_seconds(session_seconds(exchange.offer->gateway().gateway)),
      .protocol = std::string(mcp::name(exchange.envelope.version)),
      .capabilities = exchange.envelope.client_capabilities};
  out.session_id = shared.sessions.begin(session);
  return out;
}

/// Asks the targets whose catalogues are not kept. One that fails is left out: the others are of use without it.
Task<std::shared_ptr<const Offer>> with_dynamic(Shared& shared, std::shared_ptr<const Offer> offer) {
  if (offer->dynamic_targets().empty()) co_return offer;
  std::vector<Catalogue> catalogues;
  for (const auto& target : offer->dynamic_targets()) {
    TargetKind* kind = shared.kinds.of(*target);
    Result<Catalogue> found = kind == nullptr ? Result<Catalogue>(Catalogue{}) : co_await kind->discover(target);
    catalogues.push_back(found ? std::move(*found) : Catalogue{});
  }
  co_return offer->with(catalogues);
}

Task<Answer> list(Shared& shared, std::shared_ptr<Exchange> exchange, Listing listing, json::Value params) {
  const auto offer = co_await with_dynamic(shared, exchange->offer);
  const json::Value* cursor = params.find("cursor");
  if (cursor != nullptr && !cursor->is_string()) co_return refuse(mcp::rpc::kInvalidParams, "Invalid params: cursor");
  const auto page =
      offer->page(listing, cursor == nullptr ? "" : cursor->as_string(), mcp::is_stateless(exchange->envelope.version));
  if (!page) co_return refuse(mcp::rpc::kInvalidParams, "Invalid params: cursor");
  co_return std::string(*page);
}

/// What `target` is to perform.
Invocation invocation_of(const Exchange& exchange, const Message& message, std::shared_ptr<const Target> target) {
  http::Headers headers = propagated(exchange.request.headers, target->request_headers);
  // Only an interceptor's own is passed on, and beats the credential provider.
  if (!exchange.authorization.empty()) headers.add("Authorization", exchange.authorization);
  return {.target = std::move(target),
          .method = message.method,
          .name = {},
          .prefixed = {},
          .params = message.params.is_object() ? message.params : json::Value::object(),
          .rpc_id = message.id ? message.id->text() : std::string(),
          .request_id = exchange.guest.visit.request_id,
          .protocol = std::string(mcp::name(exchange.envelope.version)),
          .session = exchange.conversation.session,
          .caller = exchange.guest.caller,
          .bearer = exchange.guest.bearer,
          .client_capabilities = exchange.capabilities,
          .headers = std::move(headers),
          .upcalls = {},
          .cancellation = {}};
}

/// A result as the client's version wants it. Those of our own making need nothing in versions with a handshake.
std::string fitted(std::string text, const Exchange& exchange, std::string_view method) {
  const Version version = exchange.envelope.version;
  if (!mcp::is_stateless(version) && text.find("\"resultType\"") == std::string::npos) return text;
  auto value = json::parse(text, {.bytes_max = 16 * 1024 * 1024, .depth_max = 256});
  if (!value || !value->is_object()) return text;
  mcp::fit_result(*value, version, method, {}, exchange.offer->profile().server_info);
  return value->dump();
}

/// Arguments that do not fit the schema: an error of the protocol in the early versions, of the tool in later ones
/// (SEP-1303), where the model can read it and try again.
Answer invalid_arguments(Version version, std::string_view tool, const std::vector<mcp::Violation>& violations) {
  std::string why = fmt::format("Invalid arguments for tool {}: {}", tool, mcp::sentence(violations));
  if (version < Version::k2025_11_25) return refuse(mcp::rpc::kInvalidParams, std::move(why));
  json::Value content = json::Value::object();
  content.set("type", json::Value::string("text")).set("text", json::Value::string(std::move(why)));
  json::Value result = json::Value::object();
  result.set("isError", json::Value::boolean(true)).set("content", json::Value::array({std::move(content)}));
  return result.dump();
}

struct Forwarding {
  Shared& shared;
  std::shared_ptr<Exchange> exchange;
  std::shared_ptr<Upcalls> upcalls;
  std::shared_ptr<Cancellation> cancellation;
};

Task<Answer> forward(Forwarding with, Invocation invocation) {
  TargetKind* kind = with.shared.kinds.of(*invocation.target);
  if (kind == nullptr) co_return failed_result(true, "This kind of target is not supported.");
  invocation.upcalls = with.upcalls;
  invocation.cancellation = with.cancellation;
  co_return co_await kind->invoke(std::move(invocation));
}

Task<Answer> call_tool(Forwarding with, Message message) {
  const Exchange& exchange = *with.exchange;
  const Version version = exchange.envelope.version;
  const auto name = message.params.find_string("name");
  if (!name) co_return refuse(mcp::rpc::kInvalidParams, "Invalid params: `name` is required");
  const json::Value* given = message.params.find("arguments");
  if (given != nullptr && !given->is_object()) {
    co_return refuse(mcp::rpc::kInvalidParams, "Invalid params: `arguments` must be an object");
  }
  const OfferedTool* tool = exchange.offer->tool(*name);
  const json::Value none = json::Value::object();
  const json::Value& arguments = given == nullptr ? none : *given;
  if (tool != nullptr) {
    if (mcp::is_stateless(version)) {
      const json::Value* schema = tool->definition.find("inputSchema");
      auto fault = schema == nullptr ? std::nullopt : mcp::check_param_headers(exchange.request, *schema, arguments);
      if (fault) co_return std::unexpected(std::move(*fault));
    }
    const auto violations = tool->input.validate(arguments);
    if (!violations.empty()) co_return invalid_arguments(version, *name, violations);
  }
  if (tool != nullptr && !tool->target) {
    const auto offer = co_await with_dynamic(with.shared, exchange.offer);
    co_return with.shared.search.answer(offer, arguments.find_string("query").value_or(""));
  }
  auto addressed = exchange.offer->addressed(*name);
  const auto* server = addressed ? std::get_if<McpServerPlace>(&addressed->target->place) : nullptr;
  if (!addressed || (tool == nullptr && (server == nullptr || !server->dynamic))) {
    co_return refuse(mcp::rpc::kInvalidParams, "Unknown tool: " + *name);
  }
  Invocation invocation = invocation_of(exchange, message, addressed->target);
  invocation.name = addressed->name;
  invocation.prefixed = *name;
  co_return co_await forward(with, std::move(invocation));
}

Task<Answer> get_prompt(Forwarding with, Message message) {
  const std::string name = message.params.find_string("name").value_or("");
  auto addressed = with.exchange->offer->addressed(name);
  if (!addressed || !std::holds_alternative<McpServerPlace>(addressed->target->place)) {
    co_return refuse(mcp::rpc::kInvalidParams, "Unknown prompt: " + name);
  }
  Invocation invocation = invocation_of(*with.exchange, message, addressed->target);
  invocation.name = addressed->name;
  invocation.prefixed = name;
  co_return co_await forward(with, std::move(invocation));
}

Task<Answer> with_resource(Forwarding with, Message message) {
  const std::string uri = message.params.find_string("uri").value_or("");
  const auto offer = co_await with_dynamic(with.shared, with.exchange->offer);
  auto target = offer->resource(uri);
  if (!target) {
    json::Value data = json::Value::object();
    data.set("uri", json::Value::string(uri));
    co_return std::unexpected(RpcError{.code = mcp::resource_not_found(with.exchange->envelope.version),
                                       .message = "Resource not found: " + uri,
                                       .data = std::move(data)});
  }
  Invocation invocation = invocation_of(*with.exchange, message, std::move(target));
  invocation.name = uri;
  invocation.prefixed = uri;
  co_return co_await forward(with, std::move(invocation));
}

/// completion/complete: `ref` names a prompt of a target, or a resource template.
Task<Answer> complete(Forwarding with, Message message) {
  const json::Value* ref = message.params.find("ref");
  const std::string name = ref == nullptr ? "" : ref->find_string("name").value_or("");
  const std::string uri = ref == nullptr ? "" : ref->find_string("uri").value_or("");
  auto addressed = with.exchange->offer->addressed(name);
  std::shared_ptr<const Target> target = addressed ? addressed->target : with.exchange->offer->resource(uri);
  if (!target) co_return refuse(mcp::rpc::kInvalidParams, "Invalid params: `ref` names nothing here");
  Invocation invocation = invocation_of(*with.exchange, message, std::move(target));
  invocation.name = addressed ? addressed->name : uri;
  invocation.prefixed = addressed ? name : uri;
  co_return co_await forward(with, std::move(invocation));
}

/// A level is for all servers: each is told, and what one of them thinks of it does not concern the others.
Task<Answer> set_level(Forwarding with, Message message) {
  for (const auto& target : with.exchange->offer->servers()) {
    Invocation invocation = invocation_of(*with.exchange, message, target);
    (void)co_await forward(with, std::move(invocation));
  }
  co_return std::string("{}");
}

Task<Answer> dispatch(Forwarding with, Message message) {
  const std::string& method = message.method;
  const mcp::ServerProfile& profile = with.exchange->offer->profile();
  if (method == "ping") co_return std::string("{}");
  if (method == "server/discover") co_return mcp::discover_result(profile).dump();
  if (const auto listing = listing_of(method)) {
    co_return co_await list(with.shared, with.exchange, *listing, message.params);
  }
  if (method == "tools/call") co_return co_await call_tool(with, std::move(message));
  if (!with.exchange->offer->servers().empty()) {
    if (method == "prompts/get") co_return co_await get_prompt(with, std::move(message));
    if (method == "completion/complete") co_return co_await complete(with, std::move(message));
    if (method == "logging/setLevel") co_return co_await set_level(with, std::move(message));
    if (method == "resources/read" || method == "resources/subscribe" || method == "resources/unsubscribe") {
      co_return co_await with_resource(with, std::move(message));
    }
  }
  co_return std::unexpected(mcp::method_not_found(method));
}

/// Seconds to wait where a limit is passed.
std::optional<std::int64_t> throttled(Shared& shared, const Exchange& exchange, const Message& message) {
  Dimensions of{.target_name = {}, .tool_name = {}, .guest = &exchange.guest};
  if (message.method == "tools/call") {
    of.tool_name = message.params.find_string("name").value_or("");
    if (const auto addressed = exchange.offer->addressed(of.tool_name)) of.target_name = addressed->target->name;
  }
  return shared.throttle.take(exchange.offer->gateway(), of, exchange.guest.visit.now);
}

}  // namespace

bool is_forwarded(std::string_view method) {
  return method == "tools/call" || method == "prompts/get" || method == "resources/read";
}

Task<> NoUpcalls::notify(json::Value) { co_return; }

Task<Answer> NoUpcalls::ask(json::Value request) {
  co_return std::unexpected(mcp::method_not_found(request.find_string("method").value_or("")));
}

Task<Outcome> perform(Shared& shared, std::shared_ptr<Exchange> exchange, Message message,
                      std::shared_ptr<Upcalls> upcalls, std::shared_ptr<Cancellation> cancellation) {
  if (const auto wait = throttled(shared, *exchange, message)) {
    co_return Outcome{.answer = refuse(mcp::rpc::kServerError, "Rate exceeded"), .retry_after_s = *wait};
  }
  if (exchange->envelope.handshake) co_return initialize(shared, *exchange);
  const std::string method = message.method;
  const Forwarding with{.shared = shared, .exchange = exchange, .upcalls = upcalls, .cancellation = cancellation};
  Outcome out{.answer = co_await dispatch(with, std::move(message))};
  // Lists are kept in both forms.
  if (out.answer && !listing_of(method)) out.answer = fitted(std::move(*out.answer), *exchange, method);
  co_return out;
}

bool take(Shared& shared, const Exchange& exchange, const Message& message) {
  if (message.is_answer()) return shared.running.answered(exchange.conversation, message);
  if (message.method != "notifications/cancelled") return true;
  const json::Value* id = message.params.find("requestId");
  if (const auto known = id == nullptr ? std::nullopt : mcp::Id::from(*id)) {
    shared.running.cancel(exchange.conversation, *known);
  }
  return true;
}

}  // namespace warifu::services::gateway
