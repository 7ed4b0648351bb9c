#include "access/bounded_cache.h"

#include <gtest/gtest.h>

namespace warifu::access {
namespace {

TEST(BoundedCache, ForgetsPastItsNumberOfEntries) {
  BoundedCache<int, 2, 1000> cache;
  cache.put("a", 1, 0);
  cache.put("b", 2, 0);
  ASSERT_NE(cache.find("a"), nullptr);
  cache.put("c", 3, 0);
  EXPECT_EQ(cache.find("a"), nullptr);
  ASSERT_NE(cache.find("c"), nullptr);
  EXPECT_EQ(*cache.find("c"), 3);
}

TEST(BoundedCache, ForgetsPastItsBytesKeysCounted) {
  BoundedCache<int, 100, 20> cache;
  cache.put("aaaaa", 1, 5);
  cache.put("bbbbb", 2, 5);
  EXPECT_NE(cache.find("aaaaa"), nullptr) << "twenty bytes fit";
  cache.put("c", 3, 0);
  EXPECT_EQ(cache.find("aaaaa"), nullptr);
  EXPECT_NE(cache.find("c"), nullptr);
  cache.put("d", 4, 18);
  EXPECT_NE(cache.find("c"), nullptr) << "the count began anew";
}

}  // namespace
}  // namespace warifu::access
