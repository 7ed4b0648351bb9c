#include "services/memory/extraction_queue.h"

#include "services/memory/testing.h"

namespace warifu::services::memory::queue {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr SessionRef kRef{.actor = "al", .session = "s1"};

class QueueTest : public ::testing::Test {
 protected:
  void put(SessionRef ref, const Entry& entry) {
    ASSERT_TRUE(bench.write([&](store::Txn& txn) { return queue::put(txn, bench.partition, ref, entry); }));
  }
  std::vector<Entry> entries(SessionRef ref = kRef, std::size_t limit = 100, std::size_t bytes = 1U << 20U) {
    return bench.read([&](store::Reader& reader) { return list(reader, bench.partition, ref, limit, bytes); }).value();
  }
  std::vector<std::string> ids(SessionRef ref = kRef, std::size_t limit = 100, std::size_t bytes = 1U << 20U) {
    std::vector<std::string> found;
    for (const Entry& entry : entries(ref, limit, bytes)) found.push_back(entry.event_id);
    return found;
  }
  std::vector<Session> sessions(const std::optional<Session>& after = std::nullopt, std::size_t limit = 100) {
    return bench.read([&](store::Reader& r) { return queue::sessions(r, bench.partition, after, limit); }).value();
  }

  testing::Bench bench;
};

TEST_F(QueueTest, ListsASessionsEntriesInTheOrderOfTheirArrival) {
  put(kRef, {.created = {300}, .event_id = "1"});
  put(kRef, {.created = {100}, .event_id = "9"});
  put(kRef, {.created = {200}, .event_id = "5"});
  EXPECT_THAT(ids(), ElementsAre("9", "5", "1"));
  EXPECT_THAT(ids(kRef, 2), ElementsAre("9", "5"));
  EXPECT_THAT(ids(kRef, 0), IsEmpty());
}

TEST_F(QueueTest, KeepsAllThatAnEntryHolds) {
  const Entry plain{.created = {1}, .event_id = "e"};
  const Entry again{.created = {1}, .event_id = "e", .strategy_id = "facts-1", .job_id = "job"};
  const Entry ingested{.created = {2}, .event_id = "i", .ingested = std::string("\0\1row", 5)};
  for (const Entry& entry : {plain, again, ingested}) put(kRef, entry);
  EXPECT_THAT(entries(), ElementsAre(plain, again, ingested));
}

TEST_F(QueueTest, StopsOnceEntriesHoldThatManyBytes) {
  put(kRef, {.created = {1}, .event_id = "a", .ingested = std::string(60, 'x')});
  put(kRef, {.created = {2}, .event_id = "b", .ingested = std::string(60, 'x')});
  put(kRef, {.created = {3}, .event_id = "c"});
  EXPECT_THAT(ids(kRef, 100, 100), ElementsAre("a", "b"));
}

TEST_F(QueueTest, AnEntryWaitsUntilItIsErased) {
  const Entry entry{.created = {1}, .event_id = "a"};
  const auto waiting = [&] {
    return bench.read([&](store::Reader& reader) { return waits(reader, bench.partition, kRef, entry); }).value();
  };
  EXPECT_FALSE(waiting());
  put(kRef, entry);
  EXPECT_TRUE(waiting());
  ASSERT_TRUE(bench.write([&](store::Txn& txn) { return erase(txn, bench.partition, kRef, entry); }));
  EXPECT_FALSE(waiting());
  EXPECT_THAT(sessions(), IsEmpty());
}

TEST_F(QueueTest, NeverMixesNamesThatBeginAlike) {
  put({.actor = "al", .session = "s1"}, {.created = {1}, .event_id = "a"});
  put({.actor = "alice", .session = "s1"}, {.created = {1}, .event_id = "b"});
  put({.actor = "al", .session = "s12"}, {.created = {1}, .event_id = "c"});
  EXPECT_THAT(ids({.actor = "al", .session = "s1"}), ElementsAre("a"));
  const Session first{"al", "s1"}, second{"al", "s12"}, third{"alice", "s1"};
  EXPECT_THAT(sessions(), ElementsAre(first, second, third));
  EXPECT_THAT(sessions(first), ElementsAre(second, third));
  EXPECT_THAT(sessions(second, 1), ElementsAre(third));
  EXPECT_THAT(sessions(third), IsEmpty());
}

TEST_F(QueueTest, ListsASessionOnceHoweverManyEntriesItHas) {
  for (int i = 0; i < 50; ++i) put(kRef, {.created = {i}, .event_id = "e"});
  EXPECT_THAT(sessions(), ElementsAre(Session{"al", "s1"}));
}

TEST_F(QueueTest, KeepsFailedJobsUntilTheyAreErased) {
  const Entry entry{.created = {5}, .event_id = "e", .strategy_id = "facts-1", .job_id = "b", .ingested = "row"};
  for (const char* id : {"b", "a", "c"}) {
    ASSERT_TRUE(bench.write([&](store::Txn& txn) {
      return put_failed(txn, bench.partition,
                        {.id = id,
                         .session = {"al", "s1"},
                         .strategy_id = "facts-1",
                         .reason = "LTM_RATE_EXCEEDED",
                         .failed = {7},
                         .restarted = id[0] == 'b',
                         .entries = {entry},
                         .messages = {{.event_id = "e", .index = 3}}});
    }));
  }
  const auto found = bench.read([&](store::Reader& reader) { return find_failed(reader, bench.partition, "b"); });
  ASSERT_TRUE(found.has_value() && found->has_value());
  const FailedJob& job = **found;
  EXPECT_EQ(job.session, (Session{"al", "s1"}));
  EXPECT_EQ(job.reason, "LTM_RATE_EXCEEDED");
  EXPECT_EQ(job.failed.ms, 7);
  EXPECT_TRUE(job.restarted);
  EXPECT_THAT(job.entries, ElementsAre(entry));
  EXPECT_THAT(job.messages, ElementsAre(Message{.event_id = "e", .index = 3}));

  const auto listed = [&](std::string_view after, std::size_t limit) {
    std::vector<std::string> names;
    const auto page =
        bench.read([&](store::Reader& reader) { return list_failed(reader, bench.partition, after, limit); });
    for (const FailedJob& one : page.value()) names.push_back(one.id);
    return names;
  };
  EXPECT_THAT(listed("", 2), ElementsAre("a", "b"));
  EXPECT_THAT(listed("b", 2), ElementsAre("c"));
  ASSERT_TRUE(bench.write([&](store::Txn& txn) { return erase_failed(txn, bench.partition, "b"); }));
  EXPECT_THAT(listed("", 9), ElementsAre("a", "c"));
}

}  // namespace
}  // namespace warifu::services::memory::queue
