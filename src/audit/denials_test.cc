#include "audit/denials.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <future>
#include <thread>

#include "identity/accounts.h"
#include "store/memory.h"

namespace warifu::audit {
namespace {

constexpr Timestamp kNow{1'783'165'130'000};

AccountId account(std::string_view id) { return *AccountId::parse(id); }

class DenialsTest : public ::testing::Test {
 protected:
  DenialsTest() {
    for (const char* id : {"111111111111", "222222222222", "333333333333"}) {
      const Result<> made = db->write_blocking([&](store::Txn& txn) {
        return identity::create_account(txn, {.id = id, .name = "n", .email = {}, .alias = {}, .created = kNow});
      });
      EXPECT_TRUE(made);
    }
  }

  Denial denial(std::string id, std::string_view caller = "222222222222", std::string_view owner = "111111111111") {
    policy::Evidence evidence;
    evidence.principal.account = caller;
    evidence.action = "s3:GetObject";
    evidence.resource = "arn:aws:s3:::x";
    evidence.resource_account = owner;
    evidence.layers = {{.kind = policy::LayerKind::kIdentity,
                        .policies = {{.name = "P", .kind = policy::Kind::kIdentity, .document = "{}"}}}};
    return {.request_id = std::move(id),
            .when = clock.now(),
            .caller = account(caller),
            .service = "s3",
            .operation = "GetObject",
            .message = "no",
            .evidence = std::make_shared<const policy::Evidence>(std::move(evidence))};
  }

  std::size_t rows_of(std::string_view id) {
    const auto rows = db->read([&](store::Reader& reader) -> Result<std::size_t> {
      std::size_t count = 0;
      const Result<> scanned = reader.scan(store::Partition::account(account(id)), store::prefix_range("why/"),
                                           [&](std::string_view, std::string_view) { return ++count != 0; });
      if (!scanned) return std::unexpected(scanned.error());
      return count;
    });
    EXPECT_TRUE(rows);
    return rows.value_or(0);
  }

  std::unique_ptr<store::Db> db = store::open_memory();
  ManualClock clock{kNow};
};

TEST_F(DenialsTest, CallerAndOwnerFindOneDenialAndNobodyElseDoes) {
  DenialBook book(*db, clock);
  book.note(denial("r1"));
  for (const bool settled : {false, true}) {
    if (settled) book.settle();
    for (const char* id : {"111111111111", "222222222222"}) {
      const auto found = book.find(account(id), "r1");
      ASSERT_TRUE(found);
      ASSERT_TRUE(found->has_value()) << id << (settled ? " from the store" : " at once");
      EXPECT_EQ((*found)->caller.str(), "222222222222");
      EXPECT_EQ((*found)->operation, "GetObject");
      EXPECT_EQ(*(*found)->evidence, *denial("r1").evidence);
    }
    EXPECT_FALSE(book.find(account("333333333333"), "r1")->has_value());
    EXPECT_FALSE(book.find(account("222222222222"), "r2")->has_value());
  }
}

TEST_F(DenialsTest, ForAnAccountThatTheServerDoesNotHaveNoRowIsMade) {
  DenialBook book(*db, clock);
  book.note(denial("r1", "222222222222", "444444444444"));
  book.settle();
  EXPECT_TRUE(book.find(account("222222222222"), "r1")->has_value());
  EXPECT_EQ(rows_of("444444444444"), 0U);
}

TEST_F(DenialsTest, TheOldestGoWhenAnAccountHasTooMany) {
  {
    DenialBook book(*db, clock, {.count_max = 3});
    for (int i = 0; i < 10; ++i) {
      book.note(denial(fmt::format("r{}", i)));
      clock.advance_ms(1);
    }
  }
  DenialBook again(*db, clock, {.count_max = 3});
  EXPECT_FALSE(again.find(account("222222222222"), "r6")->has_value());
  EXPECT_TRUE(again.find(account("222222222222"), "r7")->has_value());
  EXPECT_EQ(rows_of("222222222222"), 6U);
  EXPECT_EQ(rows_of("111111111111"), 3U) << "rows that led to what is gone are gone too";
  again.note(denial("r10"));
  again.settle();
  EXPECT_FALSE(again.find(account("222222222222"), "r7")->has_value()) << "a restart does not forget the count";
}

TEST_F(DenialsTest, TheBytesOfAnAccountAreBoundedToo) {
  {
    DenialBook book(*db, clock, {.bytes_max = 2'500});
    for (int i = 0; i < 20; ++i) {
      Denial one = denial(fmt::format("r{:02}", i));
      one.message = std::string(900, 'm');
      book.note(std::move(one));
      clock.advance_ms(1);
    }
  }
  EXPECT_LE(rows_of("222222222222"), 4U);
  EXPECT_GE(rows_of("222222222222"), 2U);
}

TEST_F(DenialsTest, AfterAWeekADenialIsGone) {
  DenialBook book(*db, clock, {.age_seconds_max = 100});
  book.note(denial("old"));
  book.settle();
  clock.advance_ms(99'000);
  EXPECT_TRUE(book.find(account("222222222222"), "old")->has_value());
  clock.advance_ms(2'000);
  EXPECT_FALSE(book.find(account("222222222222"), "old")->has_value());
  book.note(denial("new"));
  book.settle();
}

TEST_F(DenialsTest, AFloodIsSlowedAndLosesNone) {
  constexpr std::size_t kThreads = 2;
  constexpr std::size_t kEach = DenialBook::kQueueMax;
  DenialBook book(*db, clock, {.count_max = 100'000, .wait_max = std::chrono::minutes(5)});
  {
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (std::size_t i = 0; i < kEach; ++i) book.note(denial(fmt::format("{}-{}", thread, i)));
      });
    }
  }
  book.settle();
  EXPECT_EQ(book.dropped(), 0U);
  EXPECT_EQ(rows_of("222222222222"), 2 * kThreads * kEach) << "a row and its place in time each";
}

TEST_F(DenialsTest, AStoreThatHangsHoldsNobodyUpForLongAndThenIsCaughtUpWith) {
  DenialBook book(*db, clock, {.count_max = 100'000, .wait_max = std::chrono::milliseconds(20)});
  std::promise<void> entered, release;
  std::jthread blocker([&] {
    const Result<> done = db->write_blocking([&](store::Txn&) -> Result<> {
      entered.set_value();
      release.get_future().wait();
      return {};
    });
    EXPECT_TRUE(done);
  });
  entered.get_future().wait();
  std::size_t noted = 0;
  while (book.dropped() < 100) book.note(denial(fmt::format("r{}", noted++)));
  EXPECT_GE(noted, DenialBook::kQueueMax);
  release.set_value();
  book.settle();
  book.note(denial("after"));
  book.settle();
  EXPECT_EQ(book.dropped(), 100U) << "it moves again, and takes what comes";
  EXPECT_EQ(rows_of("222222222222"), 2 * (noted - 100 + 1));
}

}  // namespace
}  // namespace warifu::audit
