#include "mcp/upstream.h"

#include <algorithm>
#include <atomic>
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/encoding.h"
#include "mcp/envelope.h"
#include "mcp/transfer.h"
#include "net/beside.h"

namespace warifu::mcp {
namespace {

using Clock = std::chrono::steady_clock;
using SessionPtr = std::shared_ptr<const Session>;
using Outcome = std::expected<json::Value, RpcError>;

constexpr std::size_t kSessionIdBytesMax = 1024;
constexpr int kRoundsMax = 10;   // of input_required
constexpr int kResumesMax = 20;  // of a stream that the server cut
constexpr std::chrono::milliseconds kNoticeTimeout{10'000};

json::Value object_or_empty(json::Value value) { return value.is_object() ? std::move(value) : json::Value::object(); }

void set_member(json::Value& object, std::string_view name, json::Value value) {
  for (auto& [key, old] : object.members()) {
    if (key == name) {
      old = std::move(value);
      return;
    }
  }
  object.set(std::string(name), std::move(value));
}

json::Value take_member(json::Value& object, std::string_view name) {
  json::Value taken;
  for (auto& [key, value] : object.members()) {
    if (key == name) taken = std::move(value);
  }
  std::erase_if(object.members(), [&](const auto& member) { return member.first == name; });
  return taken;
}

/// An error that only a server of 2026-07-28 or later gives.
bool is_stateless_error(const Message& message) {
  return message.kind == Message::Kind::kError &&
         (message.error.code == rpc::kUnsupportedVersion || message.error.code == rpc::kHeaderMismatch ||
          message.error.code == rpc::kMissingClientCapability);
}

/// What a server says when it does not know our session any more: 404, or SDKs' own 400.
bool is_session_lost(const Session& session, int status, const std::optional<Message>& message) {
  if (is_stateless(session.version) || session.id.empty()) return false;
  if (status == 404) return true;
  if (status != 400 || !message || message->kind != Message::Kind::kError) return false;
  const std::string said = to_lower(message->error.message);
  return said.find("session") != std::string::npos || said.find("not initialized") != std::string::npos;
}

Error http_failure(int status) {
  const std::string said = "the MCP server answered HTTP " + std::to_string(status);
  if (status == 401) return {.code = ErrorCode::kUnauthenticated, .message = said};
  if (status == 403) return {.code = ErrorCode::kAccessDenied, .message = said};
  if (status >= 300 && status < 400) return validation_error(said + ", and redirects are not followed");
  return unavailable(said);
}

}  // namespace

class Upstream::Impl : public std::enable_shared_from_this<Upstream::Impl> {
 public:
  Impl(std::shared_ptr<Carrier> carrier, UpstreamOptions options);

  /// Whom a session is for.
  struct Wanted {
    std::string key;
    json::Value capabilities;
    http::Headers headers;
    bool prefers_handshake = false;
  };
  Task<Result<SessionPtr>> ensure(Wanted wanted);
  Task<Result<Outcome>> call(Call call);
  Task<Result<>> send(SessionPtr session, Message message, http::Headers headers);
  Task<> remove(SessionPtr session, http::Headers headers);
  SessionPtr find(const std::string& key);
  /// Forgets `session` where it is still the key's; nullptr: whichever it is. Returns what was forgotten.
  SessionPtr forget(const std::string& key, const Session* session);
  void drop(const std::string& key);
  /// Tells the server of dropped sessions, beside the caller.
  static Task<> bury(std::shared_ptr<Impl> self);

 private:
  struct Entry {
    SessionPtr session;
    std::list<std::string>::iterator use;
  };
  /// One try of one call.
  struct Attempt {
    std::optional<Result<Outcome>> outcome;  // unset: the session is lost, or the era was wrong
  };
  struct Running;

  SessionPtr keep(const std::string& key, SessionPtr session);
  bool speaks(Version version) const {
    return std::ranges::find(options_.versions, version) != options_.versions.end();
  }
  http::Request post(const Session& session, const Message& message, const http::Headers& headers) const;
  Transfer::Limits limits(std::chrono::milliseconds head) const;
  json::Value stamped(const Session& session, json::Value params, const json::Value& capabilities) const;

  Task<Result<SessionPtr>> probe(json::Value capabilities, http::Headers headers);
  static Result<SessionPtr> discovered(int status, const std::optional<Message>& answer);
  Task<Result<SessionPtr>> shake_hands(json::Value capabilities, http::Headers headers);
  Result<SessionPtr> shaken(const Message& answer, const http::Headers& headers) const;
  Task<Attempt> attempt(SessionPtr session, const Call& call, const json::Value& params);
  Task<Result<Outcome>> rounds(Call& call);
  Task<Result<std::optional<Message>>> follow(Running& running);
  Task<Result<>> take(Running& running, Message message);
  Task<Result<>> resume(Running& running);
  Task<Result<std::expected<json::Value, RpcError>>> gather(const Call& call, const json::Value& requests);

  const std::shared_ptr<Carrier> carrier_;
  UpstreamOptions options_;
  std::atomic<std::int64_t> next_id_ = 1;
  std::atomic<bool> stateless_ = true;   // it may speak so: not shown otherwise
  std::atomic<bool> handshakes_ = true;  // the same of handshakes
  std::mutex mutex_;                     // guards sessions_, uses_ and dropped_
  std::unordered_map<std::string, Entry> sessions_;
  std::list<std::string> uses_;  // keys, the latest first
  std::vector<SessionPtr> dropped_;
  std::atomic<bool> has_dropped_ = false;
};

/// A call under way.
struct Upstream::Impl::Running {
  const Call& call;
  SessionPtr session;
  Id id;
  json::Value token;  // the caller's progress token; null: none
  std::unique_ptr<Transfer> transfer;
  Clock::time_point end;
  int resumes = 0;
};

Upstream::Impl::Impl(std::shared_ptr<Carrier> carrier, UpstreamOptions options)
    : carrier_(std::move(carrier)), options_(std::move(options)) {
  if (options_.versions.empty()) options_.versions.assign(all_versions().begin(), all_versions().end());
  stateless_ = speaks(Version::k2026_07_28);
  handshakes_ = std::ranges::any_of(options_.versions, [](Version version) { return !is_stateless(version); });
}

SessionPtr Upstream::Impl::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(key);
  if (found == sessions_.end()) return nullptr;
  uses_.splice(uses_.begin(), uses_, found->second.use);
  return found->second.session;
}

SessionPtr Upstream::Impl::keep(const std::string& key, SessionPtr session) {
  const std::lock_guard lock(mutex_);
  // Another call made one meanwhile: one is enough.
  if (const auto found = sessions_.find(key); found != sessions_.end()) return found->second.session;
  while (!uses_.empty() && sessions_.size() >= options_.sessions_max) {
    sessions_.erase(uses_.back());
    uses_.pop_back();
  }
  uses_.push_front(key);
  sessions_.emplace(key, Entry{.session = session, .use = uses_.begin()});
  return session;
}

SessionPtr Upstream::Impl::forget(const std::string& key, const Session* session) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(key);
  if (found == sessions_.end() || (session != nullptr && found->second.session.get() != session)) return nullptr;
  SessionPtr forgotten = std::move(found->second.session);
  uses_.erase(found->second.use);
  sessions_.erase(found);
  return forgotten;
}

void Upstream::Impl::drop(const std::string& key) {
  constexpr std::size_t kDroppedMax = 1000;
  SessionPtr session = forget(key, nullptr);
  if (session == nullptr || session->id.empty()) return;
  const std::lock_guard lock(mutex_);
  // Past the bound the server finds out by itself, when the session expires.
  if (dropped_.size() < kDroppedMax) dropped_.push_back(std::move(session));
  has_dropped_ = true;
}

namespace {

Task<> remove_all(std::shared_ptr<Upstream::Impl> impl, std::vector<SessionPtr> sessions) {
  for (const SessionPtr& session : sessions) co_await impl->remove(session, {});
}

}  // namespace

Task<> Upstream::Impl::bury(std::shared_ptr<Impl> self) {
  if (!self->has_dropped_.exchange(false)) co_return;
  std::vector<SessionPtr> dropped;
  {
    const std::lock_guard lock(self->mutex_);
    dropped.swap(self->dropped_);
  }
  co_await net::spawn(remove_all(self, std::move(dropped)));
}

Transfer::Limits Upstream::Impl::limits(std::chrono::milliseconds head) const {
  return {.timeouts = {.head = head, .idle = std::min(options_.idle_timeout, std::max(head, options_.connect_timeout))},
          .message_bytes_max = options_.message_bytes_max};
}

http::Request Upstream::Impl::post(const Session& session, const Message& message, const http::Headers& headers) const {
  http::Request request{.method = "POST", .headers = headers, .body = print(message)};
  request.headers.add("Content-Type", "application/json");
  request.headers.add("Accept", "application/json, text/event-stream");
  const bool handshake = message.method == "initialize";
  if (!handshake) request.headers.add("MCP-Protocol-Version", std::string(name(session.version)));
  if (!session.id.empty()) request.headers.add("Mcp-Session-Id", session.id);
  if (!is_stateless(session.version) || message.method.empty()) return request;
  request.headers.add("Mcp-Method", encode_header_value(message.method));
  const std::string_view member = name_member(message.method);
  if (member.empty()) return request;
  request.headers.add("Mcp-Name", encode_header_value(message.params.find_string(member).value_or("")));
  return request;
}

/// Parameters as the session's version wants them: who we are in `_meta`, or nothing of that.
json::Value Upstream::Impl::stamped(const Session& session, json::Value params, const json::Value& capabilities) const {
  params = object_or_empty(std::move(params));
  json::Value meta = object_or_empty(take_member(params, "_meta"));
  const bool stateless = is_stateless(session.version);
  for (const std::string_view key : {kVersionMeta, kClientInfoMeta, kClientCapabilitiesMeta}) take_member(meta, key);
  if (!stateless) take_member(meta, kLogLevelMeta);
  if (stateless) {
    meta.set(std::string(kVersionMeta), json::Value::string(std::string(name(session.version))));
    if (options_.client_info.is_object()) meta.set(std::string(kClientInfoMeta), options_.client_info);
    meta.set(std::string(kClientCapabilitiesMeta), object_or_empty(capabilities));
  }
  if (!meta.members().empty()) params.set("_meta", std::move(meta));
  return params;
}

Task<Result<SessionPtr>> Upstream::Impl::ensure(Wanted wanted) {
  if (SessionPtr known = find(wanted.key)) co_return known;
  SessionPtr made;
  if (wanted.prefers_handshake && handshakes_) {
    Result<SessionPtr> shaken = co_await shake_hands(wanted.capabilities, wanted.headers);
    // What refuses a handshake may still answer in the newer manner; what cannot be reached will not.
    const bool refused = !shaken && shaken.error().code == ErrorCode::kValidation;
    if (!shaken && !(refused && stateless_)) co_return shaken;
    if (shaken) made = std::move(*shaken);
  }
  const bool probed = made == nullptr && stateless_;
  if (probed) made = CO_TRY(co_await probe(wanted.capabilities, wanted.headers));
  if (made == nullptr) {
    made = CO_TRY(co_await shake_hands(wanted.capabilities, wanted.headers));
    // A probe may fail for many reasons; only a handshake shows that it was the manner.
    if (probed) stateless_ = false;
  }
  SessionPtr kept = keep(wanted.key, made);
  if (kept != made) co_await remove(made, std::move(wanted.headers));
  co_return kept;
}

/// Asks in the newest manner. nullptr: the server knows only handshakes.
Task<Result<SessionPtr>> Upstream::Impl::probe(json::Value capabilities, http::Headers headers) {
  const Session guess{.version = Version::k2026_07_28};
  const Message ask = request(Id(next_id_++), "server/discover", stamped(guess, json::Value::object(), capabilities));
  const auto transfer =
      CO_TRY(co_await Transfer::begin(carrier_, post(guess, ask, headers), limits(options_.connect_timeout), nullptr));
  std::optional<Message> answer;
  if (transfer->status() != 401 && transfer->status() != 403) {
    Result<std::optional<Message>> message = co_await transfer->next();
    if (message) answer = std::move(*message);
  }
  co_return discovered(transfer->status(), answer);
}

Result<SessionPtr> Upstream::Impl::discovered(int status, const std::optional<Message>& answer) {
  if (status == 401 || status == 403 || (status >= 300 && status < 400)) return fail(http_failure(status));
  const json::Value* versions = nullptr;
  if (answer && answer->kind == Message::Kind::kResult) versions = answer->result.find("supportedVersions");
  if (answer && is_stateless_error(*answer)) versions = answer->error.data.find("supported");
  const bool known = versions != nullptr && versions->is_array();
  const bool stateless = known && std::ranges::any_of(versions->items(), [&](const json::Value& version) {
                           return version.is_string() && version.as_string() == name(Version::k2026_07_28);
                         });
  if (!stateless) return nullptr;
  auto session = std::make_shared<Session>();
  session->version = Version::k2026_07_28;
  if (answer->kind != Message::Kind::kResult) return session;
  if (const json::Value* found = answer->result.find("capabilities")) session->capabilities = *found;
  const json::Value* meta = answer->result.find("_meta");
  const json::Value* info = meta == nullptr ? nullptr : meta->find(kServerInfoMeta);
  if (info != nullptr) session->server_info = *info;
  session->instructions = answer->result.find_string("instructions").value_or("");
  return session;
}

Task<Result<SessionPtr>> Upstream::Impl::shake_hands(json::Value capabilities, http::Headers headers) {
  Session ours;
  for (const Version version : options_.versions) {
    if (!is_stateless(version)) ours.version = version;
  }
  json::Value params = json::Value::object();
  params.set("protocolVersion", json::Value::string(std::string(name(ours.version))));
  params.set("capabilities", object_or_empty(std::move(capabilities)));
  params.set("clientInfo", object_or_empty(options_.client_info));
  const Message ask = request(Id(next_id_++), "initialize", std::move(params));
  auto transfer =
      CO_TRY(co_await Transfer::begin(carrier_, post(ours, ask, headers), limits(options_.connect_timeout), nullptr));
  std::optional<Message> answer;
  do {
    answer = CO_TRY(co_await transfer->next());
  } while (answer && !answer->is_answer());
  if (!answer)
    co_return fail(transfer->status() >= 300 ? http_failure(transfer->status())
                                             : unavailable("the MCP server did not answer initialize"));
  SessionPtr session = CO_TRY(shaken(*answer, transfer->headers()));
  co_await Transfer::finish(std::move(transfer));
  CO_TRY(co_await send(session, notification("notifications/initialized", {}), std::move(headers)));
  co_return session;
}

Result<SessionPtr> Upstream::Impl::shaken(const Message& answer, const http::Headers& headers) const {
  if (answer.kind == Message::Kind::kError)
    return fail(validation_error("the MCP server refused initialize: " + answer.error.message));
  const std::string said = answer.result.find_string("protocolVersion").value_or("");
  const std::optional<Version> version = version_named(said);
  if (!version || is_stateless(*version) || !speaks(*version))
    return fail(validation_error("the MCP server speaks version `" + said + "`, which is not supported"));
  auto session = std::make_shared<Session>();
  session->version = *version;
  session->id = headers.get("mcp-session-id").value_or("");
  const bool visible = std::ranges::all_of(session->id, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!visible || session->id.size() > kSessionIdBytesMax)
    return fail(unavailable("the MCP server's session id is malformed"));
  if (const json::Value* found = answer.result.find("serverInfo")) session->server_info = *found;
  if (const json::Value* found = answer.result.find("capabilities")) session->capabilities = *found;
  session->instructions = answer.result.find_string("instructions").value_or("");
  return session;
}

Task<Result<>> Upstream::Impl::send(SessionPtr session, Message message, http::Headers headers) {
  auto transfer =
      CO_TRY(co_await Transfer::begin(carrier_, post(*session, message, headers), limits(kNoticeTimeout), nullptr));
  const int status = transfer->status();
  co_await Transfer::finish(std::move(transfer));
  if (status >= 300) co_return fail(http_failure(status));
  co_return Result<>{};
}

Task<> Upstream::Impl::remove(SessionPtr session, http::Headers headers) {
  if (session == nullptr || session->id.empty()) co_return;
  http::Request request{.method = "DELETE", .headers = std::move(headers)};
  request.headers.add("MCP-Protocol-Version", std::string(name(session->version)));
  request.headers.add("Mcp-Session-Id", session->id);
  auto transfer = co_await Transfer::begin(carrier_, std::move(request), limits(kNoticeTimeout), nullptr);
  // Servers may keep their sessions (405), or have lost this one: either way it is over for us.
  if (transfer) co_await Transfer::finish(std::move(*transfer));
}

Task<Result<Outcome>> Upstream::Impl::call(Call call) {
  if (call.takes_input_required) {
    Call once = std::move(call);
    co_return co_await rounds(once);
  }
  Result<Outcome> outcome = co_await rounds(call);
  for (int round = 0; round < kRoundsMax && outcome && *outcome; ++round) {
    if ((*outcome)->find_string("resultType") != "input_required") co_return outcome;
    const json::Value* requests = (*outcome)->find("inputRequests");
    const json::Value* state = (*outcome)->find("requestState");
    auto responses = CO_TRY(co_await gather(call, requests == nullptr ? json::Value::object() : *requests));
    if (!responses) co_return Outcome(std::unexpected(std::move(responses).error()));
    call.params = object_or_empty(std::move(call.params));
    take_member(call.params, "requestState");
    set_member(call.params, "inputResponses", std::move(*responses));
    if (state != nullptr) set_member(call.params, "requestState", *state);
    outcome = co_await rounds(call);
  }
  co_return outcome;
}

/// The answers to what a stateless server asks before it goes on.
Task<Result<Outcome>> Upstream::Impl::gather(const Call& call, const json::Value& requests) {
  json::Value responses = json::Value::object();
  if (!requests.is_object()) co_return fail(unavailable("the MCP server's answer is broken: inputRequests"));
  for (const auto& [key, value] : requests.members()) {
    const json::Value* params = value.find("params");
    Message ask =
        request(Id(key), value.find_string("method").value_or(""), params == nullptr ? json::Value() : *params);
    if (!call.on_request) co_return Outcome(std::unexpected(method_not_found(ask.method)));
    Outcome answer = co_await call.on_request(std::move(ask));
    if (!answer) co_return answer;
    responses.set(key, std::move(*answer));
  }
  co_return Outcome(std::move(responses));
}

/// The call, made again once where the server has forgotten the session, or turns out to be of the other era.
Task<Result<Outcome>> Upstream::Impl::rounds(Call& call) {
  for (int round = 0; round < 2; ++round) {
    const SessionPtr session = CO_TRY(co_await ensure({.key = call.session_key,
                                                       .capabilities = call.client_capabilities,
                                                       .headers = call.headers,
                                                       .prefers_handshake = call.prefers_handshake}));
    Attempt tried = co_await attempt(session, call, call.params);
    if (tried.outcome) co_return std::move(*tried.outcome);
    forget(call.session_key, session.get());
  }
  co_return fail(unavailable("the MCP server forgets its sessions"));
}

Task<Upstream::Impl::Attempt> Upstream::Impl::attempt(SessionPtr session, const Call& call, const json::Value& params) {
  const Id id(next_id_++);
  json::Value sent = stamped(*session, params, call.client_capabilities);
  json::Value meta = take_member(sent, "_meta");
  Running running{.call = call, .session = session, .id = id, .end = Clock::now() + call.timeout};
  if (meta.is_object()) {
    running.token = take_member(meta, "progressToken");
    if (!running.token.is_null()) meta.set("progressToken", id.value());
    if (!meta.members().empty()) sent.set("_meta", std::move(meta));
  }
  const Message ask = request(id, call.method, sent.members().empty() ? json::Value() : std::move(sent));
  auto transfer =
      co_await Transfer::begin(carrier_, post(*session, ask, call.headers), limits(call.timeout), call.handle);
  Result<std::optional<Message>> answer = std::nullopt;
  if (transfer) {
    running.transfer = std::move(*transfer);
    answer = co_await follow(running);
  } else {
    answer = fail(transfer.error());
  }
  if (!answer && answer.error().reason == kCancelled && !is_stateless(session->version)) {
    json::Value params_of = json::Value::object();
    params_of.set("requestId", id.value());
    // It may have ended meanwhile, or never hear of it: nobody waits for the outcome.
    (void)co_await send(session, notification("notifications/cancelled", std::move(params_of)), call.headers);
  }
  if (!answer) co_return Attempt{fail(answer.error())};
  const int status = running.transfer->status();
  if (is_session_lost(*session, status, *answer)) co_return Attempt{};
  const bool modern = *answer && (status < 300 || is_stateless_error(**answer) || status == 404);
  if (is_stateless(session->version) && status >= 400 && status < 500 && !modern && status != 401 && status != 403) {
    const bool told = *answer && (*answer)->kind == Message::Kind::kError && (*answer)->id == id;
    if (!told) {
      co_return Attempt{};
    }
  }
  co_await Transfer::finish(std::move(running.transfer));
  if (!*answer)
    co_return Attempt{
        fail(status >= 300 ? http_failure(status) : unavailable("the MCP server ended without an answer"))};
  if ((*answer)->kind == Message::Kind::kError) co_return Attempt{Outcome(std::unexpected((*answer)->error))};
  co_return Attempt{Outcome(std::move((*answer)->result))};
}

/// Reads on until the answer; nullopt: there is none.
Task<Result<std::optional<Message>>> Upstream::Impl::follow(Running& running) {
  for (;;) {
    Result<std::optional<Message>> message = co_await running.transfer->next();
    if (message && !*message && running.transfer->status() == 200) {
      if (running.transfer->last_event_id().empty() || running.resumes++ >= kResumesMax) co_return message;
      CO_TRY(co_await resume(running));
      continue;
    }
    if (!message || !*message) co_return message;
    // An error without an id can only be about the one request of this exchange.
    const bool ours = (*message)->is_answer() && ((*message)->id == running.id || !(*message)->id);
    if (ours) co_return message;
    if (Clock::now() > running.end) {
      Error late = unavailable("no answer from the MCP server in time");
      late.reason = net::kTimedOut;
      co_return fail(std::move(late));
    }
    CO_TRY(co_await take(running, std::move(**message)));
  }
}

/// A message of the server on the way to its answer.
Task<Result<>> Upstream::Impl::take(Running& running, Message message) {
  if (message.kind == Message::Kind::kNotification) {
    if (!running.call.on_notification) co_return Result<>{};
    if (message.method == "notifications/progress" && message.params.is_object()) {
      const json::Value* token = message.params.find("progressToken");
      if (token == nullptr || running.token.is_null() || Id::from(*token) != running.id) co_return Result<>{};
      set_member(message.params, "progressToken", running.token);
    }
    co_await running.call.on_notification(std::move(message));
    co_return Result<>{};
  }
  if (message.kind != Message::Kind::kRequest) co_return Result<>{};
  const Id id = *message.id;
  Message reply = error(id, method_not_found(message.method));
  if (message.method == "ping") {
    reply = result(id, json::Value::object());
  } else if (running.call.on_request) {
    Outcome said = co_await running.call.on_request(std::move(message));
    reply = said ? result(id, object_or_empty(std::move(*said))) : error(id, std::move(said).error());
  }
  co_return co_await send(running.session, std::move(reply), running.call.headers);
}

/// Takes a stream up again where the server cut it (2025-11-25, "Resumability").
Task<Result<>> Upstream::Impl::resume(Running& running) {
  http::Request get{.method = "GET", .headers = running.call.headers};
  get.headers.add("Accept", "text/event-stream");
  get.headers.add("MCP-Protocol-Version", std::string(name(running.session->version)));
  if (!running.session->id.empty()) get.headers.add("Mcp-Session-Id", running.session->id);
  get.headers.add("Last-Event-ID", running.transfer->last_event_id());
  running.transfer =
      CO_TRY(co_await Transfer::begin(carrier_, std::move(get), limits(running.call.timeout), running.call.handle));
  if (running.transfer->status() != 200) co_return fail(unavailable("the MCP server ended without an answer"));
  co_return Result<>{};
}

Task<Result<std::unique_ptr<net::ResponseStream>>> ClientCarrier::open(http::Request request,
                                                                       net::StreamTimeouts timeouts) {
  std::string url = url_;
  if (authorize_) CO_TRY(co_await authorize_(url, request));
  co_return co_await client_.open(std::move(url), std::move(request), timeouts);
}

Upstream::Upstream(std::shared_ptr<Carrier> carrier, UpstreamOptions options)
    : impl_(std::make_shared<Impl>(std::move(carrier), std::move(options))) {}
Upstream::~Upstream() = default;

Task<Result<Outcome>> Upstream::call(Call call) {
  const std::shared_ptr<Impl> impl = impl_;
  co_await Impl::bury(impl);
  co_return co_await impl->call(std::move(call));
}

Task<Result<SessionPtr>> Upstream::session(std::string session_key, json::Value client_capabilities,
                                           http::Headers headers) {
  const std::shared_ptr<Impl> impl = impl_;
  co_return co_await impl->ensure(
      {.key = std::move(session_key), .capabilities = std::move(client_capabilities), .headers = std::move(headers)});
}

Task<> Upstream::end(std::string session_key) {
  const std::shared_ptr<Impl> impl = impl_;
  co_await impl->remove(impl->forget(session_key, nullptr), {});
}

void Upstream::drop(const std::string& session_key) { impl_->drop(session_key); }

Task<Result<>> Upstream::notify(std::string session_key, Message message) {
  const std::shared_ptr<Impl> impl = impl_;
  const SessionPtr session = impl->find(session_key);
  if (session == nullptr) co_return Result<>{};
  co_return co_await impl->send(session, std::move(message), {});
}

Task<Result<std::vector<json::Value>>> Upstream::list(Listing what, std::string session_key,
                                                      json::Value client_capabilities, http::Headers headers) {
  struct Words {
    std::string_view method, member, capability;
  };
  constexpr std::array<Words, 4> kWords = {{{"tools/list", "tools", "tools"},
                                            {"prompts/list", "prompts", "prompts"},
                                            {"resources/list", "resources", "resources"},
                                            {"resources/templates/list", "resourceTemplates", "resources"}}};
  const Words words = kWords.at(static_cast<std::size_t>(what));
  const std::shared_ptr<Impl> impl = impl_;
  const SessionPtr session =
      CO_TRY(co_await impl->ensure({.key = session_key, .capabilities = client_capabilities, .headers = headers}));
  std::vector<json::Value> items;
  if (session->capabilities.is_object() && session->capabilities.find(words.capability) == nullptr) co_return items;
  std::string cursor;
  std::size_t bytes = 0;
  for (std::size_t page = 0; page < kPagesMax; ++page) {
    Call call{.session_key = session_key,
              .client_capabilities = client_capabilities,
              .method = std::string(words.method),
              .headers = headers};
    call.timeout = std::chrono::seconds(60);
    if (!cursor.empty()) call.params = json::Value::object().set("cursor", json::Value::string(cursor));
    Outcome outcome = CO_TRY(co_await impl->call(std::move(call)));
    if (!outcome && outcome.error().code == rpc::kMethodNotFound) co_return items;
    if (!outcome)
      co_return fail(
          unavailable("the MCP server refused " + std::string(words.method) + ": " + outcome.error().message));
    bytes += outcome->dump().size();
    for (auto& [name, value] : outcome->members()) {
      if (name != words.member || !value.is_array()) continue;
      for (json::Value& item : value.items()) items.push_back(std::move(item));
    }
    if (items.size() > kItemsMax || bytes > kListingBytesMax) break;
    cursor = outcome->find_string("nextCursor").value_or("");
    if (cursor.empty()) co_return items;
  }
  co_return fail({.code = ErrorCode::kTooLarge, .message = "the MCP server lists too much"});
}

}  // namespace warifu::mcp
