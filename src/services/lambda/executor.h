#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "base/unique_fd.h"
#include "hosting/log_line.h"
#include "net/server.h"
#include "sandbox/interpreters.h"
#include "sandbox/sandbox.h"

namespace warifu::services::lambda {

/// Credentials of the execution role's session.
struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
  Timestamp expires;
};

using hosting::LogLine;

/// Takes lines of one environment's log stream (`2026/07/04/[$LATEST]0123…`). Called from several threads, one call a
/// stream at a time; must not block.
using LogSink = std::function<void(const std::string& log_stream, std::vector<LogLine> lines)>;
/// A new session of the execution role. Asked once for each new environment.
using CredentialsSource = std::function<Task<Result<Credentials>>()>;

/// One published version (or $LATEST) of a function, as it runs. Immutable; shared by its environments.
struct FunctionVersion {
  std::string arn;  // unqualified
  std::string name;
  std::string version;  // `$LATEST`, `7`
  std::string region;
  /// Changes with every change of code or configuration: environments of another revision finish and go.
  std::string revision;

  std::string runtime;  // `python3.13`, `nodejs22.x`, `provided.al2023`
  std::string handler;
  std::string code_folder;                 // unpacked; becomes /var/task, read-only; readable by everyone below it
  std::vector<std::string> layer_folders;  // unpacked; merged in this order into /opt
  std::map<std::string, std::string> environment;
  std::int32_t memory_mb = 128;
  std::int32_t timeout_s = 3;
  std::int32_t tmp_mb = 512;
  std::string log_group;  // `/aws/lambda/<name>`

  CredentialsSource credentials;
  LogSink log;
};

/// One call of a function.
struct Invocation {
  std::string request_id;
  std::string payload;         // JSON text; empty is handed on as empty
  std::string invoked_arn;     // as the caller named it: with its qualifier, if any
  std::string client_context;  // JSON text, decoded; empty: none
  std::string trace_id;        // empty: one is made
  /// Environments of this function (all versions) that may be busy at once; nullopt: only the executor's own bound.
  std::optional<std::int32_t> reserved_concurrency;
};

/// What a function answered. A function that failed answered too: with `function_error` and the error as payload.
struct InvokeResult {
  std::string payload;
  std::string function_error;  // empty, or `Unhandled`
  std::string executed_version;
  std::string log_tail;  // last 4 KB of this call's log, not encoded
  std::string content_type = "application/json";
  std::chrono::microseconds duration{};
  bool cold = false;  // an environment was made for it
};

struct ExecutorOptions {
  /// Where the runtime clients and boto3 lie (`make build` fills build/runtimes); see find_runtimes.
  std::string runtimes_folder;
  std::string scratch_folder;  // merged layers are kept here; made when missing, emptied at start
  std::string public_url;      // AWS_ENDPOINT_URL inside: where the server is reached, verbatim
  /// Serves the sockets that listen inside at the public URL as the server serves its own; null: nothing is forwarded.
  /// What it returns is kept while the socket is to be served (net::Server::attach).
  std::function<Result<std::unique_ptr<net::Attachment>>(UniqueFd listening)> serve;
  /// Serves the socket of the HTTP proxy that listens inside and that HTTPS_PROXY names; null: nothing but the server
  /// can be reached.
  std::function<Result<std::unique_ptr<net::Attachment>>(UniqueFd listening)> proxy{};
  /// Authorities (PEM file) that clients inside believe, when the public URL is https under a certificate of our own;
  /// empty: the system's.
  std::string ca_bundle;
  std::int32_t environments_max = 64;
  std::chrono::milliseconds idle_timeout{300'000};  // an environment without a call for so long goes
  std::chrono::milliseconds init_timeout{10'000};
};

using sandbox::RuntimeChoice;

/// Runs functions: environments (sandboxes with a runtime client), warm ones first, more when all are busy, gone when
/// idle. One invocation an environment. Thread-safe. `driver`, `clock` and `random` outlive it.
class Executor {
 public:
  /// kUnsupported: the runtime API's server cannot start.
  [[nodiscard]] static Result<std::unique_ptr<Executor>> start(ExecutorOptions options, sandbox::Driver& driver,
                                                               const Clock& clock, Random& random);
  ~Executor();  // stop()
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// The function's answer, its failure included. Errors are ours, not the function's: kThrottled (reserved
  /// concurrency or environments_max reached), kUnsupported (no such runtime here; no sandbox), kUnavailable.
  [[nodiscard]] Task<Result<InvokeResult>> invoke(std::shared_ptr<const FunctionVersion> function,
                                                  Invocation invocation);
  /// The interpreter for `runtime`. kUnsupported: none, in words. Blocks the first time (it tries what is on PATH).
  [[nodiscard]] Result<RuntimeChoice> choose(std::string_view runtime);
  /// Ends idle environments of the function (unqualified ARN), and busy ones after their call: it was deleted or
  /// changed.
  void retire(const std::string& function_arn);
  /// Ends everything. Calls that run fail soon. Idempotent. REQUIRES: none runs any more when the executor goes.
  void stop();

 private:
  class Impl;
  explicit Executor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

using sandbox::find_runtimes;

}  // namespace warifu::services::lambda
