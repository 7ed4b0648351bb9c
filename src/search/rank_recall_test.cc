#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>

#include "search/oracle_testing.h"
#include "search/rank.h"

namespace warifu::search {
namespace {

constexpr std::size_t kRecords = 101'000;  // more than are ranked exactly
constexpr std::size_t kTopics = 400;
constexpr std::size_t kDimensions = 256;
constexpr std::size_t kQueries = 20;
constexpr std::size_t kWanted = 10;
constexpr Calibration kCalibration{.low = 0.1F, .high = 0.85F, .weight = 0.3F};

/// Numbers that cost next to nothing: 26 million of them are needed, under sanitizers.
class Noise {
 public:
  explicit Noise(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return state_;
  }

 private:
  std::uint64_t state_;
};

using Topic = std::array<std::int8_t, kDimensions>;

/// A topic's direction, blurred.
Vector near_topic(const Topic& topic, int blur, Noise& noise) {
  Vector out{.embedder = 1, .values = std::vector<std::int8_t>(kDimensions), .scale = 1};
  double square = 0;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < kDimensions; ++i) {
    if (i % 8 == 0) bits = noise.next();
    const int value = topic[i] + static_cast<int>((bits >> (i % 8 * 8)) & 0xffU) % (2 * blur) - blur;
    out.values[i] = static_cast<std::int8_t>(value);
    square += value * value;
  }
  out.scale = static_cast<float>(1 / std::sqrt(square));
  return out;
}

struct World {
  Shard shard;
  std::vector<Query> queries;

  World() {
    Noise noise(7);
    testing::Maker maker(7);
    std::vector<Topic> topics(kTopics);
    for (Topic& topic : topics) {
      for (std::int8_t& value : topic) value = static_cast<std::int8_t>(static_cast<int>(noise.next() % 61) - 30);
    }
    std::vector<Term> words;
    for (int i = 0; i < 600; ++i) words.push_back(maker.query_terms(1).front());
    const auto word = [&](std::size_t topic) { return words[(topic + noise.next() % 40) % words.size()]; };
    for (std::size_t i = 0; i < kRecords; ++i) {
      const std::size_t topic = noise.next() % kTopics;
      Entry entry{.terms = {}, .text_length = 3, .index_length = 3, .vector = near_topic(topics[topic], 60, noise)};
      std::map<Term, TermCounts> counts;
      for (int n = 0; n < 3; ++n) {
        TermCounts& found = counts[word(topic)];
        ++found.text;
        ++found.index;
      }
      for (auto& [term, found] : counts) {
        found.term = term;
        entry.terms.push_back(found);
      }
      Key key{.order = i};
      std::memcpy(key.id.data(), &i, sizeof(i));
      shard.put(key, "", entry);
    }
    for (std::size_t i = 0; i < kQueries; ++i) {
      const std::size_t topic = noise.next() % kTopics;
      queries.push_back({.terms = {word(topic), word(topic), word(noise.next() % kTopics)},
                         .vectors = {{near_topic(topics[topic], 60, noise), kCalibration}}});
    }
  }
};

TEST(RankRecallTest, PastWhatIsRankedExactlyAtLeast99OfAHundredOfTheBestTenAreFound) {
  static_assert(kRecords > kExactMax);
  const World world;
  const Shard* const all[] = {&world.shard};
  std::size_t found = 0;
  for (const Query& query : world.queries) {
    const std::vector<Hit> quick = rank(all, query, {}, kWanted);
    // What comes after a place above every score is ranked exactly.
    const std::vector<Hit> exact = rank(all, query, {}, kWanted, Position{.score = 2, .order = 0});
    ASSERT_EQ(quick.size(), kWanted);
    for (const Hit& hit : exact) found += std::ranges::count(quick, hit.order, &Hit::order) > 0 ? 1 : 0;
    for (std::size_t i = 0; i + 1 < quick.size(); ++i) EXPECT_GE(quick[i].score, quick[i + 1].score);
  }
  EXPECT_GE(static_cast<double>(found), 0.99 * kQueries * kWanted);
}

}  // namespace
}  // namespace warifu::search
