#include "wire/json_reader.h"

#include "json/value.h"

namespace warifu::wire {
namespace {

std::string raw(std::string_view text, std::size_t depth_max = 8) {
  JsonReader reader(text, depth_max);
  const std::string_view value = reader.read_raw();
  return reader.at_end() ? std::string(value) : "refused";
}

std::string read_string(std::string_view text) {
  JsonReader reader(text, 8);
  std::string out;
  if (reader.peek() != JsonReader::Token::kString || !reader.read_string(out) || !reader.at_end()) return "refused";
  return out;
}

TEST(JsonReader, RawValuesKeepTheirVeryBytes) {
  for (const std::string_view text :
       {"{}", "[]", "null", "true", "false", "0", "-0", "-1.5e+10", "\"\"", R"("a\u0041\/")",
        R"({ "a" : [ 1 , { } ] , "b":[[]] })", R"([1,[2,[3]],{"x":{"y":[]}}])"}) {
    EXPECT_EQ(raw(text), text);
    EXPECT_EQ(raw(std::string(" \t\r\n").append(text).append(" ")), text);
  }
}

TEST(JsonReader, TextThatIsNotJsonIsRefused) {
  for (const std::string_view text : {"",
                                      " ",
                                      "{",
                                      "[",
                                      "}",
                                      "]",
                                      "{]",
                                      "[}",
                                      "[1,]",
                                      "[,1]",
                                      "[1 2]",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{,}",
                                      "{a:1}",
                                      "{\"a\":1 \"b\":2}",
                                      "01",
                                      "+1",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "1e+",
                                      "-",
                                      "nul",
                                      "TRUE",
                                      "nan",
                                      "Infinity",
                                      "\"",
                                      "\"\\\"",
                                      "\"\\x\"",
                                      "\"\\u12g4\"",
                                      "\"\\ud800\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\udc00\"",
                                      "\"a\nb\"",
                                      "\"\x01\"",
                                      "1 1",
                                      "{}{}",
                                      "'a'",
                                      "[1]]",
                                      "/**/1"}) {
    EXPECT_EQ(raw(text), "refused") << text;
    EXPECT_FALSE(json::parse(text).has_value()) << text;
  }
}

TEST(JsonReader, NestingIsBoundedAtTheLimitAndNotBelow) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_EQ(raw(nested(8), 8), nested(8));
  EXPECT_EQ(raw(nested(9), 8), "refused");
  EXPECT_EQ(raw(std::string(1'000'000, '['), 8), "refused");
}

TEST(JsonReader, StringsAreUnescaped) {
  EXPECT_EQ(read_string(R"("plain")"), "plain");
  EXPECT_EQ(read_string(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(read_string(R"("\u0041\u00e9\u20ac\ud83d\ude00")"), "Aé€😀");
  EXPECT_EQ(read_string(R"("x\u0000y")"), std::string("x\0y", 3));
}

TEST(JsonReader, MemberNamesMayHaveEscapes) {
  JsonReader reader(R"({"\u0061b":1,"c":2})", 8);
  ASSERT_EQ(reader.peek(), JsonReader::Token::kObject);
  ASSERT_TRUE(reader.enter());
  bool first = true;
  std::string_view key;
  std::vector<std::string> keys;
  while (reader.next_member(first, key)) {
    keys.emplace_back(key);
    reader.read_raw();
  }
  EXPECT_TRUE(reader.at_end());
  EXPECT_THAT(keys, ::testing::ElementsAre("ab", "c"));
}

}  // namespace
}  // namespace warifu::wire
