#include "policy/positions.h"

#include <gtest/gtest.h>

namespace warifu::policy {
namespace {

TEST(Positions, ValuesAreFoundByTheirPath) {
  const std::string document =
      "{\"Version\": \"2012-10-17\",\n \"Statement\": [\n  {\"Sid\": \"a\\\"}]\"},\n  {\"Action\": \"s3:*\", \"N\": "
      "[1, {}]}\n]}";
  struct Case {
    DocumentPath path;
    std::string text;
    std::size_t line, column;
  };
  const std::vector<Case> cases = {
      {{"Version"}, "\"2012-10-17\"", 1, 13},
      {{"Statement", std::size_t{0}}, "{\"Sid\": \"a\\\"}]\"}", 3, 3},
      {{"Statement", std::size_t{1}, "Action"}, "\"s3:*\"", 4, 14},
      {{"Statement", std::size_t{1}, "Action", std::size_t{0}}, "\"s3:*\"", 4, 14},
      {{"Statement", std::size_t{1}, "N", std::size_t{1}}, "{}", 4, 31},
  };
  for (const Case& c : cases) {
    const auto span = locate(document, c.path);
    ASSERT_TRUE(span) << c.text;
    EXPECT_EQ(document.substr(span->start.offset, span->end.offset - span->start.offset), c.text);
    EXPECT_EQ(span->start.line, c.line) << c.text;
    EXPECT_EQ(span->start.column, c.column) << c.text;
  }
  EXPECT_EQ(locate(document, {})->end.offset, document.size());
}

TEST(Positions, WhatIsNotThereIsNotFoundAndBrokenTextsEndWell) {
  for (const char* text : {"", "{", "[", "{\"a\"", "{\"a\":", "{\"a\":\"", "{\"a\":\"\\", "{\"a\":}", "{\"a\":]",
                           "[[[[[[", "}", "{\"b\":1,}"}) {
    EXPECT_FALSE(locate(text, {"a", std::size_t{3}})) << text;
    (void)locate(text, {"a"});
    (void)locate(text, {});
  }
  EXPECT_FALSE(locate(R"({"a":[1]})", {"a", std::size_t{1}}));
  EXPECT_FALSE(locate(R"({"a":[]})", {"a", std::size_t{0}}));
  EXPECT_FALSE(locate(R"({"a":1})", {"b"}));
}

}  // namespace
}  // namespace warifu::policy
