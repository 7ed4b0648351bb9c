#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>

#include "base/task.h"

namespace warifu::net {

/// A wait that can be ended early. One coroutine waits at a time; lives on one event loop.
class Pause {
 public:
  /// Comes back when `timeout` is over or `cancel` was called.
  Task<> wait(std::chrono::milliseconds timeout);
  /// Ends the wait that goes on, if any, and every later one at once. Idempotent.
  void cancel();
  [[nodiscard]] bool cancelled() const { return cancelled_; }

 private:
  std::optional<boost::asio::steady_timer> timer_;
  bool cancelled_ = false;
};

}  // namespace warifu::net
