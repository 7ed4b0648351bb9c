#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/task.h"
#include "net/event.h"

namespace warifu::agents {

/// Something that happens once and that any number of coroutines wait for. Thread-safe.
class Gate {
 public:
  void open() {
    std::vector<net::Event> waiting;
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
      waiting = std::exchange(waiting_, {});
    }
    for (net::Event& event : waiting) event.set();
  }
  [[nodiscard]] bool is_open() const {
    const std::lock_guard lock(mutex_);
    return open_;
  }
  /// True: it is open. False: `timeout` was over first.
  Task<bool> wait(std::optional<std::chrono::milliseconds> timeout = std::nullopt) {
    net::Event event;
    {
      const std::lock_guard lock(mutex_);
      if (open_) co_return true;
      // Those whose waiters gave up: nobody else holds them once set.
      std::erase_if(waiting_, [](const net::Event& old) { return old.is_set(); });
      waiting_.push_back(event);
    }
    const bool out = co_await event.wait(timeout);
    if (!out) event.set();
    co_return out || is_open();
  }

 private:
  mutable std::mutex mutex_;
  bool open_ = false;                // under mutex_
  std::vector<net::Event> waiting_;  // under mutex_
};

}  // namespace warifu::agents
