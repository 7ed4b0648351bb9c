#include "mcp/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warifu::mcp {
namespace {

using ::testing::HasSubstr;

json::Value parsed(std::string_view text) { return json::parse(text, {.depth_max = 1000}).value(); }

std::string judged(std::string_view schema, std::string_view instance, const SchemaLimits& limits = {}) {
  const Result<Schema> compiled = Schema::compile(parsed(schema), limits);
  return compiled ? sentence(compiled->validate(parsed(instance))) : "schema: " + compiled.error().message;
}

struct Case {
  std::string_view schema;
  std::string_view instance;
  std::string_view fault;  // empty: valid
};

class SchemaTable : public ::testing::TestWithParam<Case> {};

TEST_P(SchemaTable, Judges) { EXPECT_EQ(judged(GetParam().schema, GetParam().instance), GetParam().fault); }

INSTANTIATE_TEST_SUITE_P(
    Values, SchemaTable,
    ::testing::Values(
        Case{"true", "1", ""}, Case{"false", "1", "is not allowed"}, Case{"{}", "null", ""},
        Case{R"({"type":"string"})", "1", "must be of type string"}, Case{R"({"type":"integer"})", "1.0", ""},
        Case{R"({"type":"integer"})", "1.5", "must be of type integer"}, Case{R"({"type":"number"})", "7", ""},
        Case{R"({"type":["string","null"]})", "true", "must be of type string or null"},
        Case{R"({"enum":["a",1.0,{"x":1,"y":2}]})", "1", ""},
        Case{R"({"enum":["a",1.0,{"x":1,"y":2}]})", R"({"y":2,"x":1})", ""},
        Case{R"({"enum":["a","b"]})", R"("c")", R"(must be one of "a", "b")"}, Case{R"({"const":5})", "6", "must be 5"},
        Case{R"({"minimum":2,"maximum":4})", "3", ""}, Case{R"({"minimum":2})", "1.9", "must be at least 2"},
        Case{R"({"exclusiveMaximum":4})", "4", "must be below 4"},
        Case{R"({"minimum":2,"exclusiveMinimum":true})", "2", "must be above 2"},
        Case{R"({"multipleOf":0.01})", "19.99", ""}, Case{R"({"multipleOf":3})", "7", "must be a multiple of 3"},
        Case{R"({"minLength":2,"maxLength":3})", R"("äöü")", ""},
        Case{R"({"maxLength":2})", R"("äöü")", "must have at most 2 characters"},
        Case{R"({"pattern":"^[a-z]+$"})", R"("abc")", ""}, Case{R"({"pattern":"^\\u0061+$"})", R"("aa")", ""},
        Case{R"({"pattern":"^[a-z]+$"})", R"("ab1")", "must match the pattern `^[a-z]+$`"},
        Case{R"({"format":"email"})", R"("not one")", ""}));

INSTANTIATE_TEST_SUITE_P(
    Containers, SchemaTable,
    ::testing::Values(
        Case{R"({"properties":{"city":{"type":"string"}},"required":["city"]})", "{}",
             "is missing the required property `city`"},
        Case{R"({"properties":{"a":{"properties":{"b/c":{"type":"null"}}}}})", R"({"a":{"b/c":1}})",
             "`/a/b~1c` must be of type null"},
        Case{R"({"properties":{"a":{}},"additionalProperties":false})", R"({"a":1,"b":2})",
             "has an unknown property `b`"},
        Case{R"({"additionalProperties":{"type":"null"}})", R"({"b":2})", "`/b` must be of type null"},
        Case{R"({"patternProperties":{"^x-":{"type":"string"}},"additionalProperties":false})", R"({"x-a":"1"})", ""},
        Case{R"({"patternProperties":{"^x-":{"type":"string"}}})", R"({"x-a":1})", "`/x-a` must be of type string"},
        Case{R"({"propertyNames":{"maxLength":1}})", R"({"ab":1})", "the property name `ab` is not allowed"},
        Case{R"({"minProperties":1})", "{}", "must have at least 1 properties"},
        Case{R"({"dependentRequired":{"a":["b"]}})", R"({"a":1})", "needs the property `b` beside `a`"},
        Case{R"({"dependencies":{"a":{"required":["c"]}}})", R"({"a":1})", "is missing the required property `c`"},
        Case{R"({"items":{"type":"integer"}})", R"([1,"2"])", "`/1` must be of type integer"},
        Case{R"({"prefixItems":[{"type":"string"}],"items":false})", R"(["a",2])", "`/1` is not allowed"},
        Case{R"({"items":[{"type":"string"}],"additionalItems":false})", R"(["a",2])", "`/1` is not allowed"},
        Case{R"({"contains":{"const":1}})", "[2]", "must contain at least 1 matching items"},
        Case{R"({"contains":{"const":1},"minContains":0,"maxContains":1})", "[1,1]",
             "must contain at most 1 matching items"},
        Case{R"({"uniqueItems":true})", "[1,1.0]", "must not have equal items"},
        Case{R"({"uniqueItems":true})", R"([1,"1",true,[1],{"a":1}])", ""},
        Case{R"({"unevaluatedProperties":false,"allOf":[{"properties":{"a":{}}}]})", R"({"a":1,"b":2})",
             "`/b` is not allowed"},
        Case{R"({"unevaluatedItems":false,"anyOf":[{"prefixItems":[{}]}]})", "[1,2]", "`/1` is not allowed"}));

INSTANTIATE_TEST_SUITE_P(
    Combinations, SchemaTable,
    ::testing::Values(
        Case{R"({"allOf":[{"minimum":1},{"maximum":0}]})", "2", "must be at most 0"},
        Case{R"({"anyOf":[{"type":"string"},{"minimum":3}]})", "2",
             "must match at least one of the schemas in `anyOf`"},
        Case{R"({"oneOf":[{"type":"integer"},{"minimum":3}]})", "4", "must match only one of the schemas in `oneOf`"},
        Case{R"({"oneOf":[{"type":"string"},{"type":"null"}]})", "4", "must match one of the schemas in `oneOf`"},
        Case{R"({"not":{"type":"string"}})", R"("x")", "must not match the schema in `not`"},
        Case{R"({"if":{"const":1},"then":{"type":"string"},"else":{"const":2}})", "3", "must be 2"},
        Case{R"({"if":{"const":1},"then":{"type":"string"}})", "1", "must be of type string"},
        Case{R"({"$ref":"#/$defs/p","$defs":{"p":{"type":"string"}}})", "1", "must be of type string"},
        Case{R"({"$ref":"#p","$defs":{"p":{"$anchor":"p","type":"string"}}})", "1", "must be of type string"},
        Case{R"({"$id":"https://x/y","$ref":"https://x/y#/$defs/a~1b","$defs":{"a/b":{"type":"null"}}})", "1",
             "must be of type null"},
        Case{R"({"type":"object","properties":{"next":{"$ref":"#"}}})", R"({"next":{"next":3}})",
             "`/next/next` must be of type object"}));

TEST(Schema, ThatCannotBeMeantIsRefusedByItsPlace) {
  for (const auto& [schema, why] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"1", "`/`: must be an object, true or false"},
           {R"({"type":"text"})", "`/type`: is not a type"},
           {R"({"properties":{"a":{"minLength":-1}}})", "`/properties/a/minLength`: must be a count"},
           {R"({"required":"a"})", "`/required`: must be an array of strings"},
           {R"x({"pattern":"("})x", "`/pattern`: the pattern cannot be used"},
           {R"x({"pattern":"(?=a)"})x", "`/pattern`: the pattern cannot be used"},
           {R"({"multipleOf":0})", "`/multipleOf`: must be above 0"},
           {R"({"$ref":"#/$defs/x"})", "`/$ref`: `$ref` leads nowhere: `#/$defs/x`"},
           {R"({"$ref":"https://example.com/s.json"})", "outside of the document"},
           {R"({"$ref":"http://169.254.169.254/"})", "outside of the document"},
           {R"({"$schema":"https://example.com/mine"})", "is not supported"},
           {R"({"$ref":"#"})", "a subschema refers to itself"},
           {R"({"allOf":[{"anyOf":[{"$ref":"#"}]}]})", "a subschema refers to itself"},
           {R"({"properties":{"a":{"$ref":"#/properties/b"},"b":{"$ref":"#/properties/a"}}})", "refers to itself"},
       }) {
    EXPECT_THAT(judged(schema, "1"), HasSubstr(why)) << schema;
  }
}

TEST(Schema, IsBoundedWhenItIsCompiled) {
  const auto wide = [](std::size_t n) {
    std::string text = R"({"allOf":[)";
    for (std::size_t i = 1; i < n; ++i) text += i == 1 ? "{}" : ",{}";
    return text + "]}";
  };
  EXPECT_EQ(judged(wide(50), "1", {.subschemas_max = 50}), "");
  EXPECT_THAT(judged(wide(51), "1", {.subschemas_max = 50}), HasSubstr("too many subschemas"));
  const auto pattern = [](std::size_t n) { return R"({"pattern":")" + std::string(n, 'a') + "\"}"; };
  EXPECT_EQ(judged(pattern(20), "1", {.pattern_bytes_max = 20}), "");
  EXPECT_THAT(judged(pattern(21), "1", {.pattern_bytes_max = 20}), HasSubstr("too long"));
}

TEST(Schema, IsBoundedWhenItIsApplied) {
  // Each level doubles the work: 2^40 steps, were there no bound.
  std::string text = R"({"$defs":{"n0":{"type":"integer"})";
  for (int i = 1; i <= 40; ++i) {
    const std::string inner = R"({"$ref":"#/$defs/n)" + std::to_string(i - 1) + "\"}";
    text += R"(,"n)" + std::to_string(i) + R"(":{"allOf":[)" + inner + R"(,{"allOf":[)" + inner + "]}]}";
  }
  text += R"(},"$ref":"#/$defs/n40"})";
  EXPECT_EQ(judged(text, "1"), "takes too long to validate");

  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  const std::string_view tree = R"({"items":{"$ref":"#"}})";
  EXPECT_EQ(judged(tree, nested(30), {.depth_max = 64}), "");
  EXPECT_THAT(judged(tree, nested(40), {.depth_max = 64}), HasSubstr("is nested too deeply for its schema"));

  std::string items = "[0";
  for (int i = 0; i < 100; ++i) items += ",0";
  EXPECT_EQ(Schema::compile(parsed(R"({"items":false})"))->validate(parsed(items + "]")).size(),
            SchemaLimits{}.violations_max);
}

TEST(Schema, OfDraft7IgnoresWhatStandsBesideARef) {
  const std::string_view schema =
      R"({"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"a":{"type":"array"}},)"
      R"("properties":{"x":{"$ref":"#/definitions/a","maxItems":0}}})";
  EXPECT_EQ(judged(schema, R"({"x":[1]})"), "");
  EXPECT_EQ(judged(schema, R"({"x":1})"), "`/x` must be of type array");
}

TEST(Schema, AnchorThatStandsTwiceLeadsNowhere) {
  EXPECT_THAT(judged(R"({"$ref":"#a","$defs":{"x":{"$anchor":"a"},"y":{"$anchor":"a"}}})", "1"),
              HasSubstr("leads nowhere"));
}

TEST(Schema, BoundAppliesBothWaysToMembersThatStandTwice) {
  EXPECT_EQ(judged(R"({"properties":{"a":{"const":1}}})", R"({"a":1,"a":2})"), "`/a` must be 1");
}

TEST(Schema, MadeOfNothingAcceptsEverything) { EXPECT_TRUE(Schema().validate(parsed("[1,{}]")).empty()); }

}  // namespace
}  // namespace warifu::mcp
