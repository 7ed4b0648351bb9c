#include "audit/trail.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include <fmt/format.h>

#include "audit/rows.h"
#include "base/random.h"
#include "identity/accounts.h"
#include "store/memory.h"

namespace warifu::audit {
namespace {

constexpr Timestamp kNow{1'783'165'130'000};
constexpr std::int64_t kDayMs = 24 * 3'600'000;

AccountId account(std::string_view id = "111111111111") { return *AccountId::parse(id); }

class TrailTest : public ::testing::Test {
 protected:
  TrailTest() {
    for (const char* id : {"111111111111", "222222222222"}) {
      EXPECT_TRUE(db->write_blocking([&](store::Txn& txn) {
        return identity::create_account(txn, {.id = id, .name = "n", .email = {}, .alias = {}, .created = kNow});
      }));
    }
  }

  Record record(std::string_view name = "GetMemory", std::string_view user = "alice") {
    Record out;
    out.when = clock.now();
    out.identity.type = "IAMUser";
    out.identity.known_as = out.identity.user_name = user;
    out.identity.access_key_id = "AKIA" + std::string(user);
    out.identity.arn = "arn:aws:iam::111111111111:user/" + std::string(user);
    out.identity.principal_id = "AIDA1";
    out.identity.account = "111111111111";
    out.event_source = "bedrock-agentcore.amazonaws.com";
    out.event_name = name;
    out.region = "us-east-1";
    out.read_only = name.starts_with("Get");
    out.resources = {
        {.type = "AWS::BedrockAgentCore::Memory", .name = "m-1", .arn = "arn:m-1", .account = "111111111111"}};
    return out;
  }

  Row row(std::string_view name = "GetMemory", std::string_view user = "alice") {
    return rows_of(record(name, user), {.caller = account(), .callers_id = EventId::make(clock.now(), random)}).front();
  }

  void put(const Row& one) {
    ASSERT_TRUE(db->write_blocking([&](store::Txn& txn) { return rows::put(txn, one); }));
  }

  rows::Page find(rows::Query query, std::string_view id = "111111111111") {
    if (query.region.empty()) query.region = "us-east-1";
    if (query.to.ms == 0) query.to = {kNow.ms + 400 * kDayMs};
    auto page = db->read([&](store::Reader& reader) { return rows::find(reader, account(id), query); });
    EXPECT_TRUE(page) << (page ? "" : page.error().message);
    return page ? std::move(*page) : rows::Page{};
  }

  std::vector<std::string> names(const rows::Query& query = {}) {
    std::vector<std::string> out;
    for (const rows::Found& one : find(query).found) out.push_back(one.attributes.event_name);
    return out;
  }

  std::size_t rows_below(const store::Partition& partition, std::string_view prefix) {
    std::size_t count = 0;
    EXPECT_TRUE(db->read([&](store::Reader& reader) {
      return reader.scan(partition, store::prefix_range(prefix),
                         [&](std::string_view, std::string_view) { return ++count != 0; });
    }));
    return count;
  }

  template <class T>
  static T await(Task<T> task) {
    boost::asio::io_context loop;
    std::optional<T> out;
    boost::asio::co_spawn(loop, std::move(task), [&](const std::exception_ptr& failure, T value) {
      EXPECT_EQ(failure, nullptr);
      out = std::move(value);
    });
    const auto work = boost::asio::make_work_guard(loop);
    while (!out) loop.run_one();
    return std::move(*out);
  }

  std::unique_ptr<store::Db> db = store::open_memory();
  ManualClock clock{kNow};
  SeededRandom random{3};
};

TEST_F(TrailTest, AnIdIsAUuidThatHoldsItsTimeAndOrdersAsItWasMade) {
  const EventId first = EventId::make(kNow, random), second = EventId::make(kNow, random);
  EXPECT_LT(second.key(), first.key()) << "the newest has the least key";
  for (const EventId& id : {first, second}) {
    const auto again = EventId::parse(id.text());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->key(), id.key());
    EXPECT_EQ(again->time(), kNow);
    EXPECT_GE(id.key(), EventId::first_key(kNow));
    EXPECT_LT(id.key(), EventId::end_key(kNow));
  }
  for (const char* not_one : {"", "x", "00000000-0000-7000-8000-000000000000", "6a48d0e3-9af0-4abc-8def-001122334455",
                              "6A48D0E3-9AF0-7ABC-8DEF-001122334455", "6a48d0e3-9af0-7abc-0def-001122334455",
                              "6a48d0e3x9af0-7abc-8def-001122334455"}) {
    EXPECT_FALSE(EventId::parse(not_one)) << not_one;
  }
}

TEST_F(TrailTest, RecordsAreFoundByEachOfTheirAttributesNewestFirst) {
  put(row("GetMemory"));
  clock.advance_ms(60'000);
  const Row second = row("CreateMemory", "bob");
  put(second);
  EXPECT_EQ(names(), (std::vector<std::string>{"CreateMemory", "GetMemory"}));
  using rows::Attribute;
  const std::vector<std::tuple<Attribute, std::string, std::size_t>> cases{
      {Attribute::kEventId, second.id.text(), 1},
      {Attribute::kEventId, EventId::make(kNow, random).text(), 0},
      {Attribute::kEventName, "GetMemory", 1},
      {Attribute::kEventName, "getmemory", 0},
      {Attribute::kReadOnly, "true", 1},
      {Attribute::kReadOnly, "false", 1},
      {Attribute::kUsername, "bob", 1},
      {Attribute::kUsername, "carol", 0},
      {Attribute::kResourceType, "AWS::BedrockAgentCore::Memory", 2},
      {Attribute::kResourceName, "m-1", 2},
      {Attribute::kResourceName, "arn:m-1", 2},
      {Attribute::kEventSource, "bedrock-agentcore.amazonaws.com", 2},
      {Attribute::kAccessKeyId, "AKIAalice", 1},
  };
  for (const auto& [attribute, value, count] : cases) {
    EXPECT_EQ(find({.region = {}, .attribute = std::pair(attribute, value), .from = {}, .to = {}}).found.size(), count)
        << value;
  }
}

TEST_F(TrailTest, TimesAreIncludedAndOtherRegionsAndAccountsAreNot) {
  put(row("GetMemory"));
  clock.advance_ms(5'000);
  put(row("ListMemories"));
  const auto between = [&](std::int64_t from, std::int64_t to) {
    return names({.region = {}, .from = {kNow.ms + from}, .to = {kNow.ms + to}});
  };
  EXPECT_EQ(between(0, 5'000).size(), 2U);
  EXPECT_EQ(between(0, 0), std::vector<std::string>{"GetMemory"});
  EXPECT_EQ(between(1, 5'000), std::vector<std::string>{"ListMemories"});
  EXPECT_TRUE(between(1, 4'999).empty());
  EXPECT_TRUE(between(5'001, 9'999).empty());
  EXPECT_TRUE(find({.region = "eu-west-1", .from = {}, .to = {}}).found.empty());
  EXPECT_TRUE(find({.region = {}, .from = {}, .to = {}}, "222222222222").found.empty());
}

TEST_F(TrailTest, PagesJoinWithoutGapOrRepeat) {
  for (int i = 0; i < 23; ++i) {
    put(row(i % 3 == 0 ? "GetMemory" : "ListMemories"));
    if (i % 4 == 0) clock.advance_ms(7'000);
  }
  for (const bool filtered : {false, true}) {
    rows::Query query{.region = {}, .from = {}, .to = {}, .count_max = 3};
    if (filtered) query.attribute = std::pair(rows::Attribute::kEventName, std::string("GetMemory"));
    std::vector<std::string> ids;
    for (int pages = 0; pages < 20; ++pages) {
      rows::Page page = find(query);
      for (const rows::Found& one : page.found) ids.push_back(one.id.key());
      query.after = page.next;
      if (!page.next) break;
    }
    EXPECT_EQ(ids.size(), filtered ? 8U : 23U);
    EXPECT_TRUE(std::ranges::is_sorted(ids));
    EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
  }
}

TEST_F(TrailTest, ASearchThatFindsNothingForLongGivesAnEmptyPageThatGoesOn) {
  put(row("CreateMemory"));
  ASSERT_TRUE(db->write_blocking([&](store::Txn& txn) -> Result<> {
    for (std::size_t i = 0; i < rows::kLookedAtMax; ++i) TRY(rows::put(txn, row("GetMemory")));
    return {};
  }));
  rows::Query query{.region = {},
                    .attribute = std::pair(rows::Attribute::kEventName, std::string("CreateMemory")),
                    .from = {},
                    .to = {}};
  const rows::Page first = find(query);
  EXPECT_TRUE(first.found.empty());
  ASSERT_TRUE(first.next);
  query.after = first.next;
  EXPECT_EQ(find(query).found.size(), 1U);
}

TEST_F(TrailTest, OldRecordsGoWithAllThatLayBesideThem) {
  // More than one transaction erases.
  for (int i = 0; i < 600; ++i) put(row("GetMemory"));
  clock.advance_ms(89 * kDayMs);
  put(row("ListMemories", "bob"));
  Trail trail(*db, clock);
  trail.sweep();
  EXPECT_EQ(names().size(), 50U) << "a page";
  clock.advance_ms(2 * kDayMs);
  trail.sweep();
  EXPECT_EQ(names(), std::vector<std::string>{"ListMemories"});
  EXPECT_EQ(rows_below(store::Partition::system(), "trail/"), 1U);
  clock.advance_ms(90 * kDayMs);
  trail.sweep();
  EXPECT_EQ(rows_below(store::Partition::account(account()), "trail/"), 0U);
  EXPECT_EQ(rows_below(store::Partition::system(), "trail/"), 0U);
}

TEST_F(TrailTest, WhatIsNotedIsThereOnceSettledAndAfterAStop) {
  {
    Trail trail(*db, clock);
    EXPECT_TRUE(await(trail.note({row("GetMemory")})));
    EXPECT_TRUE(await(trail.settled()));
    EXPECT_EQ(names().size(), 1U);
    EXPECT_TRUE(await(trail.note({row("GetMemory"), row("GetMemory")})));
  }
  EXPECT_EQ(names().size(), 3U);
  EXPECT_EQ(find({.region = {},
                  .attribute = std::pair(rows::Attribute::kEventName, std::string("GetMemory")),
                  .from = {},
                  .to = {}})
                .found.size(),
            3U)
      << "what lies beside records was written once, for all of them";
}

TEST_F(TrailTest, WhatIsNotedIsWrittenWithinATenthOfASecond) {
  using std::chrono::milliseconds, std::chrono::steady_clock;
  Trail trail(*db, clock);
  // Nobody asks for it to be settled. A busy machine may hold one try up, not each of ten.
  auto quickest = milliseconds::max();
  for (std::size_t tries = 1; tries <= 10; ++tries) {
    const auto noted = steady_clock::now();
    ASSERT_TRUE(await(trail.note({row("GetMemory")})));
    const auto given_up = noted + std::chrono::seconds{30};
    while (names().size() < tries && steady_clock::now() < given_up) std::this_thread::yield();
    ASSERT_EQ(names().size(), tries);
    quickest = std::min(quickest, std::chrono::duration_cast<milliseconds>(steady_clock::now() - noted));
  }
  EXPECT_LE(quickest, milliseconds{100});
}

TEST_F(TrailTest, AnAccountThatHasGoneKeepsNobodyElsesRecordsBack) {
  Record stray = record();
  const Row gone =
      rows_of(stray, {.caller = account("333333333333"), .callers_id = EventId::make(kNow, random)}).front();
  Trail trail(*db, clock);
  EXPECT_TRUE(await(trail.note({gone, row("GetMemory")})));
  EXPECT_TRUE(await(trail.settled()));
  EXPECT_EQ(names().size(), 1U);
  EXPECT_EQ(rows_below(store::Partition::account(account("333333333333")), "trail/"), 0U);
}

/// A store that does not write until it is told to.
class StuckDb final : public store::Db {
 public:
  explicit StuckDb(store::Db& inner) : inner_(inner) {}
  Result<> read_with(const ReadBody& body) override { return inner_.read_with(body); }
  void write_with(WriteBody body, Done done) override {
    if (stuck) return done(fail(unavailable("the disk is full")));
    inner_.write_with(std::move(body), std::move(done));
  }
  std::atomic<bool> stuck = true;

 private:
  store::Db& inner_;
};

TEST_F(TrailTest, AFullQueueMakesTheCallerWaitAndDropsNothing) {
  StuckDb stuck(*db);
  Trail trail(stuck, clock, {.queue_rows_max = 4});
  boost::asio::io_context loop;
  int noted = 0;
  for (int i = 0; i < 200; ++i) {
    boost::asio::co_spawn(loop, trail.note({row("GetMemory")}), [&](const std::exception_ptr&, Result<> outcome) {
      EXPECT_TRUE(outcome);
      ++noted;
    });
  }
  loop.poll();
  EXPECT_LT(noted, 200) << "some wait";
  stuck.stuck = false;
  const auto work = boost::asio::make_work_guard(loop);
  while (noted < 200) loop.run_one();
  EXPECT_TRUE(await(trail.settled()));
  std::size_t found = 0;
  rows::Query query{.region = {}, .from = {}, .to = {}};
  for (bool more = true; more; more = query.after.has_value()) {
    const rows::Page page = find(query);
    found += page.found.size();
    query.after = page.next;
  }
  EXPECT_EQ(found, 200U);
}

TEST_F(TrailTest, ClosingLetsGoOfWhoWaitsAndTakesNoMore) {
  StuckDb stuck(*db);
  Trail trail(stuck, clock, {.queue_rows_max = 1});
  boost::asio::io_context loop;
  int told = 0;
  for (int i = 0; i < 5; ++i) {
    boost::asio::co_spawn(loop, trail.note({row("GetMemory")}), [&](const std::exception_ptr&, Result<>) { ++told; });
  }
  loop.poll();
  EXPECT_LT(told, 5);
  trail.close();
  loop.restart();
  loop.poll();
  EXPECT_EQ(told, 5);
  EXPECT_FALSE(await(trail.note({row("GetMemory")})));
}

TEST_F(TrailTest, WhoWaitsTooLongIsToldThatTheCallCannotBeRecorded) {
  StuckDb stuck(*db);
  Trail trail(stuck, clock, {.queue_rows_max = 1, .wait_max = std::chrono::milliseconds{1}});
  // One is taken to be written, one fills the queue.
  Result<> last;
  for (int i = 0; i < 3 && last; ++i) last = await(trail.note({row("GetMemory")}));
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace warifu::audit
