#include "services/memory/events.h"

#include "api/client_tokens.h"
#include "services/memory/errors.h"
#include "services/memory/limits.h"
#include "services/memory/sweep.h"
#include "services/memory/testing.h"

namespace warifu::services::memory {
namespace {

using testing::Bench;
using testing::draft;
using testing::kDay;
using testing::kHour;
using testing::kNow;

constexpr SessionRef kSession{"alice", "s1"};

TEST(Events, AreFoundUnderTheirIdAlone) {
  Bench bench;
  const std::string id = bench.insert(draft({.payload = R"(["a"])"}));
  EXPECT_EQ(id, "0000001783165130534#00000010");
  const auto find = [&](SessionRef ref, std::string_view event_id) {
    return bench.read([&](store::Reader& r) { return events::find(r, bench.partition, ref, event_id, kNow); });
  };
  ASSERT_TRUE(find(kSession, id).has_value());
  EXPECT_EQ(EventView::parse(find(kSession, id)->row)->payload, R"(["a"])");
  for (const SessionRef ref : {SessionRef{"alice", "s2"}, SessionRef{"alic", "s1"}, SessionRef{"bob", "s1"}}) {
    ASSERT_FALSE(find(ref, id).has_value());
    EXPECT_EQ(find(ref, id).error().message, "Unable to find event with id " + id);
    EXPECT_EQ(find(ref, id).error().code, ErrorCode::kNotFound);
  }
  EXPECT_FALSE(find(kSession, "0000001783165130534#0000001").has_value());
}

TEST(Events, OfOneMillisecondKeepTheOrderOfArrival) {
  Bench bench;
  for (int i = 0; i < 40; ++i) bench.insert(draft({.payload = std::to_string(i), .token = std::to_string(i)}));
  std::vector<std::string> newest_first;
  for (int i = 39; i >= 0; --i) newest_first.push_back(std::to_string(i));
  EXPECT_EQ(bench.payloads(kSession), newest_first);
}

TEST(Events, CostOneRowOnceTheirSessionIsKnown) {
  Bench bench;
  bench.insert(draft({.token = "a"}));
  EXPECT_EQ(bench.rows(), 3U) << "event, session, actor";
  bench.insert(draft({.time = {kNow.ms + 1}, .token = "b"}));
  EXPECT_EQ(bench.rows(), 4U);
  bench.insert(draft({.session = "s2", .token = "c"}));
  EXPECT_EQ(bench.rows(), 6U) << "event, session";
}

TEST(Events, AreListedNewestFirstWhateverTheOrderOfArrival) {
  Bench bench;
  bench.insert(draft({.payload = "2", .time = {2000}}));
  bench.insert(draft({.payload = "3", .time = {3000}}));
  bench.insert(draft({.payload = "1", .time = {1000}}));
  EXPECT_THAT(bench.payloads(kSession), ::testing::ElementsAre("3", "2", "1"));
}

TEST(Events, OfAnUnknownSessionAreNone) {
  Bench bench;
  bench.insert(draft({}));
  EXPECT_TRUE(bench.payloads({"alice", "s"}).empty());
  EXPECT_TRUE(bench.payloads({"al", "s1"}).empty());
}

TEST(Replays, AnswerTheFirstEventAndWriteNothing) {
  for (const bool token_row : {false, true}) {
    Bench bench;
    const testing::Make make{.payload = "1", .token = "tok", .token_row = token_row};
    const std::string id = bench.insert(draft(make));
    const std::size_t rows = bench.rows();
    EXPECT_EQ(bench.insert(draft(make)), id);
    EXPECT_EQ(bench.rows(), rows);
  }
}

TEST(Replays, WithOtherContentAreRefused) {
  for (const bool token_row : {false, true}) {
    Bench bench;
    bench.insert(draft({.payload = "1", .token = "tok", .token_row = token_row}));
    const auto second = bench.try_insert(draft({.payload = "2", .token = "tok", .token_row = token_row}));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::kValidation);
    EXPECT_EQ(second.error().reason, api::client_tokens::mismatch().reason);
    EXPECT_EQ(bench.payloads(kSession).size(), 1U);
  }
}

TEST(Replays, OfATokenWithARowMayBeStampedAnew) {
  Bench bench;
  const std::string first = bench.insert(draft({.token = "tok", .token_row = true}));
  EXPECT_EQ(bench.insert(draft({.time = {kNow.ms + 1}, .token = "tok", .token_row = true})), first);
  EXPECT_EQ(bench.payloads(kSession).size(), 1U);
}

TEST(Replays, OfATokenWithARowAreFoundAnywhereInTheMemory) {
  Bench bench;
  bench.insert(draft({.token = "tok", .token_row = true}));
  for (const testing::Make& other : {testing::Make{.session = "s2", .token = "tok", .token_row = true},
                                     testing::Make{.actor = "bob", .token = "tok", .token_row = true}}) {
    const auto second = bench.try_insert(draft(other));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().reason, api::client_tokens::mismatch().reason);
  }
}

TEST(Replays, AreFoundInACrowdedMillisecond) {
  Bench bench;
  std::vector<std::string> ids;
  const auto make = [](std::size_t i) {
    return draft({.payload = std::to_string(i), .token = "t" + std::to_string(i)});
  };
  for (std::size_t i = 0; i < 3 * kReplayScan; ++i) ids.push_back(bench.insert(make(i)));
  const std::size_t rows = bench.rows();
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(bench.insert(make(i)), ids[i]) << i;
  EXPECT_EQ(bench.rows(), rows);

  // Later events move into the window as earlier ones go; they must be found there too.
  for (std::size_t i = 0; i < kReplayScan; ++i) ASSERT_TRUE(bench.erase(kSession, ids[i]).has_value());
  for (std::size_t i = kReplayScan; i < ids.size(); ++i) EXPECT_EQ(bench.insert(make(i)), ids[i]) << i;
}

TEST(Replays, OfAnErasedOrExpiredEventMakeANewOne) {
  for (const bool token_row : {false, true}) {
    Bench bench;
    const std::string first = bench.insert(draft({.token = "tok", .token_row = token_row}), {kNow.ms + kHour});
    ASSERT_TRUE(bench.erase(kSession, first).has_value());
    bench.insert(draft({.token = "tok", .token_row = token_row}), {kNow.ms + kHour});
    EXPECT_EQ(bench.payloads(kSession).size(), 1U);

    const Timestamp later{kNow.ms + kHour};
    const std::string third =
        bench.insert(draft({.now = later, .token = "tok", .token_row = token_row}), {later.ms + kHour});
    EXPECT_EQ(bench.payloads(kSession, {}, later).size(), 1U);
    EXPECT_EQ(bench.insert(draft({.now = later, .token = "tok", .token_row = token_row})), third);
  }
}

TEST(Replays, WithoutATokenAreNewEvents) {
  Bench bench;
  bench.insert(draft({}));
  bench.insert(draft({}));
  EXPECT_EQ(bench.payloads(kSession).size(), 2U);
}

TEST(Erasing, TakesTheEventAndItsTokenRow) {
  Bench bench;
  const std::string id = bench.insert(draft({.token = "tok", .token_row = true}));
  EXPECT_EQ(bench.rows("t"), 1U);
  ASSERT_TRUE(bench.erase(kSession, id).has_value());
  EXPECT_EQ(bench.rows("t"), 0U);
  EXPECT_EQ(bench.rows("e"), 0U);
  EXPECT_EQ(bench.erase(kSession, id).error().code, ErrorCode::kNotFound);
}

TEST(Expiry, HidesAnEventAtOnce) {
  Bench bench;
  const std::string id = bench.insert(draft({}), {kNow.ms + kHour});
  const Timestamp before{kNow.ms + kHour - 1};
  const Timestamp after{kNow.ms + kHour};
  const auto find = [&](Timestamp now) {
    return bench.read([&](store::Reader& r) { return events::find(r, bench.partition, kSession, id, now); });
  };
  EXPECT_TRUE(find(before).has_value());
  EXPECT_FALSE(find(after).has_value());
  EXPECT_EQ(bench.payloads(kSession, {}, before).size(), 1U);
  EXPECT_EQ(bench.payloads(kSession, {}, after).size(), 0U);
  EXPECT_FALSE(bench.erase(kSession, id, after).has_value());
}

TEST(Expiry, LeavesRowsThatASweepTakes) {
  Bench bench;
  bench.insert(draft({.token = "old", .token_row = true}), {kNow.ms + kHour});
  bench.insert(draft({.payload = "2", .time = {kNow.ms + 5}}), {kNow.ms + kDay});
  const Timestamp later{kNow.ms + 2 * kHour};
  const auto page = bench.read(
      [&](store::Reader& reader) { return events::list(reader, bench.partition, kSession, {}, "", 10, true, later); });
  ASSERT_EQ(page->expired.size(), 1U);
  std::vector<std::string> keys = page->expired;
  keys.push_back(keys::event(kSession, page->events[0].event_id));  // live: must survive
  ASSERT_TRUE(
      bench.write([&](store::Txn& txn) { return sweep::expired_events(txn, bench.partition, kSession, keys, later); })
          .has_value());
  EXPECT_EQ(bench.rows("e"), 1U);
  EXPECT_EQ(bench.rows("t"), 0U);
  EXPECT_THAT(bench.payloads(kSession, {}, later), ::testing::ElementsAre("2"));
}

TEST(Pages, FollowOneAnotherWhileEventsAreErased) {
  Bench bench;
  for (int i = 0; i < 10; ++i) bench.insert(draft({.payload = std::to_string(i), .time = {1000 + i}}));
  std::string before;
  std::vector<std::string> seen;
  for (bool more = true; more;) {
    const auto page = bench.read([&](store::Reader& reader) {
      return events::list(reader, bench.partition, kSession, {}, before, 3, true, kNow);
    });
    ASSERT_TRUE(page.has_value());
    ASSERT_FALSE(page->events.empty());
    for (const events::Stored& stored : page->events) {
      seen.emplace_back(EventView::parse(stored.row)->payload);
      ASSERT_TRUE(bench.erase(kSession, stored.event_id).has_value());
    }
    before = page->events.back().event_id;
    more = page->more;
  }
  EXPECT_THAT(seen, ::testing::ElementsAre("9", "8", "7", "6", "5", "4", "3", "2", "1", "0"));
}

TEST(Pages, PromiseMoreOnlyWhenMoreMatches) {
  Bench bench;
  for (int i = 0; i < 6; ++i) {
    bench.insert(draft({.time = {1000 + i}, .metadata = {{"kind", i < 2 ? "old" : "new"}}}));
  }
  const auto list = [&](std::string_view kind, std::size_t limit) {
    const EventFilter filter{.metadata = {{"kind", MetadataOperator::kEqualsTo, std::string(kind)}}};
    return *bench.read([&](store::Reader& reader) {
      return events::list(reader, bench.partition, kSession, filter, "", limit, true, kNow);
    });
  };
  EXPECT_FALSE(list("new", 4).more);
  EXPECT_TRUE(list("new", 3).more);
  EXPECT_FALSE(list("old", 2).more);
  EXPECT_FALSE(list("none", 2).more);
}

TEST(Pages, EndEarlyWhenTheyGrowLarge) {
  Bench bench;
  const std::string large = "\"" + std::string(kPageBytesMax / 2, 'x') + "\"";
  for (int i = 0; i < 4; ++i) bench.insert(draft({.payload = large, .time = {1000 + i}}));
  const auto page = [&](bool with_payload) {
    return *bench.read([&](store::Reader& reader) {
      return events::list(reader, bench.partition, kSession, {}, "", 100, with_payload, kNow);
    });
  };
  EXPECT_EQ(page(true).events.size(), 2U);
  EXPECT_TRUE(page(true).more);
  EXPECT_EQ(page(false).events.size(), 4U);
  EXPECT_EQ(EventView::parse(page(false).events[0].row)->payload, "");
}

}  // namespace
}  // namespace warifu::services::memory
