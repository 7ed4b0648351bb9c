#include "records/reembed.h"

#include <gtest/gtest.h>

#include "records/records_testing.h"
#include "search/renamed_testing.h"

namespace warifu::records {
namespace {

using ::testing::ElementsAre;
using testing::kNow;
using testing::make;
using testing::path;

using search::testing::Renamed;

class ReembedTest : public ::testing::Test {
 protected:
  ReembedTest() {
    std::vector<Record> records;
    for (std::size_t i = 0; i < 25; ++i) records.push_back(make(i, "cat number " + std::to_string(i)));
    bench.put(records);
  }
  Reembedded some(std::size_t limit = 10) {
    const auto done = reembed_some(*bench.db, bench.partition, renamed, limit);
    EXPECT_TRUE(done.has_value());
    return done.value_or(Reembedded{});
  }
  testing::Bench bench;
  Renamed renamed{"renamed"};
};

TEST_F(ReembedTest, GoesOnWhereItStopped) {
  EXPECT_EQ(some().renewed, 10U);
  EXPECT_FALSE(some().done);
  const Reembedded last = some();
  EXPECT_EQ(last.renewed, 5U);
  EXPECT_TRUE(last.done);
  EXPECT_EQ(renamed.embedded, 25U);
  EXPECT_TRUE(some().done);
  EXPECT_EQ(renamed.embedded, 25U) << "what is done is not done again";
}

TEST_F(ReembedTest, LeavesWhatIsOfTheEmbedderAlready) {
  const auto fresh = prepare_all(std::vector{make(3, "cat number 3"), make(30, "a cat")}, renamed);
  ASSERT_TRUE(bench.db->write_blocking([&](store::Txn& txn) { return put_all(txn, bench.partition, *fresh); }));
  EXPECT_EQ(some(100).renewed, 24U);
}

TEST_F(ReembedTest, SearchesGoOnBetweenSteps) {
  Index index({&renamed, bench.embedder.get()}, {});
  const Request request{.scope = path("/"), .text = "cat number 7", .k = 1, .now = kNow};
  float before = 0;
  for (int step = 0; step < 4; ++step) {
    const auto found = index.search(*bench.db, bench.partition, request);
    ASSERT_TRUE(found && found->size() == 1);
    EXPECT_EQ(found->front().record.text, "cat number 7");
    if (step > 0) EXPECT_NEAR(found->front().score, before, 1e-5) << "the same vectors under another name";
    before = found->front().score;
    some();
  }
}

TEST_F(ReembedTest, AnotherEmbedderBeginsAnew) {
  while (!some().done) {
  }
  const auto back = reembed_some(*bench.db, bench.partition, *bench.embedder, 100);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->renewed, 25U);
}

TEST_F(ReembedTest, WritesNothingWhereThereIsNoRecord) {
  bench.partition = testing::partition_of("arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/Other-NCd6eP6wJq");
  EXPECT_TRUE(some().done);
  EXPECT_EQ(bench.rows(), 0U);
}

}  // namespace
}  // namespace warifu::records
