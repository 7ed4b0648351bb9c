#include "llm/token_budget.h"

#include <gtest/gtest.h>

#include <limits>

namespace warifu::llm {
namespace {

using namespace std::chrono_literals;

constexpr TokenBudget::Time kStart{1h};

TEST(TokenBudgetTest, AMinutesWorthGoesAtOnceAndTheNextWaitsForItsShare) {
  TokenBudget budget(6'000);
  EXPECT_EQ(budget.reserve(6'000, kStart), kStart);
  EXPECT_EQ(budget.reserve(1'000, kStart), kStart + 10s);
  EXPECT_EQ(budget.reserve(1'000, kStart), kStart + 20s);
  EXPECT_EQ(budget.reserve(1'000, kStart + 30s), kStart + 30s);
}

TEST(TokenBudgetTest, WhatNoMinuteAheadPaysForIsRefusedAndTakesNothing) {
  TokenBudget budget(6'000);
  EXPECT_EQ(budget.reserve(12'001, kStart), std::nullopt);
  EXPECT_EQ(budget.reserve(12'000, kStart), kStart + 60s);
  EXPECT_EQ(budget.reserve(1, kStart), std::nullopt);
  EXPECT_EQ(budget.reserve(0, kStart), kStart + 60s);
  EXPECT_EQ(budget.reserve(100, kStart + 1s), kStart + 61s);
}

TEST(TokenBudgetTest, APauseSavesUpAMinuteAndNoMore) {
  TokenBudget budget(6'000);
  EXPECT_EQ(budget.reserve(100, kStart), kStart);
  EXPECT_EQ(budget.reserve(6'000, kStart + 1h), kStart + 1h);
  EXPECT_EQ(budget.reserve(600, kStart + 1h), kStart + 1h + 6s);
}

TEST(TokenBudgetTest, WhatACallReallyUsedIsSettled) {
  TokenBudget budget(6'000);
  ASSERT_EQ(budget.reserve(3'000, kStart), kStart);
  budget.settle(3'000, 9'000);
  EXPECT_EQ(budget.reserve(0, kStart), kStart + 30s);
  budget.settle(9'000, 3'000);
  EXPECT_EQ(budget.reserve(3'000, kStart), kStart);
}

TEST(TokenBudgetTest, CountsThatCannotBeDoNoHarm) {
  TokenBudget budget(TokenBudget::kUsedMax);
  EXPECT_EQ(budget.reserve(-5, kStart), kStart);
  budget.settle(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(budget.reserve(0, kStart), kStart);
  EXPECT_EQ(budget.reserve(std::numeric_limits<std::int64_t>::max(), kStart + 60s), kStart + 60s);
}

}  // namespace
}  // namespace warifu::llm
