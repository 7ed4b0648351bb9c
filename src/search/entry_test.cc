#include "search/entry.h"

#include <gmock/gmock.h>

#include <limits>
#include <random>

#include "search/embedder.h"

namespace warifu::search {
namespace {

void expect_same(const Entry& a, const Entry& b) {
  EXPECT_EQ(a.text_length, b.text_length);
  EXPECT_EQ(a.index_length, b.index_length);
  ASSERT_EQ(a.terms.size(), b.terms.size());
  for (std::size_t i = 0; i < a.terms.size(); ++i) {
    EXPECT_EQ(a.terms[i].term, b.terms[i].term);
    EXPECT_EQ(a.terms[i].text, b.terms[i].text);
    EXPECT_EQ(a.terms[i].index, b.terms[i].index);
  }
  ASSERT_EQ(a.vector.has_value(), b.vector.has_value());
  if (!a.vector) return;
  EXPECT_EQ(a.vector->embedder, b.vector->embedder);
  EXPECT_EQ(a.vector->scale, b.vector->scale);
  EXPECT_EQ(a.vector->values, b.vector->values);
}

Vector some_vector(std::size_t dimensions, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> values(dimensions);
  for (float& value : values) value = normal(random);
  return quantise(7, values);
}

std::uint16_t count_of(const Entry& entry, std::string_view stem, std::uint16_t TermCounts::* field) {
  for (const TermCounts& term : entry.terms) {
    if (term.term == term_of(stem)) return term.*field;
  }
  return 0;
}

TEST(Entry, CountsTheTermsOfBothTexts) {
  const Entry entry =
      make_entry("matcha sweets, matcha tea", "Which sweets? matcha sweets, matcha tea in Kyoto", std::nullopt);
  EXPECT_EQ(entry.text_length, 4U);
  EXPECT_EQ(entry.index_length, 6U);
  EXPECT_EQ(count_of(entry, "matcha", &TermCounts::text), 2);
  EXPECT_EQ(count_of(entry, "sweet", &TermCounts::text), 1);
  EXPECT_EQ(count_of(entry, "sweet", &TermCounts::index), 2);
  EXPECT_EQ(count_of(entry, "kyoto", &TermCounts::text), 0);
  EXPECT_EQ(count_of(entry, "kyoto", &TermCounts::index), 1);
  EXPECT_TRUE(std::ranges::is_sorted(entry.terms, {}, &TermCounts::term));
}

TEST(Entry, TheTextStandsForAnEmptyIndexText) {
  expect_same(make_entry("matcha and tea", "", std::nullopt),
              make_entry("matcha and tea", "matcha and tea", std::nullopt));
}

TEST(Entry, SurvivesItsBytes) {
  std::mt19937 random(1);
  std::string same;
  for (int i = 0; i < 5'000; ++i) same += "tea ";
  std::string many;
  for (int i = 0; i < 16'000; ++i) many += std::to_string(random()) + " ";
  const std::vector<std::string> texts = {"", "and the", "matcha", "matcha matcha tea", same, many};
  for (const std::string& text : texts) {
    for (const std::size_t dimensions : {0U, 256U, 384U, 4096U}) {
      const Entry entry = make_entry(text, "beside it: tea",
                                     dimensions == 0 ? std::nullopt : std::optional(some_vector(dimensions, random)));
      const auto read = decode(encode(entry));
      ASSERT_TRUE(read.has_value());
      expect_same(entry, *read);
    }
  }
}

TEST(Entry, CountsStopAtTheirLargest) {
  std::string text;
  for (int i = 0; i < 70'000; ++i) text += "x ";
  const auto read = decode(encode(make_entry(text, "", std::nullopt)));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->terms.front().text, 0xFFFF);
  EXPECT_EQ(read->text_length, 70'000U);
}

TEST(Entry, BytesAreSmall) {
  const std::string text =
      "[7 May 2023] Ana: I moved from Zurich to Lisbon last week because the hospital offered me a position, and I "
      "already "
      "love the ocean and the tiled streets.";
  const auto vectors = static_embedder()->embed(std::vector{text}, Side::kPassage);
  EXPECT_LE(encode(make_entry(text, "", vectors->front())).size(), 370U);
  EXPECT_LE(
      encode(make_entry(text,
                        text + " Ben: How is the new city? Ana: It rains less than at home, and trams climb hills.",
                        vectors->front()))
          .size(),
      430U);
}

TEST(Entry, NoBytesButItsOwnAreRead) {
  std::mt19937 random(2);
  const std::string good = encode(make_entry("matcha sweets from Kyoto", "tea in Kyoto", some_vector(64, random)));
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(decode(good.substr(0, length)).has_value()) << length;
  EXPECT_FALSE(decode(good + "x").has_value());
  EXPECT_FALSE(decode("\x02" + good.substr(1)).has_value());
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    for (int flips = 0; flips < 3; ++flips) bad[random() % bad.size()] ^= static_cast<char>(1 << (random() % 8));
    const auto read = decode(bad);
    if (read) expect_same(*read, *decode(encode(*read)));
  }
}

TEST(Entry, AVectorLongerThanOneIsRefused) {
  // Whatever the row says, a score must stay a number.
  for (const float scale :
       {1.5F, 3e38F, -0.5F, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    EXPECT_FALSE(
        decode(encode({.terms = {}, .vector = Vector{.embedder = 1, .values = {1, 2}, .scale = scale}})).has_value());
  }
}

TEST(Entry, ACountThatTheBytesCannotHoldIsRefusedAtOnce) {
  EXPECT_FALSE(decode(std::string_view("\x01\x00\x00\xFF\xFF\xFF\xFF\x0F\x10", 9)).has_value());
}

}  // namespace
}  // namespace warifu::search
