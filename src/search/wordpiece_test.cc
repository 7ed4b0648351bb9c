#include "search/wordpiece.h"

#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <sstream>

namespace warifu::search {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

std::string vocabulary() {
  std::ostringstream text;
  text << std::ifstream(WARIFU_SOURCE_DIR "/src/search/data/vocabulary.txt").rdbuf();
  return text.str();
}

class Bert : public testing::Test {
 protected:
  std::string vocabulary_ = vocabulary();
  Result<Wordpiece> made_ = Wordpiece::make(vocabulary_);
  const Wordpiece& pieces_ = *made_;
};

TEST_F(Bert, IdsAreTheReferences) {
  const YAML::Node file = YAML::LoadFile(WARIFU_SOURCE_DIR "/test/data/search/reference.json");
  for (const std::string model : {"e5", "minilm"}) {
    for (std::size_t i = 0; i < file["texts"].size(); ++i) {
      auto expected = file[model]["ids"][i].as<std::vector<std::int32_t>>();
      ASSERT_GE(expected.size(), 2U);
      EXPECT_EQ(expected.front(), pieces_.first());
      EXPECT_EQ(expected.back(), pieces_.last());
      expected.erase(expected.begin());
      expected.pop_back();
      const auto text = file[model]["prefix"].as<std::string>() + file["texts"][i].as<std::string>();
      EXPECT_THAT(pieces_.ids(text, 256), ElementsAreArray(expected)) << text;
    }
  }
}

TEST_F(Bert, WordsOfAHundredCharactersAreTheLongestSpelt) {
  EXPECT_GT(pieces_.ids(std::string(100, 'x'), 256).size(), 1U);
  EXPECT_THAT(pieces_.ids(std::string(101, 'x'), 256), ElementsAre(pieces_.unknown()));
  std::string accents;
  for (int i = 0; i < 100; ++i) accents += "é";
  EXPECT_GT(pieces_.ids(accents, 256).size(), 1U) << "characters, not bytes";
}

TEST_F(Bert, StopsAtTheLimit) {
  EXPECT_EQ(pieces_.ids("a b c d e f g", 3).size(), 3U);
  EXPECT_THAT(pieces_.ids("a b c", 0), IsEmpty());
}

TEST_F(Bert, MarksInATextAreText) {
  for (const auto id : pieces_.ids("[CLS] [SEP] [UNK] [PAD]", 256)) {
    EXPECT_NE(id, pieces_.first());
    EXPECT_NE(id, pieces_.last());
  }
  EXPECT_NE(pieces_.ids("##ing", 256).front(), pieces_.ids("xing", 256).back());
}

TEST_F(Bert, DropsWhatIsNotText) {
  EXPECT_EQ(pieces_.ids("ma\xFFtcha", 256), pieces_.ids("matcha", 256));
  EXPECT_EQ(pieces_.ids("mat\u200Bcha", 256), pieces_.ids("matcha", 256));
  EXPECT_EQ(pieces_.ids(std::string_view("mat\0cha", 7), 256), pieces_.ids("matcha", 256));
  EXPECT_EQ(pieces_.ids("a\u00A0b\u3000c", 256), pieces_.ids("a b c", 256));
}

TEST(Vocabulary, RefusesWhatIsNone) {
  EXPECT_FALSE(Wordpiece::make("").has_value());
  EXPECT_FALSE(Wordpiece::make("[UNK]\n[CLS]\n").has_value());
  EXPECT_FALSE(Wordpiece::make("[UNK]\n\n[CLS]\n[SEP]\n").has_value());
  EXPECT_TRUE(Wordpiece::make("[UNK]\n[CLS]\n[SEP]").has_value());
}

}  // namespace
}  // namespace warifu::search
