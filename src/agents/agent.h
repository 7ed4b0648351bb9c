#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"

namespace warifu::agents {

/// Credentials of the execution role's session.
struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
  Timestamp expires;
};

/// A new session of the execution role. Asked when something inside asks for credentials and the last ones are near
/// their end; runs on any event loop.
using CredentialsSource = std::function<Task<Result<Credentials>>()>;

/// One line of a session's output, without its line end.
struct LogLine {
  Timestamp time;
  std::string message;
};

/// Takes lines of one session's log stream. Called from several threads, one call a stream at a time; must not block.
using LogSink = std::function<void(const std::string& log_stream, std::vector<LogLine> lines)>;

/// What the agent speaks; its port and paths follow from it.
enum class Protocol : std::uint8_t { kHttp, kMcp, kA2a, kAgui };

/// 8080, 8000 (MCP), 9000 (A2A).
[[nodiscard]] std::uint16_t port_of(Protocol protocol);
/// Where requests go: `/invocations`, `/mcp`, `/`.
[[nodiscard]] std::string_view path_of(Protocol protocol);

/// One version of a runtime as one endpoint serves it. Immutable; shared by its sessions.
struct AgentVersion {
  std::string arn;       // of the runtime: `arn:aws:bedrock-agentcore:<region>:<account>:runtime/<id>`
  std::string endpoint;  // its name
  std::string version;   // `3`
  std::string region;
  std::string account;
  Protocol protocol = Protocol::kHttp;

  std::string runtime;                   // `PYTHON_3_13`, `NODE_22`
  std::vector<std::string> entry_point;  // `main.py`, or `opentelemetry-instrument` `main.py`
  std::string code_folder;               // unpacked; becomes /var/task, read-only; readable by everyone below it
  std::map<std::string, std::string> environment;
  /// Folders that outlast a session's processes and belong to its id (`/mnt/data`); empty the first time.
  std::vector<std::string> storage_mounts;

  std::chrono::seconds idle_timeout{900};
  std::chrono::seconds lifetime_max{28'800};
  /// Sessions that are kept started and unassigned for this version and endpoint.
  std::int32_t warm = 0;

  std::string role_arn;  // the execution role's; its last part is the name that instance metadata shows
  CredentialsSource credentials;
  LogSink log;
};

}  // namespace warifu::agents
