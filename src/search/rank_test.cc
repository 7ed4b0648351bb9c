#include "search/rank.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "search/oracle_testing.h"

namespace warifu::search {
namespace {

using testing::Maker;
using testing::Record;

constexpr Calibration kFirst{.low = 0.05F, .high = 0.6F, .weight = 0.3F};
constexpr Calibration kSecond{.low = -0.1F, .high = 0.4F, .weight = 0.35F};

/// Some shards and the records that should be in them.
struct World {
  std::vector<Shard> shards;
  std::vector<Record> records;

  explicit World(std::size_t count) : shards(count) {}

  [[nodiscard]] std::vector<const Shard*> all() const {
    std::vector<const Shard*> out;
    for (const Shard& shard : shards) out.push_back(&shard);
    return out;
  }
  void put(std::size_t shard, Record record) {
    shards[shard].put(record.key, record.attributes, record.entry);
    records.push_back(std::move(record));
  }
};

std::vector<Hit> search(const World& world, const Query& query, const Filter& filter, std::size_t count,
                        std::optional<Position> after = std::nullopt) {
  const auto shards = world.all();
  return rank(shards, query, filter, count, after);
}

Query random_query(Maker& maker, std::size_t terms) {
  return {.terms = maker.query_terms(terms),
          .vectors = {{.vector = maker.vector(1, 100), .calibration = kFirst},
                      {.vector = maker.vector(2, 256), .calibration = kSecond}}};
}

TEST(Rank, IsWhatTheFormulaSays) {
  for (const std::uint32_t seed : {1U, 2U, 3U, 4U}) {
    Maker maker(seed);
    World world(1 + maker.below(5));
    for (int i = 0; i < 400; ++i) {
      const std::uint32_t embedder = maker.below(4);  // of 3 the query has no vector
      world.put(maker.below(static_cast<std::uint32_t>(world.shards.size())),
                maker.record(embedder, embedder == 1 ? 100 : 256));
    }
    const Filter even = [](std::string_view attributes) { return attributes.size() % 2 == 0; };
    for (const std::size_t terms : {0U, 1U, 5U, 40U}) {
      const Query query = random_query(maker, terms);
      testing::expect_ranked(world.records, query, {}, 10, search(world, query, {}, 10));
      testing::expect_ranked(world.records, query, even, 25, search(world, query, even, 25));
      testing::expect_ranked(world.records, query, {}, 1000, search(world, query, {}, 1000));
    }
  }
}

TEST(Rank, PagesMeetWithoutGapOrOverlap) {
  Maker maker(5);
  World world(3);
  for (int i = 0; i < 300; ++i) world.put(static_cast<std::size_t>(i) % 3, maker.record(maker.below(2), 100));
  const Query query = random_query(maker, 4);
  const std::vector<Hit> whole = search(world, query, {}, 300);
  std::vector<Hit> paged;
  std::optional<Position> after;
  for (;;) {
    const std::vector<Hit> page = search(world, query, {}, 7, after);
    if (page.empty()) break;
    paged.insert(paged.end(), page.begin(), page.end());
    after = Position{.score = page.back().score, .order = page.back().order};
  }
  ASSERT_EQ(paged.size(), whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(paged[i].order, whole[i].order);
    EXPECT_EQ(paged[i].score, whole[i].score);
  }
}

TEST(Rank, OfEqualScoresTheEarlierStandsFirst) {
  Maker maker(6);
  World world(2);
  Record record = maker.record(1, 100);
  for (const std::uint64_t order : {9U, 3U, 7U, 1U, 5U}) {
    record.key = {.id = maker.id(), .order = order};
    world.put(order % 2, record);
  }
  const std::vector<Hit> hits = search(world, random_query(maker, 3), {}, 3);
  ASSERT_EQ(hits.size(), 3U);
  EXPECT_EQ(hits[0].order, 1U);
  EXPECT_EQ(hits[1].order, 3U);
  EXPECT_EQ(hits[2].order, 5U);
}

TEST(Rank, AsksTheFilterOnlyAboutThoseThatWouldEnter) {
  Maker maker(7);
  World world(1);
  for (int i = 0; i < 5'000; ++i) world.put(0, maker.record(1, 100));
  std::size_t asked = 0;
  const Filter counting = [&](std::string_view) {
    ++asked;
    return true;
  };
  EXPECT_EQ(search(world, random_query(maker, 4), counting, 10).size(), 10U);
  EXPECT_GE(asked, 10U);
  EXPECT_LT(asked, 300U);
}

TEST(Rank, NothingOutsideTheShardsGivenCounts) {
  Maker maker(8);
  World world(2);
  std::vector<Record> inside;
  for (int i = 0; i < 50; ++i) {
    inside.push_back(maker.record(1, 100));
    world.put(0, inside.back());
  }
  const Query query = random_query(maker, 5);
  const Shard* one[] = {&world.shards[0]};
  const std::vector<Hit> before = rank(one, query, {}, 50);
  for (int i = 0; i < 500; ++i) world.put(1, maker.record(1, 100));
  const std::vector<Hit> after = rank(one, query, {}, 50);
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].order, after[i].order);
    EXPECT_EQ(before[i].score, after[i].score);
  }
  testing::expect_ranked(inside, query, {}, 50, after);
}

TEST(Rank, TakesEmptyShardsQueriesAndCounts) {
  Maker maker(9);
  World world(2);
  EXPECT_TRUE(search(world, random_query(maker, 3), {}, 10).empty());
  EXPECT_TRUE(rank({}, random_query(maker, 3), {}, 10).empty());
  Record empty = maker.record(0, 0);
  empty.entry = make_entry("", "", std::nullopt);
  world.put(1, empty);
  EXPECT_EQ(search(world, Query{}, {}, 10).size(), 1U) << "there is no cut-off";
  EXPECT_EQ(search(world, random_query(maker, 3), {}, 10).front().score, 0);
  EXPECT_TRUE(search(world, Query{}, {}, 0).empty());
}

TEST(Rank, AVectorOfAnotherLengthLeavesTheWords) {
  Maker maker(10);
  World world(1);
  for (int i = 0; i < 20; ++i) world.put(0, maker.record(1, 64));
  Query query = random_query(maker, 3);
  const std::vector<Hit> with = search(world, query, {}, 20);
  query.vectors.clear();
  const std::vector<Hit> without = search(world, query, {}, 20);
  for (std::size_t i = 0; i < with.size(); ++i) EXPECT_EQ(with[i].score, without[i].score);
}

TEST(Rank, ShowsMoreOfAScoreWhereAShortHistoryKnowsLittleOfTheQuery) {
  EXPECT_FLOAT_EQ(shown_score(0.25F, 1, 3), 0.25F);
  EXPECT_FLOAT_EQ(shown_score(0.25F, 0.5F, 16), 1 - 0.75F * std::sqrt(0.75F));
  EXPECT_FLOAT_EQ(shown_score(0.25F, 0, 16), shown_score(0.25F, 0.5F, 16)) << "no more than twice";
  EXPECT_GT(shown_score(0.2F, 0, 3), 0.3F);
  EXPECT_NEAR(shown_score(0.2F, 0, 1'000), 0.2F, 0.004F) << "what a long history does not know it does not answer";
  for (const float known : {0.0F, 0.3F, 0.6F, 1.0F}) {
    EXPECT_EQ(shown_score(0, known, 5), 0);
    EXPECT_EQ(shown_score(1, known, 5), 1);
    for (float score = 0; score < 0.99F; score += 0.01F) {
      EXPECT_LT(shown_score(score, known, 5), shown_score(score + 0.01F, known, 5));
      EXPECT_GE(shown_score(score, known, 5) + 1e-6F, score);
    }
  }

  Shard shard;
  shard.put({.id = {'a'}, .order = 1}, "", make_entry("The user is planning a trip to Kyoto.", "", std::nullopt));
  shard.put({.id = {'b'}, .order = 2}, "", make_entry("The user loves matcha sweets.", "", std::nullopt));
  const Shard* const shards[] = {&shard};
  const auto strange = rank(shards, {.terms = terms("some recommended places in Kyoto"), .vectors = {}}, {}, 2);
  EXPECT_FLOAT_EQ(strange[0].shown, shown_score(strange[0].score, 0, 2)) << "most of its words are nowhere";
  const auto known = rank(shards, {.terms = terms("trip to Kyoto"), .vectors = {}}, {}, 2);
  EXPECT_FLOAT_EQ(known[0].shown, known[0].score);
}

}  // namespace
}  // namespace warifu::search
