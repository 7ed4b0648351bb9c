#include "extract/consolidate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warifu::extract {
namespace {

constexpr Timestamp kEarly{1'600'000'000'000};
constexpr Timestamp kNow{1'683'460'800'000};  // 7 May 2023
constexpr Timestamp kLate{1'700'000'000'000};

Memory memory(std::string text, Timestamp time = kNow) {
  return {.text = std::move(text), .time = time, .sources = {0}};
}

std::string preference(std::string_view text) {
  return R"({"context":"x","preference":")" + std::string(text) + R"(","categories":["Food"]})";
}

struct Case {
  std::string fresh;
  std::string old;
  Timestamp old_time;
  Action action;
  std::string text{};  // of an update
};

void expect_each(Kind kind, const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    const std::vector<Existing> existing = {{one.old, one.old_time, 0.5F}};
    const Memory fresh = memory(one.fresh);
    const Decision decision = consolidate(kind, fresh, existing);
    EXPECT_EQ(decision.action, one.action) << one.fresh << " | " << one.old;
    if (one.action == Action::kUpdate && !one.text.empty()) {
      EXPECT_EQ(decision.text, one.text);
    }
  }
}

TEST(Consolidate, AFactIsAddedUpdatedOrSkipped) {
  expect_each(Kind::kSemantic,
              {
                  {"The user loves tea.", "The user loves tea.", kEarly, Action::kSkip},
                  {"The user loves tea.", "The user really loves tea!", kEarly, Action::kSkip},
                  {"The user loves tea.", "The user loves coffee.", kEarly, Action::kAdd},
                  {"The user loves tea.", "The user doesn't love tea.", kEarly, Action::kAdd},
                  {"The user flew from Oslo to Rome.", "The user flew from Rome to Oslo.", kEarly, Action::kAdd},
                  {"The user has 2 cats.", "The user has 3 cats.", kEarly, Action::kAdd},
                  {"The user has a small dog named Rex.", "The user has a small dog.", kEarly, Action::kUpdate,
                   "The user has a small dog named Rex."},
                  {"The user has a small dog.", "The user has a small dog named Rex.", kLate, Action::kSkip},
                  {"The user has a small dog named Rex.", "The user has a small dog.", kLate, Action::kAdd},
                  {"The user moved to Porto.", "The user lives in Lisbon.", kEarly, Action::kUpdate,
                   "The user moved to Porto (before 7 May 2023: lives in Lisbon)."},
                  {"The user moved to Porto.", "The user lives in Lisbon.", kLate, Action::kSkip},
                  {"The user moved to Porto.", "Ana lives in Lisbon.", kEarly, Action::kAdd},
                  {"Ana works at Siemens.", "Ana works at Bosch.", kEarly, Action::kUpdate,
                   "Ana works at Siemens (before 7 May 2023: works at Bosch)."},
                  {"Ana works at Siemens.", "Ana lives in Berlin.", kEarly, Action::kAdd},
                  {"Ana works at Siemens.", "Ana works at Bosch, where they met Tom.", kEarly, Action::kAdd},
                  {"Ana's favourite colour is green.", "Ana's favourite colour is red.", kEarly, Action::kUpdate},
                  {"Ana's favourite colour is green.", "Ana's favourite fruit is plum.", kEarly, Action::kAdd},
                  {"Ana's sister lives in Rome.", "Ana's brother lives in Bari.", kEarly, Action::kAdd},
                  {"Ana lives in Rome and Bari.", "Ana lives in Oslo.", kEarly, Action::kAdd},
                  {"京都に住んでいます。", "京都に住んでいます。", kEarly, Action::kSkip},
                  {"京都に住んでいます。", "大阪に住んでいます。", kEarly, Action::kAdd},
                  {"🎉", "🎉", kEarly, Action::kSkip},
              });
}

TEST(Consolidate, APreferenceFollowsTheLatestWord) {
  expect_each(
      Kind::kPreference,
      {
          {preference("Loves coffee"), preference("Loves coffee"), kEarly, Action::kSkip},
          {preference("Loves coffee"), preference("Likes coffee"), kEarly, Action::kSkip},
          {preference("Can't stand coffee"), preference("Loves coffee"), kEarly, Action::kUpdate},
          {preference("Can't stand coffee"), preference("Loves coffee"), kLate, Action::kSkip},
          {preference("Loves coffee"), preference("Loves tea"), kEarly, Action::kAdd},
          {preference("Loves coffee"), preference("Hates coffee ice cream"), kEarly, Action::kAdd},
          {preference("Favourite colour is green"), preference("Favourite colour is red"), kEarly, Action::kUpdate},
          {preference("Used to love running"), preference("Loves running"), kEarly, Action::kUpdate},
          {"no json", "no json", kEarly, Action::kSkip},
          {"no json", "other", kEarly, Action::kAdd},
      });
}

TEST(Consolidate, SummariesAndEpisodesAreOnlyKeptFromRepeating) {
  for (const Kind kind : {Kind::kSummary, Kind::kEpisode}) {
    expect_each(kind, {{"<topic name=\"A\">x</topic>", "<topic name=\"A\">x</topic>", kEarly, Action::kSkip},
                       {"<topic name=\"A\">x</topic>", "<topic name=\"A\">y</topic>", kEarly, Action::kAdd}});
  }
}

TEST(Consolidate, AReflectionOfTheSameTitleIsUpdated) {
  expect_each(Kind::kReflection,
              {
                  {"<reflection><title>A</title><hints>x</hints></reflection>",
                   "<reflection><title>A</title><hints>y</hints></reflection>", kEarly, Action::kUpdate},
                  {"<reflection><title>A</title><hints>x</hints></reflection>",
                   "<reflection><title>B</title><hints>x</hints></reflection>", kEarly, Action::kAdd},
              });
}

/// Carries decisions out as a pipeline does.
void carry_out(const Memory& fresh, std::vector<Existing>& records) {
  const Decision decision = consolidate(Kind::kSemantic, fresh, records);
  if (decision.action == Action::kAdd) records.push_back({decision.text, fresh.time, 0});
  if (decision.action == Action::kUpdate) records[decision.existing] = {decision.text, fresh.time, 0};
}

TEST(Consolidate, AReplayChangesNothing) {
  const std::vector<Memory> said = {memory("Ana lives in Rome.", kEarly), memory("Ana has a dog.", kEarly),
                                    memory("Ana lives in Oslo."),         memory("Ana has a dog named Rex."),
                                    memory("Ana lives in Bonn.", kLate),  memory("Ana plays chess.", kLate)};
  std::vector<Existing> records;
  for (const Memory& one : said) carry_out(one, records);
  const std::size_t count = records.size();
  std::vector<std::string> before;
  for (const Existing& record : records) before.push_back(record.text);
  for (const Memory& one : said) carry_out(one, records);
  std::vector<std::string> after;
  for (const Existing& record : records) after.push_back(record.text);
  EXPECT_EQ(records.size(), count);
  EXPECT_EQ(after, before);
  EXPECT_THAT(before, testing::Contains(testing::StartsWith("Ana lives in Bonn (before ")));
}

TEST(Consolidate, WhatIsNewestStandsWhateverCameFirst) {
  std::vector<Existing> records;
  carry_out(memory("Ana lives in Bonn.", kLate), records);
  carry_out(memory("Ana lives in Rome.", kEarly), records);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].text, "Ana lives in Bonn.");
}

}  // namespace
}  // namespace warifu::extract
