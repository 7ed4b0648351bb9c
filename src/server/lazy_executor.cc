#include "server/lazy_executor.h"

#include <utility>

#include "base/log.h"

namespace warifu::server {

namespace lambda = services::lambda;

Result<lambda::Executor*> LazyExecutor::get() {
  if (lambda::Executor* made = made_.load(std::memory_order_acquire)) return made;
  const std::lock_guard lock(making_);
  if (stopped_) return fail(unavailable("the server stops"));
  if (!parts_.executor) {
    auto parts = make_();
    if (!parts) {
      log::warn("functions cannot run on this machine", {{"why", parts.error().message}});
      return fail(Error{.code = ErrorCode::kUnsupported,
                        .message = "functions cannot run on this machine: " + parts.error().message});
    }
    parts_ = std::move(*parts);
    made_.store(parts_.executor.get(), std::memory_order_release);
  }
  return parts_.executor.get();
}

Task<Result<lambda::Executor*>> LazyExecutor::get_beside() {
  if (lambda::Executor* made = made_.load(std::memory_order_acquire)) co_return made;
  Workers* worker = nullptr;
  {
    const std::lock_guard lock(worker_mutex_);
    worker = worker_ ? &*worker_ : &worker_.emplace(1);
  }
  co_return co_await on(*worker, [this] { return get(); });
}

Task<Result<lambda::InvokeResult>> LazyExecutor::invoke(std::shared_ptr<const lambda::FunctionVersion> function,
                                                        lambda::Invocation invocation) {
  lambda::Executor* executor = CO_TRY(co_await get_beside());
  co_return co_await executor->invoke(std::move(function), std::move(invocation));
}

Result<lambda::RuntimeChoice> LazyExecutor::choose(std::string_view runtime) {
  const auto executor = get();
  // Functions are kept without sandboxes too; GetFunction's StateReason says why they do not run.
  if (!executor) return lambda::RuntimeChoice{.note = executor.error().message};
  return (*executor)->choose(runtime);
}

void LazyExecutor::retire(const std::string& function_arn) {
  if (lambda::Executor* made = made_.load(std::memory_order_acquire)) made->retire(function_arn);
}

void LazyExecutor::stop() {
  {
    const std::lock_guard lock(worker_mutex_);
    if (worker_) worker_->join();
  }
  const std::lock_guard lock(making_);
  stopped_ = true;
  if (parts_.executor) parts_.executor->stop();
}

}  // namespace warifu::server
