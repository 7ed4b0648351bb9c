#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/keys.h"

namespace warifu::store {
namespace {

using namespace std::string_literals;

const AccountId kOne = *AccountId::parse("111111111111");
const AccountId kTwo = *AccountId::parse("222222222222");
constexpr std::string_view kArn = "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/M-0123456789";

TEST(Partition, BytesOfAKeyStartWithTheTenant) {
  EXPECT_EQ(flat_key(Partition::account(kOne), "user/ann"), "111111111111/account\0user/ann"s);
  EXPECT_EQ(flat_key(Partition::memory(kOne, kArn), "e\1"), "111111111111/memory/" + std::string(kArn) + "\0e\1"s);
  EXPECT_EQ(flat_key(Partition::system(), ""), "system\0"s);
}

TEST(Partition, KnowsWhoseKeySealsIt) {
  EXPECT_EQ(Partition::account(kOne).owner(), kOne);
  EXPECT_EQ(Partition::memory(kTwo, kArn).owner(), kTwo);
  EXPECT_EQ(Partition::service(kTwo, "logs").owner(), kTwo);
  EXPECT_EQ(Partition::system().owner(), std::nullopt);
}

TEST(Partition, NoneIsAPrefixOfAnother) {
  const std::vector<Partition> all = {
      Partition::account(kOne),           Partition::account(kTwo),         Partition::memory(kOne, "a"),
      Partition::memory(kOne, "ab"),      Partition::memory(kOne, ""),      Partition::memory(kOne, "a\0b"s),
      Partition::memory(kOne, "a\0"s),    Partition::memory(kOne, "a\1"s),  Partition::memory(kOne, "a\1\1"s),
      Partition::memory(kOne, kArn),      Partition::memory(kTwo, kArn),    Partition::system(),
      Partition::service(kOne, "lambda"), Partition::service(kOne, "logs"),
  };
  for (const Partition& a : all) {
    for (const Partition& b : all) {
      if (&a == &b) continue;
      EXPECT_FALSE(flat_key(b, "").starts_with(flat_key(a, ""))) << a.name() << " " << b.name();
    }
  }
}

TEST(FlatRange, CoversThePartitionAndNothingElse) {
  const FlatRange range = flat_range(Partition::account(kOne), {});
  EXPECT_EQ(range.begin, "111111111111/account\0"s);
  EXPECT_EQ(range.end, "111111111111/account\1"s);
  EXPECT_EQ(range.prefix_bytes, 21U);
  EXPECT_LT(flat_key(Partition::account(kOne), std::string(40, '\xff')), range.end);
  EXPECT_TRUE(flat_range(Partition::system(), {.begin = "b", .end = "b"}).empty());
  EXPECT_TRUE(flat_range(Partition::system(), {.begin = "c", .end = "b"}).empty());
}

TEST(Keys, PartsOfTextComeBackAndOrderAsTheTexts) {
  const std::vector<std::string> ordered = {"",  "\0"s,  "\0\0"s, "\0\1"s, "\1"s, "\1\0"s, "\1\1"s,   "\2"s,
                                            "a", "a\0"s, "a\1"s,  "aa",    "b",   "\xff",  "\xff\xff"};
  std::string last;
  for (const std::string& text : ordered) {
    std::string key;
    append_text(key, text);
    EXPECT_LT(last, key);
    last = key;
    const std::string both = key + "rest";
    std::string_view view = both;
    EXPECT_EQ(take_text(view), text);
    EXPECT_EQ(view, "rest");
  }
}

TEST(Keys, ATextThatWasNotWrittenIsRefused) {
  for (const std::string& bad : {""s, "a"s, "\1"s, "\1\0"s, "\1\3\0"s, "a\1"s}) {
    std::string_view view = bad;
    EXPECT_EQ(take_text(view), std::nullopt);
    EXPECT_EQ(view, bad);
  }
}

TEST(Keys, NumbersComeBackAndOrder) {
  std::string last;
  for (const std::uint64_t n : {0UL, 1UL, 255UL, 256UL, 1UL << 40, ~0UL}) {
    std::string key;
    append_u64(key, n);
    EXPECT_EQ(key.size(), 8U);
    EXPECT_LT(last, key);
    last = key;
    std::string_view view = last;
    EXPECT_EQ(take_u64(view), n);
    EXPECT_TRUE(view.empty());
    EXPECT_EQ(take_u64(view), std::nullopt);
  }
}

TEST(Keys, PartsOfAKeyAreNamedByItsMarkAndItsNames) {
  using namespace std::string_view_literals;
  struct Case {
    std::string_view flat, marked, names;
  };
  const Case cases[] = {{"p\0ea\0s\0"
                         "0123#9f"sv,
                         "p\0ea\0s\0"
                         "0123#"sv,
                         "p\0ea\0s\0"sv},
                        {"p\0ea\0s\0"
                         "0123#"sv,
                         "p\0ea\0s\0"
                         "0123#"sv,
                         "p\0ea\0s\0"sv},
                        {"p\0ea#b\0s\0"
                         "0123#9f"sv,
                         "p\0ea#"sv, "p\0"sv},
                        {"p\0ea\0s\0"sv, ""sv, ""sv},
                        {"#"sv, "#"sv, ""sv},
                        {""sv, ""sv, ""sv}};
  for (const Case& c : cases) {
    EXPECT_EQ(marked_part(c.flat), c.marked);
    EXPECT_EQ(names_part(c.flat), c.names);
  }
}

TEST(Keys, APrefixEndsWhereNothingStartsWithItAnyMore) {
  EXPECT_EQ(prefix_end("ab"), "ac");
  EXPECT_EQ(prefix_end("a\xff\xff"), "b");
  EXPECT_EQ(prefix_end("\xff"), "");
  EXPECT_EQ(prefix_end(""), "");
  EXPECT_EQ(prefix_range("ab").begin, "ab");
}

}  // namespace
}  // namespace warifu::store
