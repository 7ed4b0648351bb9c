#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "base/task.h"

namespace warifu::net {

/// Something that happens once, on any thread, and that one coroutine at a time waits for. Thread-safe; copies are the
/// same event. The waiting coroutine's event loop has one thread (all of ours have).
class Event {
 public:
  Event();

  /// It has happened. Idempotent; what the setting thread wrote before is seen by who waits.
  void set();
  [[nodiscard]] bool is_set() const;
  /// True: it has happened. False: `timeout` was over first.
  [[nodiscard]] Task<bool> wait(std::optional<std::chrono::milliseconds> timeout = std::nullopt) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace warifu::net
