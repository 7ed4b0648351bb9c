#include "vault/kept_rows.h"

#include <gtest/gtest.h>

namespace warifu::vault {
namespace {

std::uint64_t fresh_database() {
  static std::uint64_t last = std::uint64_t{1} << 60U;  // beyond the numbers of the databases of other tests
  return ++last;
}

TEST(KeptRows, ARowIsFoundByItsKeyNotByItsHash) {
  KeptRows& rows = KeptRows::of_thread(fresh_database());
  EXPECT_EQ(rows.find("a", 7), nullptr);
  rows.put("a", 7, "1", 3);
  rows.put("b", 7, std::nullopt, 4);
  ASSERT_NE(rows.find("a", 7), nullptr);
  EXPECT_EQ(rows.find("a", 7)->value, "1");
  EXPECT_EQ(rows.find("a", 7)->read_at, 3U);
  ASSERT_NE(rows.find("b", 7), nullptr);
  EXPECT_EQ(rows.find("b", 7)->value, std::nullopt);
  EXPECT_EQ(rows.find("c", 7), nullptr);
  rows.put("a", 7, "2", 9);
  EXPECT_EQ(rows.find("a", 7)->value, "2");
  EXPECT_NE(rows.find("b", 7), nullptr);
}

TEST(KeptRows, TheRowThatWasNotAskedForMakesRoom) {
  KeptRows& rows = KeptRows::of_thread(fresh_database());
  rows.put("a", 7, "1", 1);
  rows.put("b", 7, "1", 1);
  EXPECT_NE(rows.find("a", 7), nullptr);
  rows.put("c", 7, "1", 1);
  EXPECT_NE(rows.find("a", 7), nullptr);
  EXPECT_EQ(rows.find("b", 7), nullptr);
}

TEST(KeptRows, AnotherDatabasesRowsAreNeverFound) {
  const std::uint64_t first = fresh_database();
  KeptRows::of_thread(first).put("a", 7, "1", 1);
  EXPECT_EQ(KeptRows::of_thread(fresh_database()).find("a", 7), nullptr);
  EXPECT_EQ(KeptRows::of_thread(first).find("a", 7), nullptr);
}

TEST(KeptRows, LargeValuesAreNotKeptAndManyAreForgotten) {
  KeptRows& rows = KeptRows::of_thread(fresh_database());
  rows.put("large", 1, std::string(33 * 1024, 'x'), 1);
  EXPECT_EQ(rows.find("large", 1), nullptr);
  for (std::uint64_t i = 0; i < 500; ++i) rows.put("k" + std::to_string(i), i, std::string(32 * 1024, 'x'), 1);
  std::size_t found = 0;
  for (std::uint64_t i = 0; i < 500; ++i) found += rows.find("k" + std::to_string(i), i) != nullptr ? 1 : 0;
  EXPECT_GT(found, 0U);
  EXPECT_LE(found, 66U);
}

}  // namespace
}  // namespace warifu::vault
