#include "json/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "json/writer.h"

namespace warifu::json {
namespace {

using testing::HasSubstr;

Value parsed(std::string_view text) {
  auto value = parse(text);
  EXPECT_TRUE(value.has_value()) << text << ": " << (value ? "" : value.error().message);
  return value ? std::move(*value) : Value{};
}

TEST(JsonParse, keeps_order_duplicates_and_number_text) {
  const Value value = parsed(R"( {"b":1.50,"a":[true,false,null,"x"],"b":-0e+10} )");
  EXPECT_EQ(value.dump(), R"({"b":1.50,"a":[true,false,null,"x"],"b":-0e+10})");
  EXPECT_EQ(value.find("b")->number_text(), "1.50");
  EXPECT_EQ(value.duplicate_member(), "b");
  EXPECT_EQ(parsed(R"({"a":1,"b":{"c":1,"c":2}})").duplicate_member(), std::nullopt);
}

TEST(JsonParse, reads_every_scalar_at_top_level) {
  EXPECT_TRUE(parsed("null").is_null());
  EXPECT_TRUE(parsed("\ttrue\r\n").as_bool());
  EXPECT_FALSE(parsed("false").as_bool());
  EXPECT_EQ(parsed("\"\"").as_string(), "");
  EXPECT_EQ(parsed("12").as_int64(), 12);
  EXPECT_TRUE(parsed("[]").items().empty());
  EXPECT_TRUE(parsed("{ }").members().empty());
}

TEST(JsonParse, decodes_escapes_and_surrogate_pairs) {
  EXPECT_EQ(parsed(R"("\"\\\/\b\f\n\r\t")").as_string(), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(parsed(R"("\u0041\u00e9\u20AC\ud83d\ude00")").as_string(), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(parsed(R"("\u0000")").as_string(), std::string_view("\0", 1));
  EXPECT_EQ(parsed(R"({"\u0061":1})").members()[0].first, "a");
}

TEST(JsonParse, refuses_what_is_not_json) {
  const std::vector<std::string> bad = {"",
                                        " ",
                                        "nul",
                                        "nulll",
                                        "tru",
                                        "True",
                                        "{",
                                        "[",
                                        "[1",
                                        "[1,",
                                        "[1,]",
                                        "[,1]",
                                        "[1 2]",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{\"a\":1,}",
                                        "{a:1}",
                                        "{'a':1}",
                                        "{\"a\" 1}",
                                        "{1:1}",
                                        "}",
                                        "]",
                                        "[}",
                                        "{]",
                                        "1 2",
                                        "{}{}",
                                        "[]x",
                                        "01",
                                        "-",
                                        "-a",
                                        "1.",
                                        ".5",
                                        "+1",
                                        "1e",
                                        "1e+",
                                        "1.e3",
                                        "0x10",
                                        "NaN",
                                        "Infinity",
                                        "--1",
                                        "1.2.3",
                                        "1_000",
                                        "\"",
                                        "\"a",
                                        "\"\\\"",
                                        "\"\\x\"",
                                        "\"\\u12\"",
                                        "\"\\u12g4\"",
                                        "\"\\u",
                                        "\"\n\"",
                                        "\"\t\"",
                                        std::string("\"\0\"", 3),
                                        std::string("1\0", 2),
                                        "// c\n1",
                                        "/**/1",
                                        "\xef\xbb\xbf{}",
                                        "\xc2\xa0"
                                        "1"};
  for (const std::string& text : bad) {
    const auto value = parse(text);
    ASSERT_FALSE(value.has_value()) << text;
    EXPECT_EQ(value.error().code, ErrorCode::kValidation) << text;
  }
}

TEST(JsonParse, refuses_unpaired_surrogates) {
  for (const char* text : {R"("\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\n")", R"("\ud800\u0041")",
                           R"("\ud800\ud800")", R"("\udc00\ud800")"}) {
    const auto value = parse(text);
    ASSERT_FALSE(value.has_value()) << text;
    EXPECT_THAT(value.error().message, HasSubstr("unpaired surrogate")) << text;
  }
}

TEST(JsonParse, refuses_bytes_that_are_not_utf8) {
  for (const char* text :
       {"\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "\x80"}) {
    const auto value = parse(text);
    ASSERT_FALSE(value.has_value());
    EXPECT_EQ(value.error().message, "JSON text is not UTF-8");
  }
}

TEST(JsonParse, names_the_offset_and_the_reason) {
  EXPECT_EQ(parse("[1,x]").error().message, "malformed JSON at byte 3: a value expected");
  EXPECT_EQ(parse("{} 1").error().message, "malformed JSON at byte 3: text after the end of the document");
}

TEST(JsonParse, accepts_the_depth_limit_and_refuses_one_more) {
  const Limits limits{.depth_max = 5};
  EXPECT_TRUE(parse("[[[[[1]]]]]", limits).has_value());
  EXPECT_TRUE(parse("[[[[[1]]]],[[[[2]]]]]", limits).has_value());
  const auto deeper = parse(R"([[[[[{"a":1}]]]]])", limits);
  ASSERT_FALSE(deeper.has_value());
  EXPECT_THAT(deeper.error().message, HasSubstr("nested too deeply"));
  EXPECT_TRUE(parse(std::string(64, '[') + std::string(64, ']')).has_value());
  EXPECT_FALSE(parse(std::string(65, '[') + std::string(65, ']')).has_value());
  EXPECT_FALSE(parse(std::string(1'000'000, '[')).has_value());
}

TEST(JsonParse, accepts_the_size_limit_and_refuses_one_more) {
  EXPECT_TRUE(parse("\"1234\"", {.bytes_max = 6}).has_value());
  const auto longer = parse("\"12345\"", {.bytes_max = 6});
  ASSERT_FALSE(longer.has_value());
  EXPECT_THAT(longer.error().message, HasSubstr("longer than 6 bytes"));
}

TEST(JsonValue, gives_integers_only_where_the_number_is_one) {
  struct Case {
    const char* text;
    std::optional<std::int64_t> value;
  };
  const std::vector<Case> cases = {{"0", 0},
                                   {"-7", -7},
                                   {"9223372036854775807", INT64_MAX},
                                   {"-9223372036854775808", INT64_MIN},
                                   {"9223372036854775808", std::nullopt},
                                   {"1.0", 1},
                                   {"1e3", 1000},
                                   {"1.5", std::nullopt},
                                   {"1e30", std::nullopt},
                                   {"-0", 0},
                                   {"1e400", std::nullopt},
                                   {"\"1\"", std::nullopt},
                                   {"true", std::nullopt}};
  for (const Case& c : cases) EXPECT_EQ(parsed(c.text).as_int64(), c.value) << c.text;
}

TEST(JsonValue, gives_doubles_where_they_are_representable) {
  EXPECT_EQ(parsed("1783165130.534").as_double(), 1783165130.534);
  EXPECT_EQ(parsed("-2e-3").as_double(), -0.002);
  EXPECT_EQ(parsed("1e400").as_double(), std::nullopt);
  EXPECT_EQ(parsed("\"1\"").as_double(), std::nullopt);
}

TEST(JsonValue, finds_members_of_objects_only) {
  const Value value = parsed(R"({"s":"text","n":1,"s":"second"})");
  EXPECT_EQ(value.find_string("s"), "text");
  EXPECT_EQ(value.find_string("n"), std::nullopt);
  EXPECT_EQ(value.find("absent"), nullptr);
  EXPECT_EQ(parsed("[1]").find("s"), nullptr);
  EXPECT_EQ(parsed("\"s\"").find("s"), nullptr);
}

TEST(JsonValue, compares_by_content) {
  EXPECT_EQ(parsed(R"({"a":[1,"x"]})"), parsed(R"( { "a" : [ 1 , "\u0078" ] } )"));
  EXPECT_NE(parsed("1"), parsed("1.0"));
  EXPECT_NE(parsed("\"1\""), parsed("1"));
  EXPECT_NE(parsed(R"({"a":1})"), parsed(R"({"b":1})"));
}

TEST(JsonValue, builds_documents) {
  Value value = Value::object();
  value.set("n", Value::number(-5))
      .set("a", Value::array({Value::boolean(true), Value{}}))
      .set("s", Value::string("\x01"));
  EXPECT_EQ(value.dump(), R"({"n":-5,"a":[true,null],"s":"\u0001"})");
}

TEST(JsonValueDeathTest, refuses_to_read_a_value_as_another_type) {
  EXPECT_DEATH((void)Value::string("x").as_bool(), "invariant broken");
  EXPECT_DEATH((void)Value{}.items(), "invariant broken");
}

TEST(JsonWriter, writes_nested_documents_with_commas_where_they_belong) {
  std::string out;
  Writer w(out);
  w.begin_object().key("a").begin_array().integer(1).string("two").null().boolean(false).end_array();
  w.key("o").begin_object().end_object().key("e").begin_array().end_array().key("r").raw("[0]").end_object();
  EXPECT_EQ(out, R"({"a":[1,"two",null,false],"o":{},"e":[],"r":[0]})");
}

TEST(JsonWriter, escapes_exactly_what_json_demands) {
  std::string out;
  append_quoted(out, std::string_view("a\"\\/\b\f\n\r\t\x00\x1f\x7f\xc3\xa9", 14));
  EXPECT_EQ(out, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\xc3\xa9\"");
  EXPECT_EQ(parsed(out).as_string(), std::string_view("a\"\\/\b\f\n\r\t\x00\x1f\x7f\xc3\xa9", 14));
}

TEST(JsonWriter, writes_the_shortest_number_that_reads_back) {
  const auto text = [](double value) {
    std::string out;
    Writer(out).number(value);
    return out;
  };
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(1783165130.534), "1783165130.534");
  EXPECT_EQ(text(5), "5");
  EXPECT_EQ(text(-0.5), "-0.5");
  EXPECT_EQ(text(std::numeric_limits<double>::quiet_NaN()), "\"NaN\"");
  EXPECT_EQ(text(std::numeric_limits<double>::infinity()), "\"Infinity\"");
  EXPECT_EQ(text(-std::numeric_limits<double>::infinity()), "\"-Infinity\"");
  for (const double value : {1e22, 1e-300, 1.7976931348623157e308, 5e-324, 123456789012345680.0}) {
    EXPECT_EQ(parsed(text(value)).as_double(), value);
  }
}

TEST(JsonWriterDeathTest, refuses_a_key_without_its_value) {
  std::string out;
  Writer w(out);
  w.begin_object().key("a");
  EXPECT_DEATH(w.end_object(), "invariant broken");
  EXPECT_DEATH(w.key("b"), "invariant broken");
}

}  // namespace
}  // namespace warifu::json
