#include "services/memory/sessions.h"

#include "services/memory/actors.h"
#include "services/memory/limits.h"
#include "services/memory/memory_states.h"
#include "services/memory/sweep.h"
#include "services/memory/testing.h"

namespace warifu::services::memory {
namespace {

using testing::Bench;
using testing::draft;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kArn;
using testing::kDay;
using testing::kHour;
using testing::kNow;

std::vector<std::string> listed(Bench& bench, std::string_view actor, bool with_events, Timestamp now) {
  const auto page = bench.read([&](store::Reader& reader) {
    return sessions::list(reader, bench.partition, actor, "", 1000, with_events, now);
  });
  EXPECT_TRUE(page.has_value());
  std::vector<std::string> ids;
  for (const sessions::Session& session : page->sessions) ids.push_back(session.session_id);
  return ids;
}

std::vector<std::string> actors_listed(Bench& bench, Timestamp now) {
  const auto page =
      bench.read([&](store::Reader& reader) { return actors::list(reader, bench.partition, "", 1000, now); });
  EXPECT_TRUE(page.has_value());
  return page->actors;
}

TEST(Sessions, BelongToOneActor) {
  Bench bench;
  bench.insert(draft({.actor = "al", .session = "s1"}));
  bench.insert(draft({.actor = "alice", .session = "s2"}));
  bench.insert(draft({.actor = "alice/x:1", .session = "s3"}));
  EXPECT_THAT(listed(bench, "al", false, kNow), ElementsAre("s1"));
  EXPECT_THAT(listed(bench, "alice", false, kNow), ElementsAre("s2"));
  EXPECT_THAT(listed(bench, "alice/x:1", true, kNow), ElementsAre("s3"));
  EXPECT_THAT(actors_listed(bench, kNow), ElementsAre("al", "alice", "alice/x:1"));
}

TEST(Sessions, StayADayWithoutEventsUnlessEventsAreAskedFor) {
  Bench bench;
  const std::string id = bench.insert(draft({}), {kNow.ms + 30 * kDay});
  const Timestamp emptied{kNow.ms + 10 * kHour};
  ASSERT_TRUE(bench.erase({"alice", "s1"}, id, emptied).has_value());
  const Timestamp within{emptied.ms + kDay - 1};
  const Timestamp past{emptied.ms + kDay};
  EXPECT_THAT(listed(bench, "alice", false, within), ElementsAre("s1"));
  EXPECT_THAT(listed(bench, "alice", true, within), IsEmpty());
  EXPECT_THAT(listed(bench, "alice", false, past), IsEmpty());
  EXPECT_THAT(actors_listed(bench, within), ElementsAre("alice"));
  EXPECT_THAT(actors_listed(bench, past), IsEmpty());

  bench.insert(draft({.now = past}), {past.ms + kDay});
  EXPECT_THAT(listed(bench, "alice", true, past), ElementsAre("s1"));
}

TEST(Sessions, OfExpiredEventsStayADay) {
  Bench bench;
  bench.insert(draft({.time = {1}}), {kNow.ms + 2 * kHour});
  bench.insert(draft({.time = {2}}), {kNow.ms + kHour});
  EXPECT_THAT(listed(bench, "alice", true, {kNow.ms + kHour}), ElementsAre("s1"));
  EXPECT_THAT(listed(bench, "alice", true, {kNow.ms + 2 * kHour}), IsEmpty());
  EXPECT_THAT(listed(bench, "alice", false, {kNow.ms + 2 * kHour + kDay - 1}), ElementsAre("s1"));
  EXPECT_THAT(listed(bench, "alice", false, {kNow.ms + 2 * kHour + kDay}), IsEmpty());
}

TEST(Sessions, ArePagedPastChunksAndGoneOnes) {
  Bench bench;
  for (int i = 0; i < 300; ++i) {
    const bool short_lived = i % 3 == 0;
    bench.insert(draft({.session = fmt::format("s{:03}", i)}), {kNow.ms + (short_lived ? kHour : 30 * kDay)});
  }
  const Timestamp now{kNow.ms + 2 * kDay};
  std::vector<std::string> seen;
  std::string after;
  for (bool more = true; more;) {
    const auto page = bench.read(
        [&](store::Reader& reader) { return sessions::list(reader, bench.partition, "alice", after, 7, false, now); });
    ASSERT_TRUE(page.has_value());
    ASSERT_FALSE(page->sessions.empty());
    for (const sessions::Session& session : page->sessions) seen.push_back(session.session_id);
    after = seen.back();
    more = page->more;
  }
  EXPECT_EQ(seen.size(), 200U);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
}

TEST(Sweeps, TakeGoneSessionsAndTheirActor) {
  Bench bench;
  const std::string root = bench.insert(draft({.token = "t", .token_row = true}), {kNow.ms + kHour});
  bench.insert(draft({.time = {kNow.ms + 1}, .branch = Branch{"b", root}}), {kNow.ms + kHour});
  bench.insert(draft({.session = "s2"}), {kNow.ms + 3 * kDay});
  const auto swept = [&](Timestamp now) {
    return bench.write(
        [&](store::Txn& txn) { return sweep::gone_sessions(txn, bench.partition, "alice", {"s1", "s2", "s9"}, now); });
  };
  ASSERT_TRUE(swept({kNow.ms + kHour}).has_value());
  EXPECT_EQ(bench.rows("s"), 2U) << "within a day nothing goes";
  ASSERT_TRUE(swept({kNow.ms + 2 * kDay}).has_value());
  EXPECT_EQ(bench.rows(), 3U) << "s2 with its event, and the actor";
  ASSERT_TRUE(swept({kNow.ms + 5 * kDay}).has_value());
  EXPECT_EQ(bench.rows(), 0U);
}

TEST(Sweeps, TakeADeletedMemoryInBatches) {
  Bench bench;
  for (std::size_t i = 0; i < kSweepRows + 10; ++i) {
    bench.insert(draft({.time = {static_cast<std::int64_t>(i)}}));
  }
  ASSERT_TRUE(bench.write([&](store::Txn& txn) { return sweep::mark_memory(txn, kArn); }).has_value());
  ASSERT_TRUE(sweep::run_blocking(*bench.db, 1).has_value());
  EXPECT_EQ(bench.rows(), 12U) << "one batch leaves the rest";
  const auto marked = bench.read([&](store::Reader& reader) { return sweep::marked_memories(reader, 10); });
  EXPECT_THAT(*marked, ElementsAre(std::string(kArn)));
  ASSERT_TRUE(sweep::run_blocking(*bench.db, 5).has_value());
  EXPECT_EQ(bench.rows(), 0U);
  EXPECT_THAT(*bench.read([&](store::Reader& reader) { return sweep::marked_memories(reader, 10); }), IsEmpty());
}

TEST(MemoryStates, SayWhenEventsExpire) {
  Bench bench;
  const auto require = [&] {
    return bench.read([&](store::Reader& reader) { return states::require(reader, bench.partition, "Demo-1"); });
  };
  EXPECT_EQ(require().error().message, "Memory not found: Demo-1");
  ASSERT_TRUE(bench
                  .write([&](store::Txn& txn) {
                    return states::put(txn, bench.partition, {.event_expiry_days = 30, .extracts = true});
                  })
                  .has_value());
  ASSERT_TRUE(require().has_value());
  EXPECT_TRUE(require()->extracts);
  EXPECT_EQ(require()->expires(kNow).ms, kNow.ms + 30 * kDay);
  ASSERT_TRUE(bench.write([&](store::Txn& txn) { return states::erase(txn, bench.partition); }).has_value());
  EXPECT_FALSE(require().has_value());
}

}  // namespace
}  // namespace warifu::services::memory
