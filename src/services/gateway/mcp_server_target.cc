#include "services/gateway/mcp_server_target.h"

#include <fmt/format.h>

#include <list>
#include <map>
#include <mutex>
#include <utility>

#include "mcp/envelope.h"
#include "mcp/upstream.h"

namespace warifu::services::gateway {
namespace {

using mcp::Listing;
using Heard = std::expected<json::Value, mcp::RpcError>;

constexpr std::size_t kPeersMax = 2000;
constexpr std::size_t kToolsMax = 1000;  // quota: tools of one target
constexpr std::size_t kToolNameBytesMax = 256;

json::Value client_info() {
  return json::Value::object()
      .set("name", json::Value::string("warifu-gateway"))
      .set("version", json::Value::string("1.0.0"));
}

/// A server may offer only what the client can take part in: a catalogue is for all clients, so it is asked for as one
/// that can be asked everything.
json::Value every_capability() {
  const json::Value on = json::Value::object();
  return json::Value::object().set("elicitation", on).set("sampling", on).set("roots", on);
}
constexpr std::string_view kCatalogueSession = "catalogue";

/// HTTP to one target's endpoint, with the target's credentials.
class TargetCarrier final : public mcp::Carrier {
 public:
  TargetCarrier(Outbound& outbound, std::shared_ptr<const Target> target, std::string endpoint)
      : outbound_(outbound), target_(std::move(target)), endpoint_(std::move(endpoint)) {}

  Task<Result<std::unique_ptr<net::ResponseStream>>> open(http::Request request,
                                                          net::StreamTimeouts timeouts) override {
    std::string url = endpoint_;
    if (target_->credential.kind != OutboundCredential::Kind::kNone)
      CO_TRY(co_await outbound_.authorize(*target_, nullptr, url, request));
    co_return co_await outbound_.open(std::move(url), std::move(request), timeouts);
  }

 private:
  Outbound& outbound_;
  const std::shared_ptr<const Target> target_;
  const std::string endpoint_;
};

/// A target that is spoken with.
struct Peer {
  Peer(Outbound& outbound, const std::shared_ptr<const Target>& target, const McpServerPlace& place)
      : version(target->version),
        upstream(std::make_shared<TargetCarrier>(outbound, target, place.endpoint),
                 {.client_info = client_info(), .versions = {}}) {}

  const std::string version;
  mcp::Upstream upstream;
  std::mutex mutex;                                         // guards schemas
  std::map<std::string, json::Value, std::less<>> schemas;  // of tools whose arguments go into headers
};

/// Tools that a client could not call, or that would break its list, are left out: the others are of use without them.
bool is_usable(Listing what, const json::Value& item) {
  const auto name = item.find_string("name");
  if (what == Listing::kResources) return item.find_string("uri").has_value();
  if (what == Listing::kTemplates) return item.find_string("uriTemplate").has_value();
  if (!name || name->empty() || name->size() > kToolNameBytesMax) return false;
  const json::Value* schema = item.find("inputSchema");
  return what == Listing::kPrompts || (schema != nullptr && schema->is_object());
}

Error not_connected(std::string_view why) {
  return unavailable(
      fmt::format("Failed to connect and fetch tools from the provided MCP target server. Error - {}", why));
}

/// What a request of a server needs the client to have declared.
bool may_be_asked(const json::Value& capabilities, std::string_view method) {
  if (!capabilities.is_object()) return false;
  if (method == "elicitation/create") return capabilities.find("elicitation") != nullptr;
  if (method == "sampling/createMessage") return capabilities.find("sampling") != nullptr;
  return method == "roots/list" && capabilities.find("roots") != nullptr;
}

/// Method and parameters as Upcalls take them.
json::Value spoken(mcp::Message message) {
  json::Value value = json::Value::object();
  value.set("method", json::Value::string(std::move(message.method)));
  if (!message.params.is_null()) value.set("params", std::move(message.params));
  return value;
}

Task<Heard> ask(std::shared_ptr<Upcalls> upcalls, json::Value capabilities, mcp::Message message) {
  if (!may_be_asked(capabilities, message.method)) co_return std::unexpected(mcp::method_not_found(message.method));
  const Answer answer = co_await upcalls->ask(spoken(std::move(message)));
  if (!answer) {
    const RpcError& error = answer.error();
    co_return std::unexpected(mcp::RpcError{.code = error.code, .message = error.message, .data = error.data});
  }
  auto value = json::parse(*answer, {.bytes_max = mcp::kMessageBytesMax, .depth_max = mcp::kMessageDepthMax});
  if (!value || !value->is_object())
    co_return std::unexpected(mcp::RpcError{.code = mcp::rpc::kInternalError, .message = "a malformed answer"});
  co_return std::move(*value);
}

/// Parameters with the target's prefix taken off what they name.
json::Value bare_params(const Invocation& invocation) {
  json::Value params = invocation.params.is_object() ? invocation.params : json::Value::object();
  const auto rename = [&](json::Value& object) {
    for (auto& [name, value] : object.members()) {
      if (name == "name" && value.is_string() && value.as_string() == invocation.prefixed)
        value = json::Value::string(invocation.name);
    }
  };
  rename(params);
  for (auto& [name, value] : params.members()) {
    if (name == "ref" && value.is_object()) rename(value);
  }
  return params;
}

bool is_stateless(const Invocation& invocation) {
  const auto version = mcp::version_named(invocation.protocol);
  return version && mcp::is_stateless(*version);
}

/// Sessions with a server are as far apart as its clients are: state that it keeps for one is not another's to see.
/// A client that shakes hands is served so by a server that can, since what it asks on the way differs.
std::string session_key(const Invocation& invocation) {
  if (!invocation.session.empty()) return "session " + invocation.session;
  return (is_stateless(invocation) ? "stateless caller " : "caller ") + invocation.caller;
}

mcp::Call call_of(const Invocation& invocation) {
  mcp::Call call{.session_key = session_key(invocation),
                 .client_capabilities = invocation.client_capabilities,
                 .method = invocation.method,
                 .params = bare_params(invocation),
                 .headers = invocation.headers,
                 .timeout = invocation.timeout,
                 .prefers_handshake = !is_stateless(invocation),
                 .takes_input_required = is_stateless(invocation)};
  if (!invocation.upcalls) return call;
  call.on_notification = [upcalls = invocation.upcalls](mcp::Message message) {
    return upcalls->notify(spoken(std::move(message)));
  };
  call.on_request = [upcalls = invocation.upcalls, capabilities = invocation.client_capabilities](
                        mcp::Message message) { return ask(upcalls, capabilities, std::move(message)); };
  return call;
}

/// While it lives, cancelling the invocation cancels the call.
class Bound {
 public:
  Bound(std::shared_ptr<Cancellation> from, const std::shared_ptr<mcp::CallHandle>& to) : from_(std::move(from)) {
    if (from_) from_->on_cancel([to] { to->cancel(); });
  }
  ~Bound() {
    if (from_) from_->on_cancel({});
  }
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;

 private:
  std::shared_ptr<Cancellation> from_;
};

Answer refused(const mcp::RpcError& error, bool stateless) {
  // A code of earlier versions that later ones must not use.
  const bool renamed = stateless && error.code == mcp::rpc::kResourceNotFound;
  const int code = renamed ? mcp::rpc::kInvalidParams : error.code;
  return std::unexpected(RpcError{.code = code, .message = error.message, .data = error.data});
}

Answer failed(const Invocation& invocation, const Error& error) {
  const bool debug = invocation.target->debug;
  if (invocation.method == "tools/call") return failed_result(debug, error.message);
  return std::unexpected(
      RpcError{.code = mcp::rpc::kInternalError, .message = debug ? error.message : std::string(kGenericFailure)});
}

class McpServerKind final : public TargetKind {
 public:
  explicit McpServerKind(Outbound& outbound) : outbound_(outbound) {}

  Task<Result<Catalogue>> discover(std::shared_ptr<const Target> target) override {
    const auto* place = std::get_if<McpServerPlace>(&target->place);
    if (place == nullptr) co_return fail(internal_error("not an MCP server"));
    if (!place->tools.empty()) co_return Catalogue{.tools = place->tools};
    const std::shared_ptr<Peer> peer = peer_of(target, *place);
    co_return co_await catalogue_of(peer);
  }

  Task<Answer> invoke(Invocation invocation) override {
    const std::shared_ptr<const Target> target = invocation.target;
    const auto* place = std::get_if<McpServerPlace>(&target->place);
    if (place == nullptr) co_return failed(invocation, internal_error("not an MCP server"));
    const std::shared_ptr<Peer> peer = peer_of(target, *place);
    mcp::Call call = call_of(invocation);
    add_param_headers(*peer, invocation, call);
    if (invocation.cancellation) call.handle = std::make_shared<mcp::CallHandle>();
    const Bound bound(invocation.cancellation, call.handle);

    auto outcome = co_await peer->upstream.call(call);
    if (outcome && !*outcome && outcome->error().code == mcp::rpc::kHeaderMismatch && co_await learn_schemas(peer)) {
      add_param_headers(*peer, invocation, call);
      outcome = co_await peer->upstream.call(std::move(call));
    }
    if (!outcome) co_return failed(invocation, outcome.error());
    if (!*outcome) co_return refused(outcome->error(), is_stateless(invocation));
    co_return (*outcome)->dump();
  }

  void end_session(std::string_view gateway_id, std::string_view session) override {
    const std::string prefix = std::string(gateway_id) + "/";
    const std::string key = "session " + std::string(session);
    const std::lock_guard lock(mutex_);
    for (auto at = peers_.lower_bound(prefix); at != peers_.end() && at->first.starts_with(prefix); ++at)
      at->second.peer->upstream.drop(key);
  }

 private:
  struct Entry {
    std::shared_ptr<Peer> peer;
    std::list<std::string>::iterator use;
  };

  /// The target's peer; a new one where the target has changed since.
  std::shared_ptr<Peer> peer_of(const std::shared_ptr<const Target>& target, const McpServerPlace& place) {
    const std::string key = target->gateway_id + "/" + target->id;
    const std::lock_guard lock(mutex_);
    if (const auto found = peers_.find(key); found != peers_.end()) {
      uses_.splice(uses_.begin(), uses_, found->second.use);
      if (found->second.peer->version != target->version)
        found->second.peer = std::make_shared<Peer>(outbound_, target, place);
      return found->second.peer;
    }
    if (peers_.size() >= kPeersMax) {
      peers_.erase(uses_.back());
      uses_.pop_back();
    }
    uses_.push_front(key);
    auto peer = std::make_shared<Peer>(outbound_, target, place);
    peers_.emplace(key, Entry{.peer = peer, .use = uses_.begin()});
    return peer;
  }

  static Task<Result<Catalogue>> catalogue_of(std::shared_ptr<Peer> peer) {
    Catalogue catalogue;
    const std::array<std::pair<Listing, std::vector<json::Value>*>, 4> parts = {
        {{Listing::kTools, &catalogue.tools},
         {Listing::kPrompts, &catalogue.prompts},
         {Listing::kResources, &catalogue.resources},
         {Listing::kTemplates, &catalogue.templates}}};
    for (const auto& [what, into] : parts) {
      auto items = co_await peer->upstream.list(what, std::string(kCatalogueSession), every_capability());
      if (!items) co_return fail(not_connected(items.error().message));
      std::erase_if(*items, [kind = what](const json::Value& item) { return !is_usable(kind, item); });
      *into = std::move(*items);
    }
    if (catalogue.tools.size() > kToolsMax)
      co_return fail(not_connected(fmt::format("it has more than {} tools", kToolsMax)));
    keep_schemas(*peer, catalogue.tools);
    co_return catalogue;
  }

  static void keep_schemas(Peer& peer, const std::vector<json::Value>& tools) {
    std::map<std::string, json::Value, std::less<>> schemas;
    for (const json::Value& tool : tools) {
      const json::Value* schema = tool.find("inputSchema");
      if (schema != nullptr && schema->dump().find("x-mcp-header") != std::string::npos)
        schemas.emplace(tool.find_string("name").value_or(""), *schema);
    }
    const std::lock_guard lock(peer.mutex);
    peer.schemas = std::move(schemas);
  }

  static Task<bool> learn_schemas(std::shared_ptr<Peer> peer) {
    const auto tools =
        co_await peer->upstream.list(Listing::kTools, std::string(kCatalogueSession), every_capability());
    if (tools) keep_schemas(*peer, *tools);
    co_return tools.has_value();
  }

  /// Arguments that the tool wants mirrored into headers (2026-07-28, "Custom Headers from Tool Parameters").
  static void add_param_headers(Peer& peer, const Invocation& invocation, mcp::Call& call) {
    const std::lock_guard lock(peer.mutex);
    const auto schema = peer.schemas.find(invocation.name);
    if (invocation.method != "tools/call" || schema == peer.schemas.end()) return;
    call.headers = invocation.headers;
    const http::Headers made = mcp::param_headers(schema->second, invocation.arguments());
    for (const auto& [name, value] : made.fields()) call.headers.add(name, value);
  }

  Outbound& outbound_;
  std::mutex mutex_;  // guards peers_ and uses_
  std::map<std::string, Entry> peers_;
  std::list<std::string> uses_;  // keys, the latest first
};

}  // namespace

std::unique_ptr<TargetKind> make_mcp_server_kind(Outbound& outbound) {
  return std::make_unique<McpServerKind>(outbound);
}

}  // namespace warifu::services::gateway
