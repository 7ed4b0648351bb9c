#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agents/agent.h"
#include "agents/bytecode.h"
#include "agents/gate.h"
#include "agents/launch.h"
#include "agents/metadata.h"
#include "agents/session_log.h"
#include "agents/sessions.h"
#include "base/hop.h"
#include "net/client.h"
#include "net/tunnel_proxy.h"
#include "sandbox/interpreters.h"

namespace warifu::agents {

/// What every session uses. Outlives them.
struct SessionContext {
  const SessionsOptions& options;
  sandbox::Driver& driver;
  const Clock& clock;
  Random& random;
  PublicUrl url;
  net::Server& inner;       // instance metadata: the sessions' own sockets are attached to it
  net::TunnelProxy* proxy;  // null: nothing leads out
  net::Client& client;      // dials `s<number>.session` by way of Session::dial
  sandbox::Interpreters& interpreters;
  Workers& workers;
  Bytecode& bytecode;
};

/// One session: a sandbox with an agent in it. Thread-safe; shared by the list of sessions, its leases and the
/// sandbox's callbacks.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Steady = std::chrono::steady_clock;

  /// `session_id` is empty for a warm one.
  Session(const SessionContext& context, std::shared_ptr<const AgentVersion> agent, std::uint64_t number,
          std::string session_id);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Sandbox, sockets, program, health. `after`: a session of the same id whose processes must have gone first.
  Task<> start(std::shared_ptr<Session> after);
  /// Waits for what came of `start`.
  Task<Result<>> ready();
  [[nodiscard]] bool is_ready() const { return started_.is_open(); }
  /// A warm session gets its id, and credentials from here on. False: it is over, or has one.
  bool assign(const std::string& session_id);

  Task<Result<UniqueFd>> dial(std::uint16_t port);
  Task<Result<Answer>> invoke(Request request);
  Task<Result<Upgraded>> upgrade(Request request);
  Task<Result<std::unique_ptr<Command>>> command(std::string script, std::chrono::seconds timeout);

  /// Looks whether it is time to ask for its health, or to end it. `spawn` starts work beside the caller.
  void look(const std::function<void(std::function<Task<>()>)>& spawn);
  void stop();
  /// Its event loop has stopped: whoever waits for its start is told.
  void abandon();
  Task<> ended();
  /// Nothing of it is left.
  [[nodiscard]] bool gone() const { return gone_.load(); }
  /// It has ended, or is being ended: nothing new may go to it.
  [[nodiscard]] bool over() const;
  /// It never came up.
  [[nodiscard]] bool failed() const;
  [[nodiscard]] SessionInfo info() const;

  [[nodiscard]] const AgentVersion& agent() const { return *agent_; }
  [[nodiscard]] SessionLog& log() { return log_; }

 private:
  friend class Lease;

  Task<Result<>> launch();
  Task<Result<>> open_sockets();
  Task<Result<>> become_healthy();
  enum class Health : std::uint8_t { kNone, kHealthy, kBusy };
  Task<Health> ping();
  Task<> ping_and_judge();
  /// What to say of a request that failed with `error`: the process' end, where that is why.
  Task<Error> why(Error error);
  [[nodiscard]] Error exited(std::string_view phase) const;
  void on_exit(const sandbox::Exit& exit);
  void prepare(Request& request) const;
  [[nodiscard]] std::string url(std::string_view target) const;
  static Task<http::Response> serve_metadata(std::weak_ptr<Session> weak, http::Request request);
  static Task<Result<Credentials>> credentials(std::weak_ptr<Session> weak);

  const SessionContext& context_;
  const std::shared_ptr<const AgentVersion> agent_;
  const std::uint64_t number_;
  SessionLog log_;
  std::optional<Metadata> metadata_;
  sandbox::RuntimeChoice choice_;              // written by launch, before the program runs
  std::shared_ptr<sandbox::Sandbox> sandbox_;  // written once, under mutex_
  Gate started_, exited_;
  std::atomic<bool> gone_ = false;

  mutable std::mutex mutex_;
  std::string session_id_;                                  // under mutex_
  std::vector<std::unique_ptr<net::Attachment>> attached_;  // under mutex_
  std::optional<Error> failure_;                            // under mutex_: why it did not start
  std::optional<sandbox::Exit> exit_;                       // under mutex_
  bool healthy_ = false;                                    // under mutex_: it has been, once
  bool stopped_ = false;                                    // under mutex_
  bool by_itself_ = false;                                  // under mutex_: it ended before it was stopped
  bool pinging_ = false;                                    // under mutex_
  std::int32_t active_ = 0;                                 // under mutex_
  Timestamp begun_;                                         // under mutex_
  Timestamp last_active_;                                   // under mutex_
  Timestamp next_ping_;                                     // under mutex_
};

/// Counts a request while it lives, so that its session is not idle.
class Lease {
 public:
  explicit Lease(std::shared_ptr<Session> session);
  ~Lease();
  Lease(Lease&& other) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  [[nodiscard]] Session& session() const { return *session_; }

 private:
  std::shared_ptr<Session> session_;
};

/// The program of InvokeAgentRuntimeCommand; session.cc makes it. `lease` keeps the session while it runs.
[[nodiscard]] Task<Result<std::unique_ptr<Command>>> run_command(std::shared_ptr<sandbox::Sandbox> sandbox,
                                                                 sandbox::Program program, std::chrono::seconds timeout,
                                                                 Lease lease);

}  // namespace warifu::agents
