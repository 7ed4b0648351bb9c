#include "search/analyzer.h"

#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

namespace warifu::search {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

TEST(Analyzer, AgreesWithTheReference) {
  const YAML::Node file = YAML::LoadFile(WARIFU_SOURCE_DIR "/test/data/search/reference.json");
  ASSERT_EQ(file["texts"].size(), 10U);
  for (std::size_t i = 0; i < file["texts"].size(); ++i) {
    const auto text = file["texts"][i].as<std::string>();
    EXPECT_THAT(stems(text), ElementsAreArray(file["terms"][i].as<std::vector<std::string>>())) << text;
  }
}

TEST(Analyzer, FoldsWhatPeopleWriteInManyWays) {
  EXPECT_EQ(stems("Zürich ZÜRICH zurich Zu\u0308rich"), std::vector<std::string>(4, "zurich"));
  EXPECT_EQ(stems("ﬁsh ｆｉｓｈ FISH"), std::vector<std::string>(3, "fish"));
  EXPECT_THAT(stems("ΟΔΟΣ οδός"), ElementsAre("οδος", "οδος"));
  EXPECT_THAT(stems("İstanbul"), ElementsAre("istanbul"));
  EXPECT_THAT(stems("snake_case"), ElementsAre("snake", "case"));
  EXPECT_THAT(stems("Straße"), ElementsAre("straße"));
}

TEST(Analyzer, MakesBigramsOfScriptsWithoutSpaces) {
  EXPECT_THAT(stems("東"), ElementsAre("東"));
  EXPECT_THAT(stems("東京都"), ElementsAre("東京", "京都"));
  EXPECT_THAT(stems("がぎ"), ElementsAre("かき"));
  EXPECT_THAT(stems("ab東京cd"), ElementsAre("ab", "東京", "cd"));
  EXPECT_THAT(stems("한국어"), ElementsAre("한국", "국어"));
  EXPECT_THAT(stems("\u1112\u1161\u11ab\u1100\u116e\u11a8"), ElementsAre("한국")) << "letters compose to syllables";
}

TEST(Analyzer, DropsStopWordsBeforeItStems) {
  EXPECT_THAT(stems("What will the user be doing with them?"), ElementsAre("user"));
  EXPECT_THAT(stems("running runs runner"), ElementsAre("run", "run", "runner"));
  EXPECT_THAT(stems(""), IsEmpty());
}

TEST(Analyzer, TakesAnyBytes) {
  EXPECT_THAT(stems("ab\xFF\xFE"
                    "cd"),
              ElementsAre("ab", "cd"));
  EXPECT_THAT(stems("caf\xC3"), ElementsAre("caf"));
  EXPECT_THAT(stems(std::string_view("a1\0b2", 5)), ElementsAre("a1", "b2"));
  EXPECT_THAT(stems("\xED\xA0\x80"
                    "x\xF4\x90\x80\x80"),
              ElementsAre("x"))
      << "a surrogate, and past the last code point";
  EXPECT_EQ(stems(std::string(16'000, 'x')).size(), 1U);
  std::string ligatures;
  for (int i = 0; i < 5'000; ++i) ligatures += "ﷺ";  // 18 code points each, the longest that there is
  EXPECT_FALSE(stems(ligatures).empty());
}

TEST(Analyzer, TermsAreTheHashesOfTheStems) {
  for (const std::string_view text :
       {"The user loves matcha sweets, really loves them.", "東京 Zürich and the zurich again",
        "one two three one two three antidisestablishmentarianism"}) {
    std::vector<Term> expected;
    for (const std::string& stem : stems(text)) expected.push_back(term_of(stem));
    EXPECT_EQ(terms(text), expected);
    EXPECT_EQ(terms(text), expected) << "the second time, from memory";
  }
}

TEST(Analyzer, TermsNeverChange) {
  // Rows on disk hold them.
  EXPECT_EQ(term_of("matcha"), terms("matcha").front());
  EXPECT_EQ(term_of("kyoto"), 359535110082U);
  EXPECT_EQ(term_of("東京"), 785991952869U);
  EXPECT_LT(term_of("x"), Term{1} << kTermBits);
}

}  // namespace
}  // namespace warifu::search
