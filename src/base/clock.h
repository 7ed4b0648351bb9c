#pragma once

#include <atomic>

#include "base/time.h"

namespace warifu {

/// Wall-clock time, injected so that tests can hold it still. Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Timestamp now() const = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override;
};

/// A clock that moves only when told to.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : ms_(start.ms) {}
  [[nodiscard]] Timestamp now() const override { return {ms_.load()}; }
  void set(Timestamp time) { ms_ = time.ms; }
  void advance_ms(std::int64_t ms) { ms_ += ms; }

 private:
  std::atomic<std::int64_t> ms_;
};

}  // namespace warifu
