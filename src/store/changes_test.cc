#include "store/changes.h"

#include <gtest/gtest.h>

namespace warifu::store {
namespace {

std::string text_of(const Changes& changes) {
  std::string out;
  for (const auto& [key, value] : changes.rows()) out += key + "=" + value.value_or("-") + " ";
  return out;
}

TEST(Changes, WhatAClosureChangedIsTakenBackToWhatEarlierOnesLeft) {
  Changes changes;
  changes.change("a", "1");
  changes.change("b", std::nullopt);
  changes.keep();
  const std::string kept = text_of(changes);
  const std::size_t bytes = changes.bytes();

  changes.change("a", "22");
  changes.change("a", std::nullopt);
  changes.change("b", "3");
  changes.change("c", "4");
  changes.change("c", "55");
  EXPECT_EQ(text_of(changes), "a=- b=3 c=55 ");
  EXPECT_EQ(changes.bytes(), 3U + 1U + 2U);
  changes.roll_back();
  EXPECT_EQ(text_of(changes), kept);
  EXPECT_EQ(changes.bytes(), bytes);
  changes.roll_back();
  EXPECT_EQ(text_of(changes), kept);
}

TEST(Changes, ARowThatWasTouchedIsToldUntilTheGroupEnds) {
  Changes changes;
  EXPECT_FALSE(changes.may_hold(row_hash("a")));
  changes.change("z", "1");
  changes.keep();
  changes.change("a", "1");
  changes.roll_back();
  EXPECT_TRUE(changes.may_hold(row_hash("a")));
  changes.clear();
  EXPECT_FALSE(changes.may_hold(row_hash("a")));
  EXPECT_EQ(changes.bytes(), 0U);
}

TEST(Changes, ARangeIsGivenInItsDirection) {
  Changes changes;
  for (const char* key : {"p1", "p3", "p2", "q1"}) changes.change(key, "v");
  FlatRange range{.begin = "p1", .end = "p3", .prefix_bytes = 1, .direction = Direction::kBackward};
  const std::vector<ChangedRow> rows = changes.in(range);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].key, "p2");
  EXPECT_EQ(rows[1].key, "p1");
  std::swap(range.begin, range.end);
  EXPECT_TRUE(changes.in(range).empty());
}

TEST(ChangeTimes, AChangeIsSeenFromItsMomentOn) {
  ChangeTimes times;
  const RowHash row = row_hash("a");
  EXPECT_TRUE(times.unchanged(row, 1));
  times.note(row, 5);
  EXPECT_FALSE(times.unchanged(row, 4));
  EXPECT_TRUE(times.unchanged(row, 5));
  EXPECT_TRUE(times.unchanged(row + 1, 1));
}

}  // namespace
}  // namespace warifu::store
