#include "extract/extract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warifu::extract {
namespace {

using testing::ElementsAre;

Timestamp at(std::string_view text) { return *parse_iso8601(text); }

std::vector<std::string> texts(const std::vector<Memory>& memories) {
  std::vector<std::string> out;
  for (const Memory& memory : memories) out.push_back(memory.text);
  return out;
}

std::vector<Turn> kyoto() {
  const Timestamp time = at("2026-07-04T11:38:50Z");
  return {
      {Role::kUser, "Hello! I'd like help planning a trip.", time},
      {Role::kAssistant, "Of course! Where are you thinking of traveling to?", time},
      {Role::kUser,
       "I'd like to go to Kyoto next month for 3 nights and 4 days. I'd rather focus on Japanese sweets and cafes than "
       "temples and shrines. I also love matcha sweets.",
       time},
      {Role::kAssistant,
       "A trip centered around Japanese sweets and cafes in Kyoto! Since you love matcha sweets, let me put "
       "together some recommended plans for you.",
       time},
  };
}

TEST(Extract, TheEventOfTheArticleGivesItsFacts) {
  EXPECT_THAT(texts(facts({{}, kyoto()})),
              ElementsAre("The user would like to go to Kyoto in August 2026 for 3 nights and 4 days.",
                          "The user would rather focus on Japanese sweets and cafes than temples and shrines.",
                          "The user loves matcha sweets."));
}

TEST(Extract, TheEventOfTheArticleGivesItsPreferences) {
  EXPECT_THAT(
      texts(preferences({{}, kyoto()})),
      ElementsAre(
          R"({"context":"The user explicitly stated that they would rather focus on Japanese sweets and cafes than temples and shrines.","preference":"Prefers Japanese sweets and cafes over temples and shrines","categories":["Travel","Food","Sweets","Cafe"]})",
          R"({"context":"The user explicitly stated that they love matcha sweets.","preference":"Loves matcha sweets","categories":["Food","Sweets"]})"));
}

}  // namespace
}  // namespace warifu::extract
