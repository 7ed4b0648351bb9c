#include "records/index.h"

#include <gtest/gtest.h>

#include <thread>

#include "records/change_log.h"
#include "records/records_testing.h"

namespace warifu::records {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::exactly;
using testing::id_of;
using ::testing::IsEmpty;
using testing::kNow;
using testing::make;
using ::testing::Not;
using testing::path;
using ::testing::UnorderedElementsAre;

class IndexTest : public ::testing::Test {
 protected:
  void reopen(IndexOptions options = {}) {
    bench.index = std::make_unique<Index>(std::vector{bench.embedder.get()}, options);
  }
  testing::Bench bench;
};

TEST_F(IndexTest, FindsWhatIsMeant) {
  bench.put({make(1, "The user loves matcha sweets."), make(2, "The user flies to Kyoto in August."),
             make(3, "The user's dog is called Rex.")});
  EXPECT_EQ(bench.search(path("/"), "Which sweets does the user like?").front(), "The user loves matcha sweets.");
  EXPECT_EQ(bench.search(path("/"), "trip to Japan, Kyoto").front(), "The user flies to Kyoto in August.");
  EXPECT_EQ(bench.search(path("/"), "What is the dog's name?").front(), "The user's dog is called Rex.");
}

TEST_F(IndexTest, AnswersTheNearestEvenToAnUnrelatedQuery) {
  bench.put({make(1, "The user loves matcha sweets.")});
  EXPECT_THAT(bench.search(path("/"), "zzz qqq"), ElementsAre("The user loves matcha sweets."));
  EXPECT_THAT(bench.search(path("/elsewhere/"), "matcha"), IsEmpty());
}

TEST_F(IndexTest, SeesEveryWriteAtOnce) {
  EXPECT_THAT(bench.search(path("/"), "cat"), IsEmpty());
  bench.put(make(1, "a cat"));
  EXPECT_THAT(bench.search(path("/"), "cat"), ElementsAre("a cat"));
  bench.put(make(1, "a dog"));
  EXPECT_THAT(bench.search(path("/"), "cat"), ElementsAre("a dog"));
  bench.put(make(2, "a bird", "/new/place/"));
  EXPECT_THAT(bench.search(path("/"), "cat"), UnorderedElementsAre("a dog", "a bird"));
  bench.put(make(2, "a bird", "/other/place/"));
  EXPECT_THAT(bench.search(path("/new/"), "bird"), IsEmpty());
  EXPECT_THAT(bench.search(path("/other/"), "bird"), ElementsAre("a bird"));
  bench.erase({id_of(1), id_of(2)});
  EXPECT_THAT(bench.search(path("/"), "cat"), IsEmpty());
}

TEST_F(IndexTest, IsRebuiltFromTheStore) {
  bench.put({make(1, "a cat"), make(2, "a dog", "/b/")});
  reopen();
  EXPECT_THAT(bench.search(exactly("/b/"), "dog"), ElementsAre("a dog"));
  EXPECT_THAT(bench.search(path("/"), "cat", 1), ElementsAre("a cat"));
}

TEST_F(IndexTest, KeepsToItsScope) {
  bench.put({make(1, "al's cat", "/actors/al/"), make(2, "alice's cat", "/actors/alice/"),
             make(3, "al's other cat", "/actors/al/", "preferences")});
  EXPECT_THAT(bench.search(path("/actors/al/"), "cat"), UnorderedElementsAre("al's cat", "al's other cat"));
  EXPECT_THAT(bench.search(exactly("/actors/al/", "preferences"), "cat"), ElementsAre("al's other cat"));
  EXPECT_THAT(bench.search(exactly("/actors/"), "cat"), IsEmpty());
}

TEST_F(IndexTest, NothingOutsideTheScopeMovesAScore) {
  bench.put({make(1, "the cat sleeps", "/a/"), make(2, "the dog barks at the cat", "/a/")});
  const auto scores = [&] {
    const auto found = bench.index->search(*bench.db, bench.partition,
                                           {.scope = exactly("/a/", "facts-0123456789"), .text = "cat", .now = kNow});
    std::vector<float> out;
    for (const Found& one : *found) out.push_back(one.score);
    return out;
  };
  const std::vector<float> before = scores();
  std::vector<Record> others;
  for (std::size_t i = 10; i < 200; ++i) others.push_back(make(i, "cat cat cat", i % 2 == 0 ? "/b/" : "/a/", "other"));
  bench.put(others);
  EXPECT_EQ(scores(), before);
}

TEST_F(IndexTest, FiltersBeforeItRanks) {
  std::vector<Record> records;
  for (std::size_t i = 0; i < 50; ++i) {
    records.push_back(make(i, "cat number " + std::to_string(i)));
    records.back().metadata = {{"even", i % 2 == 0 ? 1.0 : 0.0}};
  }
  records.push_back(make(60, "something else"));
  records.back().metadata = {{"even", 1.0}};
  bench.put(records);
  const auto found = bench.search(path("/"), "cat", 26, {{"even", Operator::kEqualsTo, 1.0}});
  EXPECT_EQ(found.size(), 26U);
  EXPECT_THAT(found, Contains("something else"));
  EXPECT_THAT(found, Not(Contains("cat number 1")));
}

TEST_F(IndexTest, HidesTheExpired) {
  Record record = make(1, "a cat");
  record.expires = kNow.plus_seconds(1);
  bench.put(record);
  EXPECT_THAT(bench.search(path("/"), "cat"), ElementsAre("a cat"));
  EXPECT_THAT(bench.search(path("/"), "cat", 10, {}, kNow.plus_seconds(1)), IsEmpty());
}

TEST_F(IndexTest, OfEqualScoresTheEarlierRecordComesFirst) {
  std::vector<Record> records;
  for (std::size_t i = 0; i < 7; ++i) records.push_back(make(i, "the same text"));
  bench.put(records);
  std::vector<std::uint64_t> orders;
  const auto found =
      bench.index->search(*bench.db, bench.partition, {.scope = path("/"), .text = "text", .k = 7, .now = kNow});
  ASSERT_TRUE(found.has_value());
  for (const Found& one : *found) orders.push_back(one.record.order);
  EXPECT_THAT(orders, ElementsAre(1, 2, 3, 4, 5, 6, 7));
}

TEST_F(IndexTest, AnswersAtOnceOnlyWhatIsResident) {
  bench.put(make(1, "a cat"));
  const Request request{.scope = path("/"), .text = "cat", .now = kNow};
  EXPECT_FALSE(bench.index->search_now(*bench.db, bench.partition, request));
  EXPECT_THAT(bench.search(path("/"), "cat"), ElementsAre("a cat"));
  const auto now = bench.index->search_now(*bench.db, bench.partition, request);
  ASSERT_TRUE(now && now->has_value());
  EXPECT_EQ((**now).size(), 1U);
  bench.put(make(2, "a cat too"));
  EXPECT_FALSE(bench.index->search_now(*bench.db, bench.partition, request)) << "a write is not in yet";
}

TEST_F(IndexTest, KeepsToItsBytes) {
  for (std::size_t n = 0; n < 60; ++n) {
    std::vector<Record> records;
    for (std::size_t i = 0; i < 50; ++i) {
      records.push_back(make(n * 50 + i, fmt::format("record {} of {}", i, n), fmt::format("/n{}/", n)));
    }
    bench.put(records);
  }
  constexpr std::size_t kBudget = 400'000;
  reopen({.bytes_max = kBudget, .memory_bytes_max = kBudget});
  for (std::size_t n = 0; n < 60; ++n) {
    EXPECT_EQ(bench.search(exactly(fmt::format("/n{}/", n)), "record").size(), 10U);
    EXPECT_LT(bench.index->bytes(), kBudget + 100'000);
  }
  EXPECT_EQ(bench.search(path("/"), "record 7").size(), 10U) << "what a search needs at once may exceed it";
  EXPECT_EQ(bench.search(exactly("/n3/"), "record").size(), 10U);
  bench.index->drop(bench.partition);
  EXPECT_EQ(bench.index->bytes(), 0U);
  EXPECT_EQ(bench.search(exactly("/n3/"), "record").size(), 10U);
}

TEST_F(IndexTest, ALargeMemoryPushesNoSmallOneOut) {
  constexpr std::size_t kBudget = 400'000;
  reopen({.bytes_max = kBudget, .memory_bytes_max = kBudget / 4});
  const store::Partition large = bench.partition;
  const store::Partition small =
      testing::partition_of("arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/Other-NCd6eP6wJq");
  for (std::size_t n = 0; n < 60; ++n) {
    std::vector<Record> records;
    for (std::size_t i = 0; i < 50; ++i) {
      records.push_back(make(n * 50 + i, fmt::format("record {} of {}", i, n), fmt::format("/n{}/", n)));
    }
    bench.put(records);
  }
  const auto search_large = [&] {
    bench.partition = large;
    for (std::size_t n = 0; n < 60; ++n) bench.search(exactly(fmt::format("/n{}/", n)), "record");
  };
  search_large();
  EXPECT_GT(bench.index->bytes(), kBudget / 2) << "alone it may keep more than its part";
  bench.partition = small;
  bench.put(make(1, "a cat"));
  EXPECT_THAT(bench.search(path("/"), "cat"), ElementsAre("a cat"));
  search_large();
  EXPECT_LT(bench.index->bytes(), kBudget + 100'000);
  const Request request{.scope = path("/"), .text = "cat", .now = kNow};
  EXPECT_TRUE(bench.index->search_now(*bench.db, small, request)) << "though it was used longest ago";
}

TEST_F(IndexTest, MemoriesDoNotMix) {
  bench.put(make(1, "a cat"));
  bench.search(path("/"), "cat");
  bench.partition = testing::partition_of("arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/Other-NCd6eP6wJq");
  EXPECT_THAT(bench.search(path("/"), "cat"), IsEmpty());
}

TEST_F(IndexTest, FollowsALogThatHasForgotten) {
  bench.put(make(1, "a cat"));
  bench.search(path("/"), "cat");
  bench.put(make(2, "a dog"));
  bench.put(make(3, "a bird"));
  // As if kChangesKept changes had come since.
  const auto forgotten =
      bench.db->write_blocking([&](store::Txn& txn) { return txn.erase(bench.partition, keys::change(2)); });
  ASSERT_TRUE(forgotten.has_value());
  EXPECT_THAT(bench.search(path("/"), "cat"), UnorderedElementsAre("a cat", "a dog", "a bird"));
}

TEST_F(IndexTest, ADamagedRowIsSaidAndTakesNothingWithIt) {
  bench.put({make(1, "a cat"), make(2, "a dog", "/b/")});
  const auto damaged = bench.db->write_blocking([&](store::Txn& txn) {
    return txn.put(bench.partition, keys::row(keys::shard("/b/", "facts-0123456789"), 2), "short");
  });
  ASSERT_TRUE(damaged.has_value());
  const auto found =
      bench.index->search(*bench.db, bench.partition, {.scope = path("/b/"), .text = "dog", .now = kNow});
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::kInternal);
  EXPECT_THAT(bench.search(exactly("/actors/alice/"), "cat"), ElementsAre("a cat"));
}

/// Searchers never miss what was written before they asked, while writers go on.
TEST_F(IndexTest, SearchersSeeWhatWasWrittenBeforeThem) {
  constexpr std::size_t kRecords = 150;
  std::atomic<std::size_t> written = 0;
  std::atomic<bool> failed = false;
  std::jthread writer([&] {
    for (std::size_t i = 0; i < kRecords; ++i) {
      const auto prepared = prepare(make(i, "cat " + std::to_string(i), i % 3 == 0 ? "/a/" : "/b/"), *bench.embedder);
      const auto put_one =
          bench.db->write_blocking([&](store::Txn& txn) { return put(txn, bench.partition, *prepared); });
      if (!put_one) failed = true;
      written = i + 1;
    }
  });
  const auto searcher = [&](IndexOptions options) {
    Index own(std::vector{bench.embedder.get()}, options);
    for (Index* index : {bench.index.get(), &own}) {
      for (int i = 0; i < 40; ++i) {
        const std::size_t before = written;
        const auto found =
            index->search(*bench.db, bench.partition, {.scope = path("/"), .text = "cat", .k = kRecords, .now = kNow});
        if (!found || found->size() < before) failed = true;
      }
    }
  };
  {
    const std::jthread one([&] { searcher({}); });
    const std::jthread two([&] { searcher({.bytes_max = 1, .memory_bytes_max = 1}); });
  }
  writer.join();
  EXPECT_FALSE(failed);
}

}  // namespace
}  // namespace warifu::records
