#include "search/shard.h"

#include <gmock/gmock.h>

#include "search/dot.h"
#include "search/oracle_testing.h"

namespace warifu::search {
namespace {

using testing::Maker;
using testing::Record;

/// A shard beside the map that it should behave like.
class Model {
 public:
  explicit Model(std::uint32_t seed) : maker_(seed) {}

  void step() {
    const std::uint32_t dice = maker_.below(10);
    if (records_.empty() || dice < 5) return put(maker_.record(maker_.below(3), 128));
    const std::size_t chosen = maker_.below(static_cast<std::uint32_t>(records_.size()));
    if (dice < 7) {
      Record fresh = maker_.record(maker_.below(3), 128);
      fresh.key.id = records_[chosen].key.id;
      records_.erase(records_.begin() + static_cast<std::ptrdiff_t>(chosen));
      return put(std::move(fresh));
    }
    EXPECT_TRUE(shard_.erase(records_[chosen].key.id));
    EXPECT_FALSE(shard_.erase(records_[chosen].key.id));
    records_.erase(records_.begin() + static_cast<std::ptrdiff_t>(chosen));
  }

  void shrink_to(std::size_t count) {
    while (records_.size() > count) {
      EXPECT_TRUE(shard_.erase(records_.back().key.id));
      records_.pop_back();
    }
  }

  void check() {
    EXPECT_EQ(shard_.size(), records_.size());
    for (const Record& record : records_) EXPECT_TRUE(shard_.contains(record.key.id));
    EXPECT_FALSE(shard_.contains(maker_.id()));
    const Query query{
        .terms = maker_.query_terms(5),
        .vectors = {{.vector = maker_.vector(1, 128), .calibration = {.low = 0, .high = 0.5F, .weight = 0.3F}}}};
    const Filter filter = [](std::string_view attributes) { return attributes.size() % 3 != 0; };
    const Shard* shards[] = {&shard_};
    testing::expect_ranked(records_, query, filter, 20, rank(shards, query, filter, 20));
  }

  [[nodiscard]] const Shard& shard() const { return shard_; }

 private:
  void put(Record record) {
    shard_.put(record.key, record.attributes, record.entry);
    records_.push_back(std::move(record));
  }

  Maker maker_;
  Shard shard_;
  std::vector<Record> records_;
};

TEST(Shard, BehavesLikeAMapUnderAnyChanges) {
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    Model model(seed);
    for (int round = 0; round < 12; ++round) {
      for (int i = 0; i < 100; ++i) model.step();
      model.check();
      if (round % 4 == 3) {
        model.shrink_to(static_cast<std::size_t>(round));
        model.check();
      }
    }
    model.shrink_to(0);
    model.check();
  }
}

TEST(Shard, GivesBackWhatErasedRecordsHeld) {
  Maker maker(4);
  Shard shard;
  std::vector<RecordId> ids;
  for (int i = 0; i < 3'000; ++i) {
    const Record record = maker.record(1, 256);
    shard.put(record.key, record.attributes, record.entry);
    ids.push_back(record.key.id);
  }
  const std::size_t full = shard.bytes();
  EXPECT_GT(full, 3'000U * 256);
  for (std::size_t i = 0; i + 10 < ids.size(); ++i) shard.erase(ids[i]);
  EXPECT_EQ(shard.size(), 10U);
  EXPECT_LT(shard.bytes(), full / 3);
}

TEST(Shard, CountsOfAnySizeSurvive) {
  Maker maker(5);
  Shard shard;
  std::vector<Record> records;
  for (const std::uint16_t count : std::to_array<std::uint16_t>({1, 2, 63, 64, 255, 256, 0x7FFF, 0xFFFF})) {
    Record record = maker.record(0, 0);
    record.entry.terms = {{.term = 1, .text = count, .index = count}, {.term = 2, .text = 0, .index = 2}};
    record.entry.text_length = record.entry.index_length = count;
    shard.put(record.key, record.attributes, record.entry);
    records.push_back(record);
    const Query query{.terms = {1, 2}, .vectors = {}};
    const Shard* shards[] = {&shard};
    testing::expect_ranked(records, query, {}, 10, rank(shards, query, {}, 10));
  }
}

TEST(Shard, KeepsAttributesWhole) {
  Maker maker(6);
  Shard shard;
  for (const std::size_t size : {0U, 1U, 3U, 4U, 5U, 65'535U}) {
    const Record record = maker.record(0, 0);
    shard.put(record.key, std::string(size, static_cast<char>('a' + size % 7)), record.entry);
  }
  std::vector<std::string> seen;
  const Filter look = [&](std::string_view attributes) {
    seen.emplace_back(attributes);
    return true;
  };
  const Shard* shards[] = {&shard};
  EXPECT_EQ(rank(shards, Query{}, look, 10).size(), 6U);
  for (const std::size_t size : {0U, 1U, 3U, 4U, 5U, 65'535U}) {
    EXPECT_THAT(seen, ::testing::Contains(std::string(size, static_cast<char>('a' + size % 7))));
  }
}

TEST(Shard, TellsItsEmbedders) {
  Maker maker(7);
  Shard shard;
  for (const std::uint32_t embedder : {5U, 0U, 9U, 5U}) {
    const Record record = maker.record(embedder, 64);
    shard.put(record.key, "", record.entry);
  }
  EXPECT_THAT(shard.embedders(), ::testing::UnorderedElementsAre(5U, 9U));
}

TEST(Shard, SmallOnesAreSmall) {
  Maker maker(8);
  Shard shard;
  for (int i = 0; i < 10; ++i) {
    Record record = maker.record(0, 0);
    record.entry = make_entry("Ana moved from Zurich to Lisbon last week because the hospital offered her a position",
                              "How is the new city? Ana moved from Zurich to Lisbon last week because of a position",
                              maker.vector(1, 256));
    shard.put(record.key, "attributes of some length", record.entry);
  }
  EXPECT_LT(shard.bytes(), 10U * 700);
}

TEST(Dot, EveryKernelGivesTheSameProducts) {
  Maker maker(9);
  constexpr std::size_t kRows = 37;
  for (const std::size_t dimensions : {64U, 192U, 256U, 384U, 4096U}) {
    alignas(64) std::array<std::uint8_t, kRows * 4096> rows{};
    alignas(64) std::array<std::int8_t, 4096> query{};
    for (auto& byte : rows)
      byte = static_cast<std::uint8_t>(maker.below(4) == 0 ? 255 * maker.below(2) : maker.below(256));
    for (auto& byte : query)
      byte = static_cast<std::int8_t>(maker.below(4) == 0 ? 127 : static_cast<int>(maker.below(255)) - 127);
    std::array<std::int32_t, kRows> expected{};
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t d = 0; d < dimensions; ++d) expected[r] += rows[r * dimensions + d] * query[d];
    }
    for (std::size_t k = 0; k < kDotKernels; ++k) {
      if (!dot_kernels()[k].supported) continue;
      std::array<std::int32_t, kRows> out{};
      dot_kernels()[k].rows(rows.data(), kRows, query.data(), dimensions, out.data());
      EXPECT_EQ(out, expected) << dot_kernels()[k].name << " " << dimensions;
    }
  }
}

}  // namespace
}  // namespace warifu::search
