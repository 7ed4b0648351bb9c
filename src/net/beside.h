#pragma once

#include <functional>
#include <memory>

#include "base/task.h"

/// Work beside the coroutine that starts it.
namespace warifu::net {

/// Starts `task` on the caller's event loop and comes back at once. It ends by itself, or is dropped where it waits
/// when its loop goes; what it throws is logged.
[[nodiscard]] Task<> spawn(Task<> task);

/// The event loop that a coroutine runs on, to come back to from any thread. Cheap to copy; must not be used once the
/// loop is gone.
class LoopHandle {
 public:
  [[nodiscard]] static Task<LoopHandle> current();
  void post(std::function<void()> work) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

/// A thread with an event loop of its own, for work that no request waits for.
class BackgroundLoop {
 public:
  BackgroundLoop();
  ~BackgroundLoop();  // stop(), and drops what still waits
  BackgroundLoop(const BackgroundLoop&) = delete;
  BackgroundLoop& operator=(const BackgroundLoop&) = delete;

  /// Starts what `make` makes. From any thread; nothing happens after `stop`.
  void spawn(std::function<Task<>()> make);
  /// Ends the thread and waits for it; what waits stays where it is until the loop is destroyed.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace warifu::net
