#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agents/agent.h"
#include "base/body_stream.h"
#include "base/clock.h"
#include "base/http.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "base/unique_fd.h"
#include "net/byte_stream.h"
#include "net/destination.h"
#include "net/server.h"
#include "sandbox/sandbox.h"

namespace warifu::agents {

/// Which session: the code version is the one that it was started with.
struct SessionKey {
  std::string runtime_arn;
  std::string endpoint;
  std::string session_id;
  auto operator<=>(const SessionKey&) const = default;
};

/// What goes to the agent; forwarded as it is.
struct Request {
  std::string method = "POST";
  std::string target;  // path and query inside the session: path_of(protocol), `/.well-known/agent-card.json` …
  http::Headers headers;
  std::string body;
};

/// What the agent answers. `body` is pulled piece by piece as the agent makes it; destroying it, or its `cancel`, ends
/// the request inside. While it lives the session counts as active.
struct Answer {
  int status = 0;
  http::Headers headers;
  std::unique_ptr<http::BodyStream> body;
};

/// A connection to the agent after it was asked to upgrade. `stream` is null when it answered otherwise (then `head` is
/// that answer, its body cut at 64 KB). `first`: what it sent behind the head. While it lives the session is active.
struct Upgraded {
  http::Response head;
  std::unique_ptr<net::ByteStream> stream;
  std::string first;
};

/// A program that runs inside a session beside the agent.
class Command {
 public:
  struct Output {
    int stream = 1;  // or 2
    std::string bytes;
  };
  struct End {
    int exit_code = 0;  // 128 + signal when one ended it
    bool timed_out = false;
  };
  using Event = std::variant<Output, End>;

  virtual ~Command() = default;  // kills what still runs
  /// What it wrote, then once how it ended. REQUIRES: not after End.
  virtual Task<Result<Event>> next() = 0;
  /// Makes a `next` that waits fail soon, and kills the program.
  virtual void cancel() = 0;
};

/// For lists: one session that has processes.
struct SessionInfo {
  SessionKey key;
  std::string version;
  std::string state;  // `starting`, `active`, `idle`, `stopping`
  Timestamp started;
  Timestamp last_active;
  std::int32_t requests = 0;  // that run now
  std::uint64_t memory_peak_bytes = 0;
  std::string log_stream;
};

/// `reason` of an error (kConflict): the session was stopped meanwhile; the same request may be sent again.
inline constexpr std::string_view kSessionStopped = "SessionStopped";
/// `reason` of errors (kUnavailable) that are the agent's doing: AWS's RuntimeClientError.
inline constexpr std::string_view kAgentExited = "AgentExited";     // its process ended; how, when, and its last words
inline constexpr std::string_view kNotHealthy = "AgentNotHealthy";  // did not come up within init_timeout
/// The agent did not begin to answer within request_timeout.
inline constexpr std::string_view kNoAnswer = "AgentNoAnswer";
/// It closed the connection, or answered what is no HTTP, and lives.
inline constexpr std::string_view kBrokenAnswer = "AgentBrokenAnswer";

/// Where sessions may connect to.
enum class Egress : std::uint8_t {
  kServer,  // this server, at its public URL, and nothing else
  kProxy,   // also where `destinations` allows, through a proxy that the environment names (HTTPS_PROXY)
};

struct SessionsOptions {
  /// What is shown as /var/runtime: boto3, for agents that bring none (sandbox::find_runtimes). Empty: nothing.
  std::string runtimes_folder;
  /// Where storage mounts are kept, a folder for each session. Empty: agents with such mounts do not start.
  std::string storage_folder;
  std::string public_url;  // AWS_ENDPOINT_URL inside: where the server is reached, verbatim
  /// Serves the sockets that listen inside at the public URL as the server serves its own; null: nothing is forwarded.
  std::function<Result<std::unique_ptr<net::Attachment>>(UniqueFd listening)> serve;
  /// Authorities (PEM file) that clients inside believe, when the public URL is https under a certificate of our own.
  std::string ca_bundle;
  Egress egress = Egress::kServer;
  net::DestinationPolicy destinations;

  std::int32_t sessions_max = 512;
  std::uint64_t memory_bytes = 4ULL << 30;
  std::uint64_t tmp_bytes = 1ULL << 30;
  std::uint32_t processes = 1024;
  std::chrono::milliseconds init_timeout{30'000};
  std::chrono::milliseconds request_timeout{900'000};   // until the answer begins
  std::chrono::milliseconds stream_timeout{3'600'000};  // until it is whole
  std::chrono::milliseconds ping_every{5'000};          // of the clock given
};

/// Runs agents: one sandbox for each session, started when it is first needed, gone when idle, too old, stopped or
/// ended by itself, and started anew under the same id by the next request. Nothing runs before the first session.
/// Thread-safe. `driver`, `clock` and `random` outlive it.
class Sessions {
 public:
  Sessions(SessionsOptions options, sandbox::Driver& driver, const Clock& clock, Random& random);
  ~Sessions();  // stop()
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  /// Sends `request` to the session's agent, starting the session when it is not there; comes back when the agent has
  /// begun to answer. A session that is there keeps its version, whichever is given. Several at once go side by side.
  /// kUnavailable with one of the reasons above: the agent's; kConflict: stopped meanwhile; kQuotaExceeded:
  /// sessions_max reached; kUnsupported: no such runtime here, no sandbox; kUnavailable: ours.
  [[nodiscard]] Task<Result<Answer>> invoke(std::shared_ptr<const AgentVersion> agent, std::string session_id,
                                            Request request);
  /// The same with an upgrade (WebSocket): `request` has the fields Upgrade and Sec-WebSocket-*; Connection and Host
  /// are written here.
  [[nodiscard]] Task<Result<Upgraded>> upgrade(std::shared_ptr<const AgentVersion> agent, std::string session_id,
                                               Request request);
  /// Runs `sh -c script` inside the session, in /var/task with the agent's environment. Starts the session when it is
  /// not there. Killed after `timeout`.
  [[nodiscard]] Task<Result<std::unique_ptr<Command>>> command(std::shared_ptr<const AgentVersion> agent,
                                                               std::string session_id, std::string script,
                                                               std::chrono::seconds timeout);
  /// Ends the session's processes and waits until they are gone. False: there were none. Its id stays usable.
  [[nodiscard]] Task<bool> stop_session(SessionKey key);
  [[nodiscard]] std::vector<SessionInfo> list() const;
  /// The last lines that the session wrote (at most 16 KB); nullopt: no such session.
  [[nodiscard]] std::optional<std::string> tail(const SessionKey& key) const;
  /// Keeps `agent->warm` unassigned sessions ready from here on, in place of those of an earlier version of the same
  /// endpoint. Comes back at once.
  void keep_warm(std::shared_ptr<const AgentVersion> agent);
  /// Ends all sessions, warm ones too, of a runtime, or of one endpoint of it: it was deleted. `forget_storage`: what
  /// they stored goes too.
  void retire(const std::string& runtime_arn, const std::optional<std::string>& endpoint, bool forget_storage);
  /// Ends everything; requests that run fail soon. Idempotent. REQUIRES: not on an event loop.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace warifu::agents
