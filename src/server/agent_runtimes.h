#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "agents/sessions.h"
#include "api/call.h"
#include "api/pipeline.h"
#include "api/registry.h"
#include "api/resource_kinds.h"
#include "base/http.h"
#include "base/result.h"
#include "net/destination.h"
#include "net/server.h"
#include "sandbox/sandbox.h"
#include "server/options.h"
#include "services/runtime/data_plane.h"
#include "services/runtime/service.h"

namespace warifu::server {

struct AgentRuntimesOptions {
  std::filesystem::path folder;         // of code and session storage
  net::DestinationPolicy destinations;  // where identity providers may lie
};

/// AgentCore Runtime, wired: operations, code, what runs agents. Nothing of what runs them is made or tried before the
/// first request to an agent. A machine without sandboxes has all but that.
class AgentRuntimes {
 public:
  /// `environment` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<AgentRuntimes>> open(AgentRuntimesOptions options,
                                                                   const api::Environment& environment);
  /// Stops, as `stop`.
  ~AgentRuntimes();
  AgentRuntimes(const AgentRuntimes&) = delete;
  AgentRuntimes& operator=(const AgentRuntimes&) = delete;

  void bind(api::Registry& registry);
  /// Before the first request. `pipeline` outlives it.
  void open_doors(api::Pipeline& pipeline);
  /// Agents run from now on, and may connect to where functions may. REQUIRES: the server is started, and its public
  /// URL known.
  void start(net::Server& server, const ServeOptions& options);
  [[nodiscard]] static bool takes(const http::Request& request);
  /// REQUIRES: takes(request).
  [[nodiscard]] Task<http::Response> serve(http::Request request);
  /// Erases what earlier servers left. Blocks for as long as that takes.
  void run_background_work(const std::stop_token& stop);
  /// Ends every session. REQUIRES: called before the server goes; no request runs any more. Idempotent.
  void stop();

 private:
  AgentRuntimes(AgentRuntimesOptions options, const api::Environment& environment);
  Result<agents::Sessions*> sessions();

  const AgentRuntimesOptions options_;
  const api::Environment& environment_;
  std::atomic<net::Server*> server_ = nullptr;
  ServeOptions serve_options_;  // set before server_
  std::mutex making_;
  bool stopped_ = false;                        // under making_
  std::unique_ptr<sandbox::Driver> driver_;     // under making_
  std::unique_ptr<agents::Sessions> sessions_;  // under making_
  std::unique_ptr<services::runtime::Service> service_;
  std::unique_ptr<services::runtime::DataPlane> data_plane_;
};

/// How large the body of a request to an agent may be, by its head; 0: it is none.
[[nodiscard]] std::size_t agent_body_limit(const http::Request& head);

}  // namespace warifu::server
