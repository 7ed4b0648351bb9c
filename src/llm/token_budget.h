#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

namespace warifu::llm {

/// A rate of tokens that a model may be given: a minute's worth at once, and a queue of another minute's. Thread-safe;
/// first come, first served. Knows no clock: `now` never goes back between calls.
class TokenBudget {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// REQUIRES: per_minute > 0.
  explicit TokenBudget(std::int64_t per_minute);

  /// Takes `tokens`, and says when they may be spent: `now`, or later once earlier minutes have paid for them.
  /// nullopt: not within kQueue, and nothing is taken. Negative counts are 0.
  [[nodiscard]] std::optional<Time> reserve(std::int64_t tokens, Time now);
  /// What was reserved turned out to be `used`; at most kUsedMax is believed.
  void settle(std::int64_t reserved, std::int64_t used);

  [[nodiscard]] std::int64_t per_minute() const { return per_minute_; }

  static constexpr std::chrono::seconds kBurst{60};
  static constexpr std::chrono::seconds kQueue{60};
  static constexpr std::int64_t kUsedMax = 1'000'000;

 private:
  [[nodiscard]] Time::duration cost(std::int64_t tokens) const;

  const std::int64_t per_minute_;
  std::mutex mutex_;
  Time paid_until_{};  // when everything that was taken is paid for
};

}  // namespace warifu::llm
