#include "policy/same_text.h"

#include <gtest/gtest.h>

#include <string>

namespace warifu::policy {
namespace {

TEST(SameText, DiffersWhereverOneByteDoes) {
  for (std::size_t size = 0; size <= 40; ++size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i);
    // Of its very own size, so that a byte read past its end is seen by the sanitizer.
    const std::string copy(text.data(), size);
    EXPECT_TRUE(same_text(text, copy)) << size;
    EXPECT_FALSE(same_text(text, text + "x")) << size;
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = text;
      other[i] = '\xff';
      EXPECT_FALSE(same_text(text, other)) << size << " at " << i;
      EXPECT_FALSE(begins_with(text + "tail", other)) << size << " at " << i;
    }
    EXPECT_TRUE(begins_with(text + "tail", text));
    EXPECT_FALSE(begins_with(text, text + "tail"));
  }
  EXPECT_TRUE(same_text({}, ""));
}

}  // namespace
}  // namespace warifu::policy
