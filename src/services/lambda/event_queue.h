#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "base/background.h"
#include "jobs/scheduler.h"
#include "services/lambda/executor.h"
#include "services/lambda/names.h"

namespace warifu::services::lambda {

struct Event {
  std::string qualifier;
  std::string request_id;
  std::string client_context;
  std::string payload;
  Timestamp received;
  std::uint32_t attempts = 0;  // that have failed
};

/// Events (`InvocationType=Event`) between their acknowledgement and their run: rows of the store, written before the
/// caller is answered, erased when the function has taken them, has failed three times, or has been busy for six hours.
/// Thread-safe.
class EventQueue {
 public:
  /// Runs the function once. Errors are Lambda's own, not the function's.
  using Run = std::function<Task<Result<InvokeResult>>(FunctionRef, const Event&)>;

  EventQueue(const api::Environment& environment, Background& background, std::chrono::milliseconds retry, Run run);

  /// Durable when it comes back. kThrottled: too many events wait.
  [[nodiscard]] Task<Result<>> put(FunctionRef ref, Event event);
  /// Notices what waits in the store. Blocks.
  [[nodiscard]] Result<> resume();
  /// In the transaction that deletes the function.
  [[nodiscard]] static Result<> erase_all(store::Txn& txn, const FunctionRef& ref);

  void stop() { scheduler_.stop(); }
  [[nodiscard]] bool wait_idle(std::chrono::milliseconds at_most) const { return scheduler_.wait_idle(at_most); }
  [[nodiscard]] std::size_t size() const { return scheduler_.size(); }

 private:
  Result<bool> run(std::string_view key);
  Result<> finish(const FunctionRef& ref, const std::string& id, const Event* again);

  const api::Environment& environment_;
  Background& background_;
  Run run_;
  jobs::Scheduler scheduler_;
};

}  // namespace warifu::services::lambda
