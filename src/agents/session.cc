#include "agents/session.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "agents/held_stream.h"
#include "json/value.h"
#include "net/upgrade_client.h"

namespace warifu::agents {
namespace {

/// How long between two questions for health while an agent starts: soon at first.
constexpr std::chrono::milliseconds kFirstPause{2};
constexpr std::chrono::milliseconds kLongestPause{25};
constexpr std::chrono::milliseconds kPingTimeout{2'000};
/// A connection that broke tells of its process' end a little later.
constexpr std::chrono::milliseconds kExitFollows{1'000};
constexpr std::chrono::milliseconds kUpgradeTimeout{30'000};

/// Fields of one connection, not of the message (RFC 9110 §7.6.1).
constexpr auto kHopByHop = std::to_array<std::string_view>(
    {"Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "TE", "Trailer", "Upgrade"});

bool is_hop_by_hop(std::string_view name) {
  return std::ranges::any_of(kHopByHop, [&](std::string_view one) { return iequals(one, name); });
}

/// `2026/07/04/[runtime-logs]` and something of its own.
std::string stream_name(const Clock& clock, Random& random) {
  std::string day = iso8601(clock.now()).substr(0, 10);
  std::ranges::replace(day, '-', '/');
  return day + "/[runtime-logs]" + random.uuid();
}

MetadataSubject subject_of(const AgentVersion& agent) {
  return {.role_name = agent.role_arn.substr(agent.role_arn.rfind('/') + 1),
          .role_arn = agent.role_arn,
          .region = agent.region,
          .account = agent.account,
          .instance_id = {}};
}

Error agents_own(std::string_view reason, std::string message) {
  Error error = unavailable(std::move(message));
  error.reason = reason;
  return error;
}

Error stopped_error() {
  Error error = conflict("the session was stopped");
  error.reason = kSessionStopped;
  return error;
}

/// An answer's body as the agent makes it.
class AnswerBody final : public http::BodyStream {
 public:
  AnswerBody(std::unique_ptr<net::ResponseStream> stream, Lease lease, Session::Steady::time_point end)
      : stream_(std::move(stream)), lease_(std::move(lease)), end_(end) {}

  Task<Result<std::optional<std::string>>> next() override {
    if (Session::Steady::now() > end_) co_return fail(agents_own(kNoAnswer, "the agent's answer takes too long"));
    co_return co_await stream_->next();
  }
  void cancel() override { stream_->cancel(); }

 private:
  std::unique_ptr<net::ResponseStream> stream_;
  Lease lease_;
  const Session::Steady::time_point end_;
};

}  // namespace

Lease::Lease(std::shared_ptr<Session> session) : session_(std::move(session)) {
  const std::lock_guard lock(session_->mutex_);
  ++session_->active_;
}

Lease::~Lease() {
  if (!session_) return;
  const std::lock_guard lock(session_->mutex_);
  --session_->active_;
  session_->last_active_ = session_->context_.clock.now();
}

Session::Session(const SessionContext& context, std::shared_ptr<const AgentVersion> agent, std::uint64_t number,
                 std::string session_id)
    : context_(context),
      agent_(std::move(agent)),
      number_(number),
      log_(stream_name(context.clock, context.random), agent_->log, context.clock),
      session_id_(std::move(session_id)),
      begun_(context.clock.now()),
      last_active_(begun_),
      next_ping_(begun_) {}

Session::~Session() = default;

bool Session::assign(const std::string& session_id) {
  const std::lock_guard lock(mutex_);
  if (stopped_ || exit_ || !session_id_.empty()) return false;
  session_id_ = session_id;
  begun_ = last_active_ = context_.clock.now();
  return true;
}

// Starting.
Task<> Session::start(std::shared_ptr<Session> after) {
  const std::shared_ptr<Session> self = shared_from_this();
  if (after) co_await after->ended();
  Result<> launched = co_await launch();
  {
    const std::lock_guard lock(mutex_);
    if (!launched && stopped_) launched = fail(stopped_error());
    if (!launched) failure_ = launched.error();
    healthy_ = launched.has_value();
    last_active_ = context_.clock.now();
  }
  if (!launched) {
    log_.line("the session did not start: " + launched.error().message);
    stop();
  }
  started_.open();
  if (launched) co_await context_.bytecode.make(agent_, choice_);
}

void Session::abandon() {
  {
    const std::lock_guard lock(mutex_);
    if (!started_.is_open()) failure_ = unavailable("the server stops");
  }
  started_.open();
}

Task<Result<>> Session::ready() {
  co_await started_.wait();
  const std::lock_guard lock(mutex_);
  if (failure_) co_return fail(*failure_);
  co_return Result<>{};
}

Task<Result<>> Session::launch() {
  struct Prepared {
    Result<sandbox::RuntimeChoice> choice;
    Result<std::vector<std::string>> storage;
    std::string code;
  };
  std::string id;
  {
    const std::lock_guard lock(mutex_);
    id = session_id_;
  }
  Prepared prepared = co_await on(context_.workers, [c = &context_, agent = agent_, id] {
    return Prepared{.choice = c->interpreters.choose(interpreter_of(agent->runtime)),
                    .storage = open_storage(*agent, id, c->options.storage_folder),
                    .code = c->bytecode.folder_of(*agent)};
  });
  choice_ = CO_TRY(std::move(prepared.choice));
  const std::vector<std::string> storage = CO_TRY(std::move(prepared.storage));
  if (!choice_.note.empty()) log_.line(choice_.note);
  std::shared_ptr<sandbox::Sandbox> opened = CO_TRY(co_await context_.driver.open(
      sandbox_spec(*agent_, choice_, context_.options, context_.url, prepared.code, storage)));
  {
    const std::lock_guard lock(mutex_);
    sandbox_ = opened;
    if (stopped_) {
      opened->stop();
      co_return fail(unavailable("the session was stopped"));
    }
  }
  CO_TRY(co_await open_sockets());
  sandbox::Program program = agent_program(*agent_, choice_, context_.options);
  const std::weak_ptr<Session> weak = weak_from_this();
  program.on_output = [weak](int stream, std::string_view bytes) {
    if (const auto self = weak.lock()) self->log_.text(stream, bytes);
  };
  CO_TRY(co_await sandbox_->start(std::move(program), [weak](const sandbox::Exit& exit) {
    if (const auto self = weak.lock()) self->on_exit(exit);
  }));
  co_return co_await become_healthy();
}

Task<Result<>> Session::open_sockets() {
  const std::weak_ptr<Session> weak = weak_from_this();
  CredentialsSource source = [weak] { return credentials(weak); };
  metadata_.emplace(subject_of(*agent_), std::move(source), context_.clock, context_.random);
  UniqueFd listening = CO_TRY(co_await sandbox_->listen(kMetadataHost, kMetadataPort));
  net::Handler handler = [weak](http::Request request) { return serve_metadata(weak, std::move(request)); };
  auto attached = CO_TRY(
      context_.inner.attach(std::move(listening), {.handler = std::move(handler), .body_bytes_max = 64UL * 1024}));
  std::unique_ptr<net::Attachment> open, out;
  if (context_.options.serve) {
    UniqueFd server = CO_TRY(co_await sandbox_->listen(context_.url.address, context_.url.port));
    open = CO_TRY(context_.options.serve(std::move(server)));
  }
  if (context_.proxy != nullptr) {
    UniqueFd proxy = CO_TRY(co_await sandbox_->listen(kProxyHost, kProxyPort));
    out = CO_TRY(context_.proxy->attach(std::move(proxy)));
  }
  const std::lock_guard lock(mutex_);
  if (stopped_) co_return fail(unavailable("the session was stopped"));
  attached_.push_back(std::move(attached));
  if (open) attached_.push_back(std::move(open));
  if (out) attached_.push_back(std::move(out));
  co_return Result<>{};
}

Task<Result<>> Session::become_healthy() {
  const Steady::time_point late = Steady::now() + context_.options.init_timeout;
  for (auto pause = kFirstPause; Steady::now() < late; pause = std::min(pause * 3 / 2, kLongestPause)) {
    const Health health = co_await ping();
    if (health != Health::kNone) co_return Result<>{};
    if (co_await exited_.wait(pause)) co_return fail(exited("while it started"));
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(context_.options.init_timeout).count();
  std::string message = "the agent did not answer GET /ping on port " + std::to_string(port_of(agent_->protocol)) +
                        " with 200 within " + std::to_string(seconds) + " s";
  if (const std::string words = log_.last_words(); !words.empty()) message += "; its last lines:\n" + words;
  co_return fail(agents_own(kNotHealthy, std::move(message)));
}

// Health and end.
Task<Session::Health> Session::ping() {
  Request request{.method = "GET"};
  prepare(request);
  http::Request asked{.method = "GET", .target = {}, .headers = std::move(request.headers), .body = {}};
  const Result<http::Response> answer = co_await context_.client.fetch(url("/ping"), std::move(asked), kPingTimeout);
  if (!answer) co_return Health::kNone;
  if (agent_->protocol == Protocol::kMcp) {
    // Servers of MCP need no /ping: any answer says that they are there.
    if (answer->status != 200) co_return Health::kHealthy;
  }
  if (answer->status != 200) co_return Health::kNone;
  const Result<json::Value> body = json::parse(answer->body);
  const json::Value* status = body ? body->find("status") : nullptr;
  const bool busy = status != nullptr && status->is_string() && status->as_string() == "HealthyBusy";
  co_return busy ? Health::kBusy : Health::kHealthy;
}

Task<> Session::ping_and_judge() {
  const std::shared_ptr<Session> self = shared_from_this();
  const Health health = co_await ping();
  const Timestamp now = context_.clock.now();
  bool idle = false;
  {
    const std::lock_guard lock(mutex_);
    pinging_ = false;
    next_ping_ = {now.ms + context_.options.ping_every.count()};
    if (health == Health::kBusy) last_active_ = now;
    idle = active_ == 0 && now >= last_active_.plus_seconds(agent_->idle_timeout.count());
  }
  if (idle) stop();
}

void Session::look(const std::function<void(std::function<Task<>()>)>& spawn) {
  log_.tick();
  if (!started_.is_open() || over()) return;
  const Timestamp now = context_.clock.now();
  bool too_old = false;
  {
    const std::lock_guard lock(mutex_);
    if (session_id_.empty()) return;
    too_old = now >= begun_.plus_seconds(agent_->lifetime_max.count());
    const bool expired = now >= last_active_.plus_seconds(agent_->idle_timeout.count());
    if (!too_old && (active_ > 0 || pinging_ || (now < next_ping_ && !expired))) return;
    pinging_ = true;
  }
  if (too_old) return stop();
  spawn([self = shared_from_this()] { return self->ping_and_judge(); });
}

void Session::on_exit(const sandbox::Exit& exit) {
  {
    const std::lock_guard lock(mutex_);
    exit_ = exit;
    by_itself_ = !stopped_;
  }
  log_.flush();
  exited_.open();
}

Error Session::exited(std::string_view phase) const {
  std::string how;
  {
    const std::lock_guard lock(mutex_);
    if (!exit_ || (!by_itself_ && !exit_->out_of_memory)) {
      return stopped_error();
    }
    how = exit_->out_of_memory ? "out of memory" : exit_->str();
  }
  std::string message = "the agent's process ended " + std::string(phase) + " (" + how + ")";
  if (const std::string words = log_.last_words(); !words.empty()) message += "; its last lines:\n" + words;
  return agents_own(kAgentExited, std::move(message));
}

bool Session::failed() const {
  const std::lock_guard lock(mutex_);
  return failure_.has_value();
}

bool Session::over() const {
  const std::lock_guard lock(mutex_);
  return stopped_ || exit_.has_value();
}

void Session::stop() {
  std::vector<std::unique_ptr<net::Attachment>> attached;
  std::shared_ptr<sandbox::Sandbox> sandbox;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
    sandbox = sandbox_;
    attached = std::exchange(attached_, {});
  }
  log_.flush();
  if (sandbox) sandbox->stop();
}

Task<> Session::ended() {
  const std::shared_ptr<Session> self = shared_from_this();
  co_await started_.wait();
  // A program that ended by itself leaves its sandbox behind.
  stop();
  if (sandbox_) co_await sandbox_->ended();
  gone_.store(true);
}

SessionInfo Session::info() const {
  const bool ready = started_.is_open();
  const std::lock_guard lock(mutex_);
  const bool ending = stopped_ || exit_;
  return {.key = {.runtime_arn = agent_->arn, .endpoint = agent_->endpoint, .session_id = session_id_},
          .version = agent_->version,
          .state = ending        ? "stopping"
                   : !ready      ? "starting"
                   : active_ > 0 ? "active"
                                 : "idle",
          .started = begun_,
          .last_active = last_active_,
          .requests = active_,
          .memory_peak_bytes = sandbox_ ? sandbox_->memory_peak_bytes() : 0,
          .log_stream = log_.stream()};
}

// Instance metadata.
Task<http::Response> Session::serve_metadata(std::weak_ptr<Session> weak, http::Request request) {
  const std::shared_ptr<Session> self = weak.lock();
  if (!self) co_return http::Response{.status = 404};
  co_return co_await self->metadata_->serve(std::move(request));
}

Task<Result<Credentials>> Session::credentials(std::weak_ptr<Session> weak) {
  const std::shared_ptr<Session> self = weak.lock();
  if (!self || !self->agent_->credentials) co_return fail(unavailable("there are no credentials"));
  {
    const std::lock_guard lock(self->mutex_);
    if (self->session_id_.empty()) co_return fail(unavailable("nobody has this session yet"));
  }
  co_return co_await self->agent_->credentials();
}

// Requests.
std::string Session::url(std::string_view target) const {
  return "http://s" + std::to_string(number_) + ".session:" + std::to_string(port_of(agent_->protocol)) +
         std::string(target);
}

void Session::prepare(Request& request) const {
  std::erase_if(request.headers.fields(), [](const http::Headers::Field& field) {
    return is_hop_by_hop(field.first) || iequals(field.first, "Host") || iequals(field.first, "Content-Length") ||
           iequals(field.first, "Expect");
  });
  // Servers that guard against rebinding of names take this one.
  request.headers.add("Host", "localhost:" + std::to_string(port_of(agent_->protocol)));
}

Task<Result<UniqueFd>> Session::dial(std::uint16_t port) {
  std::shared_ptr<sandbox::Sandbox> sandbox;
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_ && !exit_) sandbox = sandbox_;
  }
  if (!sandbox) co_return fail(unavailable("the session has ended"));
  co_return co_await sandbox->connect("127.0.0.1", port);
}

Task<Error> Session::why(Error error) {
  if (error.reason == net::kTimedOut) {
    co_return agents_own(kNoAnswer, "the agent did not answer in time");
  }
  if (co_await exited_.wait(kExitFollows)) co_return exited("before it answered");
  co_return agents_own(kBrokenAnswer, "the agent broke off: " + error.message);
}

Task<Result<Answer>> Session::invoke(Request request) {
  const std::shared_ptr<Session> self = shared_from_this();
  Lease lease(self);
  prepare(request);
  const Steady::time_point end = Steady::now() + context_.options.stream_timeout;
  http::Request sent{.method = std::move(request.method),
                     .target = {},
                     .headers = std::move(request.headers),
                     .body = std::move(request.body)};
  const net::StreamTimeouts timeouts{.head = context_.options.request_timeout,
                                     .idle = context_.options.request_timeout};
  auto stream = co_await context_.client.open(url(request.target), std::move(sent), timeouts);
  if (!stream) co_return fail(co_await why(std::move(stream).error()));
  Answer out{.status = (*stream)->head().status, .headers = {}, .body = nullptr};
  for (const auto& [name, value] : (*stream)->head().headers.fields()) {
    if (!is_hop_by_hop(name)) out.headers.add(name, value);
  }
  out.body = std::make_unique<AnswerBody>(std::move(*stream), std::move(lease), end);
  co_return out;
}

Task<Result<Upgraded>> Session::upgrade(Request request) {
  const std::shared_ptr<Session> self = shared_from_this();
  Lease lease(self);
  const std::uint16_t port = port_of(agent_->protocol);
  UniqueFd fd = CO_TRY(co_await dial(port));
  Result<std::unique_ptr<net::ByteStream>> stream = co_await net::adopt(std::move(fd), kUpgradeTimeout);
  if (!stream) co_return fail(co_await why(std::move(stream).error()));
  const std::string protocol(request.headers.get("Upgrade").value_or("websocket"));
  prepare(request);
  request.headers.add("Upgrade", protocol);
  http::Request asked{.method = "GET", .target = std::move(request.target), .headers = std::move(request.headers)};
  Result<net::UpgradeAnswer> answer =
      co_await net::request_upgrade(std::move(*stream), std::move(asked), kUpgradeTimeout);
  if (!answer && answer.error().code == ErrorCode::kValidation) co_return fail(std::move(answer).error());
  if (!answer) co_return fail(co_await why(std::move(answer).error()));
  Upgraded out{.head = std::move(answer->head), .stream = nullptr, .first = std::move(answer->first)};
  if (answer->stream) out.stream = std::make_unique<HeldStream>(std::move(answer->stream), std::move(lease));
  co_return out;
}

Task<Result<std::unique_ptr<Command>>> Session::command(std::string script, std::chrono::seconds timeout) {
  const std::shared_ptr<Session> self = shared_from_this();
  std::error_code ignored;
  const bool bash = std::filesystem::exists("/bin/bash", ignored);
  sandbox::Program program{.argv = {bash ? "/bin/bash" : "/bin/sh", "-c", std::move(script)},
                           .env = environment_of(*agent_, choice_, context_.options),
                           .cwd = "/var/task"};
  co_return co_await run_command(sandbox_, std::move(program), timeout, Lease(self));
}

}  // namespace warifu::agents
