#include "llm/token_budget.h"

#include <algorithm>

#include "base/check.h"

namespace warifu::llm {

TokenBudget::TokenBudget(std::int64_t per_minute) : per_minute_(per_minute) {
  CHECK(per_minute > 0, "a budget of nothing would never let a call through");
}

TokenBudget::Time::duration TokenBudget::cost(std::int64_t tokens) const {
  // In double: tokens times the nanoseconds of a minute may pass the bounds of an integer.
  const double minutes = static_cast<double>(tokens) / static_cast<double>(per_minute_);
  return std::chrono::duration_cast<Time::duration>(std::chrono::duration<double, std::ratio<60>>(minutes));
}

std::optional<TokenBudget::Time> TokenBudget::reserve(std::int64_t tokens, Time now) {
  const std::lock_guard lock(mutex_);
  const Time paid = std::max(paid_until_, now) + cost(std::clamp<std::int64_t>(tokens, 0, kUsedMax));
  const Time may = std::max(paid - kBurst, now);
  if (may - now > kQueue) return std::nullopt;
  paid_until_ = paid;
  return may;
}

void TokenBudget::settle(std::int64_t reserved, std::int64_t used) {
  const std::int64_t more =
      std::clamp<std::int64_t>(used, 0, kUsedMax) - std::clamp<std::int64_t>(reserved, 0, kUsedMax);
  const std::lock_guard lock(mutex_);
  paid_until_ += cost(more);
}

}  // namespace warifu::llm
