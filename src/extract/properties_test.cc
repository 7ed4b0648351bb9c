// Rules that hold for any conversation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/encoding.h"
#include "extract/consolidate.h"
#include "extract/extract.h"
#include "extract/text.h"

namespace warifu::extract {
namespace {

constexpr Timestamp kNow{1'683'460'800'000};

std::vector<Memory> everything(const Conversation& conversation) {
  std::vector<Memory> out;
  for (auto* form : {&facts, &preferences, &topics, &episodes}) {
    for (Memory& memory : form(conversation)) out.push_back(std::move(memory));
  }
  for (Memory& memory : reflections(out)) out.push_back(std::move(memory));
  return out;
}

void expect_sound(const std::vector<Turn>& turns) {
  const std::vector<Memory> memories = everything({{}, turns});
  for (const Memory& memory : memories) {
    ASSERT_TRUE(is_utf8(memory.text));
    ASSERT_TRUE(is_utf8(memory.index_text));
    ASSERT_FALSE(memory.text.empty());
    ASSERT_LE(memory.text.size(), kTextBytesMax);
    ASSERT_LE(memory.index_text.size(), kIndexBytesMax);
    ASSERT_FALSE(memory.sources.empty());
    ASSERT_TRUE(std::ranges::is_sorted(memory.sources));
    ASSERT_LT(memory.sources.back(), turns.size());
  }
}

/// Sentences of common pieces, odd pieces and noise.
std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> kPieces = {"I",
                                                   "my",
                                                   "we",
                                                   "love",
                                                   "went to",
                                                   "Kyoto",
                                                   "Ana:",
                                                   "Ben: ",
                                                   "yesterday",
                                                   "next month",
                                                   "in 3 days",
                                                   ". ",
                                                   "? ",
                                                   "! ",
                                                   ", ",
                                                   "\n",
                                                   "\"",
                                                   "“",
                                                   "”",
                                                   "'",
                                                   "don't",
                                                   "rather",
                                                   "than",
                                                   "used to",
                                                   "{",
                                                   "}",
                                                   "[",
                                                   "]",
                                                   ":",
                                                   "\xF0\x9F\x8E\x89",
                                                   "\xE2\x80\xAE",
                                                   "\xFF\xFE",
                                                   "\xC3",
                                                   "京都",
                                                   "。",
                                                   "café",
                                                   "1999",
                                                   "3.50",
                                                   "e.g.",
                                                   "...",
                                                   "last",
                                                   "week",
                                                   "two weeks ago",
                                                   "favourite",
                                                   "is",
                                                   "and I",
                                                   "but",
                                                   " ",
                                                   " ",
                                                   " ",
                                                   "\t",
                                                   "thanks",
                                                   "please always",
                                                   "can you",
                                                   "it works",
                                                   std::string("\0", 1),
                                                   "<b>",
                                                   "&"};
  std::string out;
  const std::size_t count = 1 + random() % 40;
  for (std::size_t i = 0; i < count; ++i) {
    out += kPieces[random() % kPieces.size()];
    if (random() % 3 != 0) out += ' ';
  }
  return out;
}

TEST(ExtractProperties, AnyConversationGivesSoundMemories) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<Turn> turns;
    const std::size_t count = 1 + random() % 6;
    for (std::size_t i = 0; i < count; ++i) {
      const auto time = static_cast<std::int64_t>(random()) * (round % 50 == 0 ? 2'000'000'000 : 1000);
      turns.push_back({static_cast<Role>(random() % 4), random_text(random), {time}});
    }
    expect_sound(turns);
  }
}

TEST(ExtractProperties, TheSameTurnsGiveTheSameMemories) {
  std::mt19937 random(11);
  for (int round = 0; round < 60; ++round) {
    const std::vector<Turn> turns = {{Role::kUser, random_text(random), kNow},
                                     {Role::kUser, random_text(random), kNow}};
    const auto first = everything({{}, turns});
    const auto second = everything({{}, turns});
    ASSERT_EQ(first.size(), second.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      ASSERT_EQ(first[i].text, second[i].text);
      ASSERT_EQ(first[i].index_text, second[i].index_text);
    }
  }
}

TEST(ExtractProperties, NumbersAndNamesOfAStatementAreKept) {
  const std::vector<std::string> openings = {"I paid",        "My brother owes me", "We counted",
                                             "I was told of", "Yesterday I found",  "I don't have"};
  const std::vector<std::string> names = {"Zsófia", "O'Brien", "Müller-Lüdenscheidt", "Ng", "京都", "McKay"};
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    const std::string number = std::to_string(random() % 100000);
    const std::string& name = names[random() % names.size()];
    const std::string text = openings[random() % openings.size()] + " " + number + " crowns at " + name + " market.";
    const std::vector<Turn> turns = {{Role::kUser, text, kNow}};
    const std::vector<Memory> told = facts({{}, turns});
    ASSERT_EQ(told.size(), 1U) << text;
    EXPECT_THAT(told[0].text, testing::HasSubstr(number));
    EXPECT_THAT(told[0].text, testing::HasSubstr(name));
  }
}

TEST(ExtractProperties, AMemoryTakenTwiceIsSkipped) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    const std::vector<Turn> turns = {{Role::kUser, "I " + random_text(random), kNow}};
    for (const Memory& memory : facts({{}, turns})) {
      const std::vector<Existing> existing = {{memory.text, memory.time, 1}};
      ASSERT_EQ(consolidate(Kind::kSemantic, memory, existing).action, Action::kSkip) << memory.text;
    }
  }
}

std::string repeated(std::string_view piece, std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += piece;
  return out;
}

TEST(ExtractProperties, HugeTurnsAreBoundedWork) {
  constexpr std::size_t kMegabyte = 1'000'000;
  constexpr std::size_t kLong = 20'000;
  const std::vector<std::string> huge = {std::string(kMegabyte, 'a'),
                                         std::string(kMegabyte, '.'),
                                         std::string(kMegabyte, '\n'),
                                         std::string(kMegabyte, '['),
                                         "{\"a\":[" + repeated("{\"b\":\"I love tea\"},", kMegabyte) + "1]}",
                                         std::string(kLong, '"'),
                                         repeated("I love tea. ", kLong),
                                         repeated("and I and I, ", kLong),
                                         repeated("Ana: hi\n", kLong),
                                         repeated("....... a", kLong),
                                         repeated("京都に住んでいます", kLong),
                                         repeated("last next this a in 3 ", kLong),
                                         repeated("\"I love ", kLong)};
  for (const std::string& text : huge) {
    const std::vector<Turn> turns = {{Role::kUser, text, kNow}};
    expect_sound(turns);
    EXPECT_LE(facts({{}, turns}).size(), 2 * kMemoriesPerTurnMax);
  }
}

TEST(ExtractProperties, ALongTurnLosesNoSentence) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "I bought item number " + std::to_string(1000 + i) + " there. ";
  const std::vector<Turn> turns = {{Role::kUser, text, kNow}};
  std::string all;
  const std::vector<Memory> told = facts({{}, turns});
  EXPECT_LE(told.size(), kMemoriesPerTurnMax);
  for (const Memory& memory : told) all += memory.text;
  for (int i = 0; i < 300; ++i) EXPECT_THAT(all, testing::HasSubstr(std::to_string(1000 + i)));
}

TEST(ExtractProperties, AHundredMessagesAreBoundedWork) {
  const std::vector<Turn> turns(
      100, {Role::kUser, repeated("Yesterday my sister and I went to town, and I bought two apples. ", 1000), kNow});
  expect_sound(turns);
}

TEST(ExtractText, CleaningLeavesWellFormedTextWithoutControls) {
  EXPECT_EQ(clean("a\x01"
                  "b\xE2\x80\xAE"
                  "c\xFF",
                  100),
            "a bc\xEF\xBF\xBD");
  EXPECT_EQ(clean("don\xE2\x80\x99t", 100), "don't");
  EXPECT_EQ(clean("caf\xC3\xA9", 4), "caf");
  EXPECT_EQ(clean("\xED\xA0\x80", 100), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace warifu::extract
