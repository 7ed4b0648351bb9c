// The tables of test/extract: one case a line, so that a language rule and its exceptions can be read together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "extract/dates.h"
#include "extract/extract.h"
#include "extract/person.h"
#include "extract/sentences.h"
#include "json/value.h"

namespace warifu::extract {
namespace {

using testing::ElementsAreArray;

YAML::Node table(const std::string& name) {
  return YAML::LoadFile(std::string(WARIFU_SOURCE_DIR) + "/test/extract/" + name);
}

std::vector<std::string> strings(const YAML::Node& node) {
  std::vector<std::string> out;
  for (const YAML::Node& item : node) out.push_back(item.as<std::string>());
  return out;
}

const Timestamp kNoon = *parse_iso8601("2023-05-07T12:00:00Z");

TEST(ExtractTables, RelativeDatesBecomeAbsolute) {
  std::size_t count = 0;
  for (const YAML::Node& group : table("dates.yaml")) {
    const Timestamp said = *parse_iso8601(group["said"].as<std::string>());
    for (const YAML::Node& row : group["cases"]) {
      ++count;
      EXPECT_EQ(with_absolute_dates(row[0].as<std::string>(), said), row[1].as<std::string>());
    }
  }
  EXPECT_GT(count, 60U);
}

TEST(ExtractTables, FirstPersonBecomesThird) {
  std::size_t count = 0;
  for (const YAML::Node& group : table("person.yaml")) {
    const Subject subject{group["subject"].as<std::string>()};
    for (const YAML::Node& row : group["cases"]) {
      ++count;
      EXPECT_EQ(third_person(row[0].as<std::string>(), subject), row[1].as<std::string>());
    }
  }
  EXPECT_GT(count, 60U);
}

TEST(ExtractTables, TextsAreCutIntoSentences) {
  for (const YAML::Node& row : table("sentences.yaml")) {
    const auto text = row[0].as<std::string>();
    std::vector<std::string> got;
    for (const std::string_view sentence : sentences(text)) got.emplace_back(sentence);
    EXPECT_THAT(got, ElementsAreArray(strings(row[1]))) << text;
  }
}

TEST(ExtractTables, PreferencesAreToldFromFacts) {
  for (const YAML::Node& row : table("preferences.yaml")) {
    const std::vector<Turn> turns = {{Role::kUser, row[0].as<std::string>(), kNoon}};
    std::vector<std::string> got;
    for (const Memory& memory : preferences({{}, turns})) {
      const auto value = json::parse(memory.text);
      ASSERT_TRUE(value) << memory.text;
      got.push_back(value->find_string("preference").value_or("?"));
    }
    EXPECT_THAT(got, ElementsAreArray(strings(row[1]))) << turns[0].text;
  }
}

TEST(ExtractTables, FactsAreWhatTheyShouldBe) {
  std::size_t count = 0;
  for (const YAML::Node& row : table("facts.yaml")) {
    ++count;
    std::vector<Turn> context;
    std::vector<Turn> fresh;
    for (const YAML::Node& said : row["said"]) {
      const auto text = said[1].as<std::string>();
      const auto role = said[0].as<std::string>();
      const Role its = role == "USER"        ? Role::kUser
                       : role == "ASSISTANT" ? Role::kAssistant
                       : role == "TOOL"      ? Role::kTool
                                             : Role::kOther;
      (said.size() > 2 ? context : fresh).push_back({its, text, kNoon});
    }
    std::vector<std::string> got;
    for (const Memory& memory : facts({context, fresh})) got.push_back(memory.text);
    EXPECT_THAT(got, ElementsAreArray(strings(row["facts"]))) << fresh[0].text;
  }
  EXPECT_GT(count, 40U);
}

}  // namespace
}  // namespace warifu::extract
