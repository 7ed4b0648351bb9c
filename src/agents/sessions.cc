#include "agents/sessions.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "agents/launch.h"
#include "agents/session.h"
#include "base/hop.h"
#include "net/beside.h"
#include "net/client.h"
#include "net/event.h"
#include "sandbox/interpreters.h"

namespace warifu::agents {
namespace {

constexpr std::chrono::milliseconds kLookEvery{100};
/// How often a request looks for a session that lives: one may end between two looks.
constexpr int kTriesMax = 3;
/// Servers close connections that are quiet for a few seconds; ours go before.
constexpr std::chrono::milliseconds kPoolIdle{2'000};
constexpr std::size_t kPoolMax = 4096;
constexpr std::size_t kWorkers = 2;
/// How long no warm session is started after one that ended by itself.
constexpr std::chrono::milliseconds kWarmPause{10'000};

net::ServerOptions inner_options() { return {.listen = {}, .threads = 1}; }

Task<http::Response> nothing_here(http::Request) { co_return http::Response{.status = 404}; }

/// The number in `s<number>.session`.
std::uint64_t number_of(std::string_view host) {
  std::uint64_t out = 0;
  if (host.starts_with('s')) std::from_chars(host.data() + 1, host.data() + host.size(), out);
  return out;
}

std::function<bool(const net::IpAddress&)> allowed_by(const SessionsOptions& options) {
  return [policy = options.destinations](const net::IpAddress& address) { return policy.allows(address); };
}

Task<> forget_beside(Workers& workers, std::string runtime_arn, std::optional<std::string> endpoint,
                     std::string folder) {
  co_await on(workers, [runtime_arn, endpoint, folder] {
    forget_storage(runtime_arn, endpoint, folder);
    return true;
  });
}

using SessionPtr = std::shared_ptr<Session>;

}  // namespace

/// What is made when the first session is: threads, servers, clients.
struct Works {
  std::unique_ptr<net::BackgroundLoop> loop = std::make_unique<net::BackgroundLoop>();
  net::Server inner{inner_options(), nothing_here};
  Workers workers{kWorkers};
  sandbox::Interpreters interpreters;
  Bytecode bytecode;
  net::Client client;
  std::unique_ptr<net::TunnelProxy> proxy;
  SessionContext context;

  Works(const SessionsOptions& options, sandbox::Driver& driver, const Clock& clock, Random& random, PublicUrl url,
        std::function<Task<Result<UniqueFd>>(const net::Url&)> dial)
      : bytecode(options, driver),
        client({.body_bytes_max = SIZE_MAX, .pool_max = kPoolMax, .pool_idle = kPoolIdle, .dial = std::move(dial)}),
        proxy(options.egress == Egress::kProxy ? std::make_unique<net::TunnelProxy>(allowed_by(options)) : nullptr),
        context{.options = options,
                .driver = driver,
                .clock = clock,
                .random = random,
                .url = std::move(url),
                .inner = inner,
                .proxy = proxy.get(),
                .client = client,
                .interpreters = interpreters,
                .workers = workers,
                .bytecode = bytecode} {}
};

class Sessions::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(SessionsOptions options, sandbox::Driver& driver, const Clock& clock, Random& random)
      : options_(std::move(options)), driver_(driver), clock_(clock), random_(random) {}

  Task<Result<SessionPtr>> obtain(std::shared_ptr<const AgentVersion> agent, std::string session_id);
  Task<bool> stop_session(SessionKey key);
  [[nodiscard]] std::vector<SessionInfo> list() const;
  [[nodiscard]] std::optional<std::string> tail(const SessionKey& key) const;
  void keep_warm(std::shared_ptr<const AgentVersion> agent);
  void retire(const std::string& runtime_arn, const std::optional<std::string>& endpoint, bool forget);
  void stop();

 private:
  struct Warm {
    std::shared_ptr<const AgentVersion> agent;
    std::vector<SessionPtr> ready;
    bool failing = false;  // one did not come up: no more are tried until a new version is given
    Timestamp not_before;  // after one ended by itself
  };
  using WarmKey = std::pair<std::string, std::string>;

  Result<> open_works();                                                                                // under mutex_
  SessionPtr make(const std::shared_ptr<const AgentVersion>& agent, std::string id, SessionPtr after);  // under mutex_
  SessionPtr take_warm(const AgentVersion& agent, const std::string& id);                               // under mutex_
  void top_up(std::vector<SessionPtr>& old);                                                            // under mutex_
  Result<SessionPtr> find_or_make(const std::shared_ptr<const AgentVersion>& agent, const std::string& id);
  void look_on();  // under mutex_
  bool look();
  static Task<> look_after(std::weak_ptr<Impl> weak);
  static Task<Result<UniqueFd>> dial(std::weak_ptr<Impl> weak, std::uint64_t number, std::uint16_t port);
  [[nodiscard]] std::size_t count() const;  // under mutex_

  const SessionsOptions options_;
  sandbox::Driver& driver_;
  const Clock& clock_;
  Random& random_;

  mutable std::mutex mutex_;
  std::unique_ptr<Works> works_;                                       // under mutex_ until it is made
  std::map<SessionKey, SessionPtr> sessions_;                          // under mutex_
  std::map<WarmKey, Warm> warm_;                                       // under mutex_
  std::unordered_map<std::uint64_t, std::weak_ptr<Session>> numbers_;  // under mutex_
  std::uint64_t next_number_ = 1;                                      // under mutex_
  bool looking_ = false;                                               // under mutex_
  bool stopped_ = false;                                               // under mutex_
};

Result<> Sessions::Impl::open_works() {
  if (works_) return {};
  PublicUrl url = TRY(PublicUrl::of(options_.public_url));
  const std::weak_ptr<Impl> weak = weak_from_this();
  auto dial_by_url = [weak](const net::Url& to) { return dial(weak, number_of(to.host), to.port); };
  auto works = std::make_unique<Works>(options_, driver_, clock_, random_, std::move(url), std::move(dial_by_url));
  TRY(works->inner.start());
  works_ = std::move(works);
  return {};
}

Task<Result<UniqueFd>> Sessions::Impl::dial(std::weak_ptr<Impl> weak, std::uint64_t number, std::uint16_t port) {
  SessionPtr session;
  if (const auto self = weak.lock()) {
    const std::lock_guard lock(self->mutex_);
    const auto found = self->numbers_.find(number);
    if (found != self->numbers_.end()) session = found->second.lock();
  }
  if (!session) co_return fail(unavailable("the session has ended"));
  co_return co_await session->dial(port);
}

SessionPtr Sessions::Impl::make(const std::shared_ptr<const AgentVersion>& agent, std::string id, SessionPtr after) {
  const std::uint64_t number = next_number_++;
  auto session = std::make_shared<Session>(works_->context, agent, number, std::move(id));
  numbers_[number] = session;
  works_->loop->spawn([session, after = std::move(after)] { return session->start(after); });
  look_on();
  return session;
}

SessionPtr Sessions::Impl::take_warm(const AgentVersion& agent, const std::string& id) {
  if (!agent.storage_mounts.empty()) return nullptr;
  const auto found = warm_.find({agent.arn, agent.endpoint});
  if (found == warm_.end() || found->second.agent->version != agent.version) return nullptr;
  std::vector<SessionPtr>& ready = found->second.ready;
  // One that has come up before one that is coming.
  std::ranges::partition(ready, [](const SessionPtr& one) { return !one->is_ready(); });
  while (!ready.empty()) {
    SessionPtr out = std::move(ready.back());
    ready.pop_back();
    if (out->assign(id)) return out;
  }
  return nullptr;
}

std::size_t Sessions::Impl::count() const {
  std::size_t out = sessions_.size();
  for (const auto& [key, warm] : warm_) out += warm.ready.size();
  return out;
}

Result<SessionPtr> Sessions::Impl::find_or_make(const std::shared_ptr<const AgentVersion>& agent,
                                                const std::string& id) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return fail(unavailable("the server stops"));
  TRY(open_works());
  const SessionKey key{.runtime_arn = agent->arn, .endpoint = agent->endpoint, .session_id = id};
  const auto found = sessions_.find(key);
  if (found != sessions_.end() && !found->second->over()) return found->second;
  SessionPtr session = take_warm(*agent, id);
  if (!session) {
    if (found == sessions_.end() && count() >= static_cast<std::size_t>(options_.sessions_max)) {
      return fail(Error{.code = ErrorCode::kQuotaExceeded, .message = "too many sessions run on this server"});
    }
    session = make(agent, id, found == sessions_.end() ? nullptr : found->second);
  }
  sessions_[key] = session;
  return session;
}

Task<Result<SessionPtr>> Sessions::Impl::obtain(std::shared_ptr<const AgentVersion> agent, std::string session_id) {
  if (session_id.empty()) co_return fail(validation_error("a session needs an id"));
  for (int i = 0; i < kTriesMax; ++i) {
    SessionPtr session = CO_TRY(find_or_make(agent, session_id));
    const Lease lease(session);
    CO_TRY(co_await session->ready());
    if (!session->over()) co_return session;
  }
  co_return fail(unavailable("the session ends before it takes a request"));
}

// Looking after what runs: health, ends, warm ones.
void Sessions::Impl::look_on() {
  if (std::exchange(looking_, true)) return;
  works_->loop->spawn([weak = weak_from_this()] { return look_after(weak); });
}

Task<> Sessions::Impl::look_after(std::weak_ptr<Impl> weak) {
  for (;;) {
    const net::Event never;
    co_await never.wait(kLookEvery);
    const auto self = weak.lock();
    if (!self || !self->look()) co_return;
  }
}

void Sessions::Impl::top_up(std::vector<SessionPtr>& old) {
  for (auto& [key, warm] : warm_) {
    std::erase_if(warm.ready, [&](const SessionPtr& one) {
      const bool over = one->over();
      if (over) old.push_back(one);
      warm.failing = warm.failing || (over && one->failed());
      if (over) warm.not_before = {clock_.now().ms + kWarmPause.count()};
      return over;
    });
    const auto wanted = static_cast<std::size_t>(warm.failing || clock_.now() < warm.not_before ? 0 : warm.agent->warm);
    while (warm.ready.size() < wanted && count() < static_cast<std::size_t>(options_.sessions_max)) {
      warm.ready.push_back(make(warm.agent, {}, nullptr));
    }
  }
}

bool Sessions::Impl::look() {
  std::vector<SessionPtr> all, old;
  bool goes_on = true;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return false;
    for (auto it = sessions_.begin(); it != sessions_.end();) {
      if (it->second->gone()) {
        it = sessions_.erase(it);
      } else if (it->second->over()) {
        old.push_back((it++)->second);
      } else {
        all.push_back((it++)->second);
      }
    }
    top_up(old);
    std::erase_if(numbers_, [](const auto& entry) { return entry.second.expired(); });
    if (count() == 0) looking_ = false;
    goes_on = looking_;
  }
  for (const SessionPtr& session : all) {
    session->look([this](std::function<Task<>()> task) { works_->loop->spawn(std::move(task)); });
  }
  for (const SessionPtr& session : old) {
    if (session->is_ready()) works_->loop->spawn([session] { return session->ended(); });
  }
  return goes_on;
}

// Ends.
Task<bool> Sessions::Impl::stop_session(SessionKey key) {
  SessionPtr session;
  {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(key);
    if (found == sessions_.end()) co_return false;
    session = found->second;
  }
  const bool lived = !session->over();
  session->stop();
  co_await session->ended();
  co_return lived;
}

void Sessions::Impl::retire(const std::string& runtime_arn, const std::optional<std::string>& endpoint, bool forget) {
  const auto meant = [&](const std::string& arn, const std::string& name) {
    return arn == runtime_arn && (!endpoint || *endpoint == name);
  };
  std::vector<SessionPtr> old;
  bool beside = false;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, session] : sessions_) {
      if (meant(key.runtime_arn, key.endpoint)) old.push_back(session);
    }
    std::erase_if(warm_, [&](const auto& entry) {
      if (!meant(entry.first.first, entry.first.second)) return false;
      old.insert(old.end(), entry.second.ready.begin(), entry.second.ready.end());
      return true;
    });
    // Much may lie there, and the caller's event loop has other requests.
    beside = works_ && !stopped_;
    if (forget && beside) {
      works_->loop->spawn([this, runtime_arn, endpoint] {
        return forget_beside(works_->workers, runtime_arn, endpoint, options_.storage_folder);
      });
    }
  }
  for (const SessionPtr& session : old) session->stop();
  if (!forget || beside) return;
  forget_storage(runtime_arn, endpoint, options_.storage_folder);
}

void Sessions::Impl::keep_warm(std::shared_ptr<const AgentVersion> agent) {
  std::vector<SessionPtr> old;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    const WarmKey key{agent->arn, agent->endpoint};
    const auto found = warm_.find(key);
    if (found != warm_.end() && found->second.agent->version == agent->version &&
        found->second.agent->warm == agent->warm) {
      return;
    }
    if (found != warm_.end()) old = std::exchange(found->second.ready, {});
    // What belongs to one session's id cannot be there before the id is.
    if (agent->warm <= 0 || !agent->storage_mounts.empty()) {
      warm_.erase(key);
    } else if (open_works()) {
      warm_[key] = {.agent = std::move(agent), .ready = {}};
      look_on();
      std::vector<SessionPtr> none;
      top_up(none);
    }
  }
  for (const SessionPtr& session : old) session->stop();
}

void Sessions::Impl::stop() {
  std::vector<SessionPtr> all;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
    for (auto& [key, session] : sessions_) all.push_back(std::move(session));
    for (auto& [key, warm] : warm_) all.insert(all.end(), warm.ready.begin(), warm.ready.end());
    sessions_.clear();
    warm_.clear();
  }
  for (const SessionPtr& session : all) session->stop();
  if (!works_) return;
  works_->loop->stop();
  for (const SessionPtr& session : all) session->abandon();
  works_->workers.join();
  works_->inner.stop(std::chrono::milliseconds{0});
  if (works_->proxy) works_->proxy->stop();
  works_->client.close();
  // What waits there goes while all that it refers to is whole.
  works_->loop.reset();
}

// Lists.
std::vector<SessionInfo> Sessions::Impl::list() const {
  std::vector<SessionInfo> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, session] : sessions_) out.push_back(session->info());
  return out;
}

std::optional<std::string> Sessions::Impl::tail(const SessionKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(key);
  if (found == sessions_.end()) return std::nullopt;
  return found->second->log().tail();
}

Sessions::Sessions(SessionsOptions options, sandbox::Driver& driver, const Clock& clock, Random& random)
    : impl_(std::make_shared<Impl>(std::move(options), driver, clock, random)) {}
Sessions::~Sessions() { stop(); }

Task<Result<Answer>> Sessions::invoke(std::shared_ptr<const AgentVersion> agent, std::string session_id,
                                      Request request) {
  const SessionPtr session = CO_TRY(co_await impl_->obtain(std::move(agent), std::move(session_id)));
  co_return co_await session->invoke(std::move(request));
}

Task<Result<Upgraded>> Sessions::upgrade(std::shared_ptr<const AgentVersion> agent, std::string session_id,
                                         Request request) {
  const SessionPtr session = CO_TRY(co_await impl_->obtain(std::move(agent), std::move(session_id)));
  co_return co_await session->upgrade(std::move(request));
}

Task<Result<std::unique_ptr<Command>>> Sessions::command(std::shared_ptr<const AgentVersion> agent,
                                                         std::string session_id, std::string script,
                                                         std::chrono::seconds timeout) {
  const SessionPtr session = CO_TRY(co_await impl_->obtain(std::move(agent), std::move(session_id)));
  co_return co_await session->command(std::move(script), timeout);
}

Task<bool> Sessions::stop_session(SessionKey key) { return impl_->stop_session(std::move(key)); }
std::vector<SessionInfo> Sessions::list() const { return impl_->list(); }
std::optional<std::string> Sessions::tail(const SessionKey& key) const { return impl_->tail(key); }
void Sessions::keep_warm(std::shared_ptr<const AgentVersion> agent) { impl_->keep_warm(std::move(agent)); }
void Sessions::retire(const std::string& runtime_arn, const std::optional<std::string>& endpoint, bool forget_storage) {
  impl_->retire(runtime_arn, endpoint, forget_storage);
}
void Sessions::stop() { impl_->stop(); }

}  // namespace warifu::agents
