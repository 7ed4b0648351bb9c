#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "api/call.h"
#include "api/host.h"
#include "api/registry.h"
#include "base/http.h"
#include "base/result.h"
#include "net/server.h"
#include "server/lazy_executor.h"
#include "server/options.h"
#include "services/lambda/service.h"

namespace warifu::server {

/// AWS Lambda and CloudWatch Logs, wired: operations, code, what runs functions. A machine without sandboxes has them
/// all but that: its functions are kept and cannot be invoked.
class Functions {
 public:
  /// `data`: the server's data folder. `environment` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Functions>> open(const std::string& data,
                                                               const api::Environment& environment);
  /// Stops, as `stop`.
  ~Functions();
  Functions(const Functions&) = delete;
  Functions& operator=(const Functions&) = delete;

  void bind(api::Registry& registry);
  /// Functions run from now on, in sandboxes that the first of them opens. REQUIRES: the server is started, and its
  /// public URL known.
  void start(net::Server& server, const ServeOptions& options);
  /// Goes on with what waits since the last end, then erases what logs have outlived, every ten minutes, until `stop`.
  void run_background_work(const std::stop_token& stop);
  /// The archive that GetFunction's Location names; nullopt: the request is for something else.
  [[nodiscard]] std::optional<http::Response> code_route(const http::Request& request, const api::HostPolicy& hosts);
  /// Ends every function. REQUIRES: called before the server goes; no request runs any more. Idempotent.
  void stop();

 private:
  explicit Functions(const api::Environment& environment);

  const api::Environment& environment_;
  std::filesystem::path folder_;
  std::unique_ptr<services::lambda::Service> service_;
  std::unique_ptr<LazyExecutor> runner_;
};

/// How large a body may be, by its head: uploads of code may be larger than all others.
[[nodiscard]] std::size_t body_limit(const http::Request& head);

}  // namespace warifu::server
