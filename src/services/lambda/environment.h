#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/http.h"
#include "base/random.h"
#include "net/event.h"
#include "net/server.h"
#include "services/lambda/executor.h"
#include "services/lambda/function_log.h"
#include "services/lambda/launch.h"

namespace warifu::services::lambda {

/// What every environment of one executor uses. Outlives them.
struct EnvironmentContext {
  const ExecutorOptions& options;
  sandbox::Driver& driver;
  const Clock& clock;
  Random& random;
  net::Server& runtime_api;    // the environments' own sockets are attached to it
  std::string public_host;     // of the public URL: a name or an address
  std::string public_address;  // what listens for it inside
  std::uint16_t public_port = 0;
};

/// What came of handing a call to an environment.
struct CallResult {
  /// The environment ended before it took the call: another one may.
  bool undelivered = false;
  InvokeResult result;
};

/// One execution environment: a sandbox with a runtime client in it, and our side of the Lambda Runtime API
/// (2018-06-01). It takes one call at a time. Thread-safe; shared by the executor and the sandbox's callbacks.
class Environment : public std::enable_shared_from_this<Environment> {
 public:
  using Steady = std::chrono::steady_clock;

  Environment(EnvironmentContext& context, std::shared_ptr<const FunctionVersion> function);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  /// Makes the sandbox and starts the runtime client. Errors are ours: no sandbox, no interpreter, no credentials.
  Task<Result<>> launch(const RuntimeChoice& choice, std::string layers_folder);
  /// Hands one call over and waits for its end: answered, failed, out of time, environment gone. REQUIRES: one at a
  /// time.
  Task<CallResult> call(const Invocation& invocation);
  /// Fit for another call: alive, with credentials that outlast one.
  [[nodiscard]] bool usable() const;
  /// Ends it; a call that runs fails.
  void stop();
  Task<> ended();

  [[nodiscard]] const FunctionVersion& function() const { return *function_; }
  // The executor's, under its lock: since when it waits, and how often its function had been retired when it was made.
  Steady::time_point idle_since{};
  std::uint64_t made_after = 0;

  /// One request of the runtime API, by the client inside `self`.
  static Task<http::Response> serve(std::shared_ptr<Environment> self, http::Request request);

 private:
  struct Call {
    Invocation invocation;
    net::Event done;
    bool delivered = false;  // the members from here on: under mutex_ until done is set
    bool finished = false;
    std::string answer;
    std::string content_type;
    std::string error_type;  // not empty: it failed
    std::string status;      // for the REPORT line: `timeout`, `error`; empty when the function answered
    Steady::time_point taken{};
    Steady::time_point answered{};
  };

  Task<http::Response> next();
  http::Response answer(const http::Request& request, std::string_view id, bool failed);
  http::Response init_error(const http::Request& request);
  http::Response hand_over(Call& call);
  void finish(std::string answer, std::string error_type, std::string status);
  void fail_call(std::string error_type, std::string status, const std::string& what);
  void on_output(int stream, std::string_view bytes);
  void on_exit(const sandbox::Exit& exit);
  [[nodiscard]] InvokeResult report(Call& call);
  Task<Result<>> open_sockets();
  [[nodiscard]] std::uint16_t runtime_api_port() const;
  [[nodiscard]] std::uint16_t proxy_port() const;

  EnvironmentContext& context_;
  const std::shared_ptr<const FunctionVersion> function_;
  FunctionLog log_;
  Timestamp credentials_expire_{};
  std::shared_ptr<sandbox::Sandbox> sandbox_;               // written once, by launch, under mutex_
  std::vector<std::unique_ptr<net::Attachment>> attached_;  // under mutex_

  mutable std::mutex mutex_;
  std::shared_ptr<Call> call_;  // under mutex_: given, and not finished
  net::Event given_;            // under mutex_: set when call_ is there or never will be; a new one for each `next`
  net::Event initialized_;      // set when the client has asked for its first call, or cannot
  bool asked_ = false;          // under mutex_
  bool over_ = false;           // under mutex_: the program has ended, or is being ended
  bool stopped_ = false;        // under mutex_
  /// Under mutex_: why it ended before there was a call to fail.
  struct Early {
    std::string body;  // the client's own report; empty: made of `what`
    std::string error_type;
    std::string what;
  } early_;
  Steady::time_point started_{};
  std::optional<double> init_ms_;  // under mutex_: of the launch, until a call has reported it
};

}  // namespace warifu::services::lambda
