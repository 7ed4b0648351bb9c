#include "extract/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "extract/answers.h"
#include "extract/prompts.h"
#include "extract/schemas.h"
#include "json/value.h"

namespace warifu::extract {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

std::vector<MetadataField> fields() {
  return {
      {.key = "city", .definition = "Where \"they\" go", .instruction = "LATEST_VALUE", .allowed = {"Kyoto", "kyoto!"}},
      {.key = "mood", .instruction = "In one word."},
      {.key = "foods", .type = ValueType::kStringList, .allowed = {"tea", "cake", "soup"}, .items_max = 2},
      {.key = "nights", .type = ValueType::kNumber, .least = 1, .most = 30}};
}

Metadata read(std::string_view answer, const std::vector<MetadataField>& of = fields()) {
  const auto parsed = json::parse(answer);
  EXPECT_TRUE(parsed) << answer;
  return metadata_from_answer(parsed ? &*parsed : nullptr, of);
}

TEST(MetadataSchema, AsksForEveryFieldOfItsTypeOrNull) {
  const Schema schema = extraction_schema(Kind::kPreference, fields());
  const auto parsed = json::parse(schema.text);
  ASSERT_TRUE(parsed) << schema.text;
  const json::Value* item = parsed->find("properties")->find("memories")->find("items");
  ASSERT_EQ(item->find("required")->items().size(), 4U);
  EXPECT_EQ(item->find("required")->items().back().as_string(), "metadata");
  const json::Value* metadata = item->find("properties")->find("metadata");
  ASSERT_NE(metadata, nullptr);
  EXPECT_EQ(metadata->find("required")->items().size(), 4U);
  EXPECT_FALSE(metadata->find("additionalProperties")->as_bool());
  EXPECT_EQ(metadata->find("properties")->dump(),
            R"({"city":{"type":["string","null"],"enum":["Kyoto","kyoto!",null]},"mood":{"type":["string","null"]},)"
            R"("foods":{"type":["array","null"],"items":{"type":"string","enum":["tea","cake","soup"]}},)"
            R"("nights":{"type":["number","null"]}})");
}

TEST(MetadataSchema, IsNotThereWithoutFields) {
  for (const Kind kind : {Kind::kSemantic, Kind::kPreference, Kind::kSummary, Kind::kEpisode}) {
    EXPECT_THAT(extraction_schema(kind).text, Not(HasSubstr("metadata")));
    EXPECT_TRUE(json::parse(extraction_schema(kind, fields()).text));
  }
}

TEST(MetadataSchema, ThePromptExplainsEachFieldAlsoBesideOwnInstructions) {
  const std::vector<Turn> fresh = {{Role::kUser, "Three nights in Kyoto.", {1}}};
  const std::vector<MetadataField> asked = fields();
  const Prompt prompt =
      extraction_prompt(Kind::kSemantic, {{}, fresh}, {.instructions = "Only trips.", .fields = asked});
  EXPECT_THAT(prompt.system, HasSubstr("Only trips."));
  EXPECT_THAT(prompt.system, HasSubstr("- \"city\" (string; one of \"Kyoto\" \"kyoto!\"): Where \"they\" go Where "
                                       "several are said, the latest.\n"));
  EXPECT_THAT(prompt.system, HasSubstr("- \"mood\" (string) In one word.\n"));
  EXPECT_THAT(prompt.system,
              HasSubstr("- \"foods\" (list of strings; each one of \"tea\" \"cake\" \"soup\"; 2 at most)\n"));
  EXPECT_THAT(prompt.system, HasSubstr("- \"nights\" (number; 1 or more; 30 or less)\n"));
}

TEST(MetadataSchema, KeysOfAnyCharactersStayJson) {
  const std::vector<MetadataField> odd = {{.key = "a b\n\t:/=+@-", .allowed = {"\"quoted\" \\ \x01"}}};
  EXPECT_TRUE(json::parse(extraction_schema(Kind::kSemantic, odd).text));
}

TEST(MetadataAnswers, TakeWhatTheSchemaAllows) {
  EXPECT_THAT(read(R"({"city":"KYOTO","mood":" very\tglad ","foods":["Tea","tea","cake"],"nights":3})"),
              ElementsAre(Pair("city", MetadataValue("Kyoto")), Pair("mood", MetadataValue("very glad")),
                          Pair("foods", MetadataValue(std::vector<std::string>{"tea", "cake"})),
                          Pair("nights", MetadataValue(3.0))));
  EXPECT_THAT(read(R"({"city":"kyoto!"})"), ElementsAre(Pair("city", MetadataValue("kyoto!"))));
  EXPECT_THAT(read(R"({"foods":["beer",7,null,"soup"]})"),
              ElementsAre(Pair("foods", MetadataValue(std::vector<std::string>{"soup"}))));
}

TEST(MetadataAnswers, LeaveOutWhatItDoesNot) {
  for (const std::string_view bad :
       {R"({"city":"Osaka"})", R"({"city":["Kyoto"]})", R"({"city":null,"mood":null,"foods":null,"nights":null})",
        R"({"mood":"  "})", R"({"mood":7})", R"({"foods":"tea"})", R"({"foods":[]})", R"({"foods":["beer"]})",
        R"({"nights":0})", R"({"nights":31})", R"({"nights":"3"})", R"({"nights":1e999})", R"({"else":"x"})", "[]",
        "null", "7"}) {
    EXPECT_THAT(read(bad), IsEmpty()) << bad;
  }
  EXPECT_THAT(metadata_from_answer(nullptr, fields()), IsEmpty());
}

TEST(MetadataAnswers, HoldTheirBounds) {
  EXPECT_THAT(read("{\"mood\":\"" + std::string(kMetadataStringMax, 'a') + "\"}"), testing::SizeIs(1));
  EXPECT_THAT(read("{\"mood\":\"" + std::string(kMetadataStringMax + 1, 'a') + "\"}"), IsEmpty());
  const std::vector<MetadataField> open = {{.key = "tags", .type = ValueType::kStringList}};
  const Metadata five = read(R"({"tags":["a","b","c","d","e","f"]})", open);
  ASSERT_THAT(five, testing::SizeIs(1));
  EXPECT_THAT(std::get<std::vector<std::string>>(five[0].second), testing::SizeIs(kMetadataItemsMax));
  EXPECT_THAT(read("{\"tags\":[\"" + std::string(kMetadataItemMax + 1, 'a') + "\"]}", open), IsEmpty());
}

TEST(MetadataAnswers, ReachTheirMemories) {
  const std::vector<Turn> fresh = {{Role::kUser, "Three nights in Kyoto.", {1}}};
  const auto made = memories_from_answer(
      Kind::kSemantic,
      R"({"memories":[{"fact":"The user goes to Kyoto.","metadata":{"city":"Kyoto","nights":"many"}},)"
      R"({"fact":"b","metadata":7}]})",
      {{}, fresh}, fields());
  ASSERT_TRUE(made);
  EXPECT_THAT((*made)[0].metadata, ElementsAre(Pair("city", MetadataValue("Kyoto"))));
  EXPECT_THAT((*made)[1].metadata, IsEmpty());
}

}  // namespace
}  // namespace warifu::extract
