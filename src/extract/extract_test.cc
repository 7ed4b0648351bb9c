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
          R"({"context":"The user explicitly stated that they would rather focus on Japanese sweets and cafes than )"
          R"(temples and shrines.","preference":"Prefers Japanese sweets and cafes over temples and shrines",)"
          R"("categories":["Travel","Food","Sweets","Cafe"]})",
          R"({"context":"The user explicitly stated that they love matcha sweets.",)"
          R"("preference":"Loves matcha sweets","categories":["Food","Sweets"]})"));
}

std::vector<Turn> task() {
  const Timestamp time = at("2026-07-04T12:00:00Z");
  return {{Role::kUser, "My printer shows error E04. Can you help me fix the printer?", time},
          {Role::kAssistant, "Please turn it off and remove the paper tray.", time},
          {Role::kTool, "status=E04", time},
          {Role::kUser, "The tray is out & empty now.", time},
          {Role::kAssistant, "Then put it back and hold the reset button for five seconds.", time},
          {Role::kUser, "That worked, thanks!", time}};
}

TEST(Extract, AnEpisodeIsToldWhenTheUserClosesIt) {
  const std::vector<Turn> turns = task();
  const std::vector<Memory> told = episodes({{}, turns});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_THAT(told[0].text, testing::HasSubstr("<intent>Can you help the user fix the printer?</intent>"));
  EXPECT_THAT(told[0].text, testing::HasSubstr("<assessment>Yes</assessment>"));
  EXPECT_THAT(told[0].text, testing::HasSubstr("The tray is out &amp; empty now."));
  EXPECT_THAT(told[0].text, testing::HasSubstr("hold the reset button"));
}

TEST(Extract, AnEpisodeUnderWayWaitsAndIsToldOnce) {
  const std::vector<Turn> turns = task();
  const std::span<const Turn> all(turns);
  EXPECT_THAT(episodes({{}, all.first(5)}), testing::IsEmpty());
  EXPECT_EQ(episodes({all.first(5), all.last(1)}).size(), 1U);
  const std::vector<Turn> later = {{Role::kUser, "Hello again.", at("2026-07-04T13:00:00Z")}};
  EXPECT_THAT(episodes({all, later}), testing::IsEmpty());
}

TEST(Extract, AnEpisodeThatFailedSaysSo) {
  std::vector<Turn> turns = task();
  turns.back().text = "It still fails, never mind.";
  const std::vector<Memory> told = episodes({{}, turns});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_THAT(told[0].text, testing::HasSubstr("<assessment>No</assessment>"));
}

TEST(Extract, AnotherRequestLeavesTheFirstOpenEnded) {
  std::vector<Turn> turns = task();
  turns.back().text = "Could you book me a table at the harbour restaurant for Friday?";
  const std::vector<Memory> told = episodes({{}, turns});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_THAT(told[0].text, testing::HasSubstr("<assessment>Partially</assessment>"));
}

TEST(Extract, ReflectionsJoinEpisodesOfOneKind) {
  const std::vector<Turn> turns = task();
  std::vector<Memory> told = episodes({{}, turns});
  told.push_back(told[0]);
  const std::vector<Memory> learnt = reflections(told);
  ASSERT_EQ(learnt.size(), 1U);
  for (const std::string_view part : {"<title>", "<use_cases>", "<hints>", "<confidence>0.8</confidence>"}) {
    EXPECT_THAT(learnt[0].text, testing::HasSubstr(std::string(part)));
  }
}

TEST(Extract, TopicsSumUpEveryRole) {
  const std::vector<Turn> turns = task();
  const std::vector<Memory> chunks = topics({{}, turns});
  ASSERT_FALSE(chunks.empty());
  EXPECT_THAT(chunks[0].text, testing::StartsWith("<topic name=\""));
  EXPECT_THAT(chunks[0].text, testing::EndsWith("</topic>"));
  EXPECT_THAT(chunks[0].text, testing::HasSubstr("The user's printer shows error E04."));
  EXPECT_THAT(chunks[0].text, testing::HasSubstr("The assistant said: Please turn it off"));
  EXPECT_THAT(chunks[0].text, testing::HasSubstr("A tool answered: status=E04"));
}

TEST(Extract, OnlyValuesThatWereSaidAreInferred) {
  const std::vector<Turn> turns = task();
  const std::vector<std::size_t> sources = {0, 3};
  const std::vector<std::string> allowed = {"tray", "PRINTER", "print", "error e04", "reset button", ""};
  EXPECT_THAT(values_named({{}, turns}, sources, allowed), ElementsAre("tray", "PRINTER", "error e04"));
}

TEST(Extract, TheIndexTextHoldsDateQuestionAndEarlierTurns) {
  const Timestamp time = at("2023-05-07T12:00:00Z");
  const std::vector<Turn> before = {{Role::kUser, "Ana: I went to Kyoto.", time},
                                    {Role::kAssistant, "Ben: How was it?", time}};
  const std::vector<Turn> fresh = {{Role::kUser, "Ana: I bought sweets.", time}};
  const std::vector<Memory> told = facts({before, fresh});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].index_text, "[7 May 2023] I went to Kyoto. How was it? Ana: I bought sweets. go buy");
  EXPECT_THAT(told[0].sources, ElementsAre(0U));
  EXPECT_EQ(told[0].time, time);
}

}  // namespace
}  // namespace warifu::extract
