#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "base/hop.h"
#include "base/result.h"
#include "sandbox/sandbox.h"
#include "services/lambda/executor.h"
#include "services/lambda/runner.h"

namespace warifu::server {

/// The executor, made by the first function that needs it: trying a sandbox and starting the runtime API's server would
/// cost every start of a server that runs no function. Contracts are Executor's; where this machine has no sandboxes
/// `invoke` fails with kUnsupported, `choose` says why in its note, and the next call tries again. Thread-safe.
class LazyExecutor final : public services::lambda::Runner {
 public:
  struct Parts {
    std::unique_ptr<sandbox::Driver> driver;
    std::unique_ptr<services::lambda::Executor> executor;
  };
  /// Blocks; at most one runs at a time, none after one that succeeded.
  using Make = std::function<Result<Parts>()>;

  explicit LazyExecutor(Make make) : make_(std::move(make)) {}
  ~LazyExecutor() override { stop(); }
  LazyExecutor(const LazyExecutor&) = delete;
  LazyExecutor& operator=(const LazyExecutor&) = delete;

  Task<Result<services::lambda::InvokeResult>> invoke(std::shared_ptr<const services::lambda::FunctionVersion> function,
                                                      services::lambda::Invocation invocation) override;
  Result<services::lambda::RuntimeChoice> choose(std::string_view runtime) override;
  void retire(const std::string& function_arn) override;
  /// Ends every function; what is asked from now on fails. Idempotent. REQUIRES: as Executor::stop.
  void stop();

 private:
  Result<services::lambda::Executor*> get();  // blocks the first time
  Task<Result<services::lambda::Executor*>> get_beside();

  const Make make_;
  std::atomic<services::lambda::Executor*> made_ = nullptr;
  std::mutex making_;
  Parts parts_;           // under making_
  bool stopped_ = false;  // under making_
  std::mutex worker_mutex_;
  std::optional<Workers> worker_;  // under worker_mutex_; for `get` away from the event loops
};

}  // namespace warifu::server
