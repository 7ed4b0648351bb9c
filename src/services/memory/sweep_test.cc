#include "services/memory/sweep.h"

#include "records/rows.h"
#include "services/memory/handler_testing.h"
#include "services/memory/limits.h"
#include "services/memory/memories.h"

namespace warifu::services::memory {
namespace {

using testing::HandlerTest;

constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;

class ExpirySweepTest : public HandlerTest {
 protected:
  /// `days`: until they expire; 0: never.
  void put(const std::string& memory, std::size_t count, int days) {
    const std::string expiry =
        days == 0 ? "" : fmt::format(R"(,"recordExpirySpecification":{{"recordExpiryDurationDays":{}}})", days);
    for (std::size_t left = count; left > 0; left -= std::min<std::size_t>(left, 100)) {
      std::string records;
      for (std::size_t i = 0; i < std::min<std::size_t>(left, 100); ++i) {
        records += fmt::format(R"({}{{"requestIdentifier":"r{}","namespaces":["/a/"],"content":{{"text":"cat {}"}},)"
                               R"("timestamp":1}})",
                               records.empty() ? "" : ",", i, i);
      }
      const auto made = call("POST", fmt::format("/memories/{}/memoryRecords/batchCreate", memory),
                             fmt::format(R"({{"records":[{}]{}}})", records, expiry));
      EXPECT_EQ(made.size("failedRecords"), 0U) << made.body.dump();
    }
  }
  /// Record rows in the store, hidden ones too.
  std::size_t rows(const std::string& memory) {
    const auto target = *memories::parse_target(arn_of(memory));
    std::size_t count = 0;
    // Listed as of the year 1970, when nothing had expired.
    const auto page = server.db().read([&](store::Reader& reader) {
      return records::list(reader, target.partition, {.path = "/"}, {}, "", 10'000, Timestamp{0});
    });
    EXPECT_TRUE(page.has_value());
    if (page) count = page->records.size();
    return count;
  }
  std::size_t sweep(std::size_t batches = 10) {
    const auto erased = sweep::expired_records(server.db(), server.clock().now(), batches, stop.get_token());
    EXPECT_TRUE(erased.has_value()) << erased.error().message;
    return erased.value_or(0);
  }
  std::stop_source stop;
};

TEST_F(ExpirySweepTest, TakesWhatExpiredOfEveryMemoryAndNothingElse) {
  const std::string one = create("One"), two = create("Two"), none = create("None");
  put(one, 3, 31);
  put(one, 2, 0);
  put(two, 4, 31);
  put(two, 1, 60);
  EXPECT_EQ(sweep(), 0U);
  server.clock().advance_ms(31 * kDayMs);
  EXPECT_EQ(sweep(), 7U);
  EXPECT_EQ(rows(one), 2U);
  EXPECT_EQ(rows(two), 1U);
  server.clock().advance_ms(30 * kDayMs);
  EXPECT_EQ(sweep(), 1U);
  EXPECT_EQ(rows(two), 0U);
  EXPECT_EQ(sweep(), 0U);
}

TEST_F(ExpirySweepTest, IsBoundedAndGoesOnWithTheNextCall) {
  const std::string memory = create();
  put(memory, kSweepRows + 5, 31);
  server.clock().advance_ms(32 * kDayMs);
  EXPECT_EQ(sweep(1), kSweepRows);
  EXPECT_EQ(rows(memory), 5U);
  EXPECT_EQ(sweep(1), 5U);
}

TEST_F(ExpirySweepTest, StopsWhenItIsTold) {
  const std::string memory = create();
  put(memory, 2, 31);
  server.clock().advance_ms(32 * kDayMs);
  stop.request_stop();
  EXPECT_EQ(sweep(), 0U);
  EXPECT_EQ(rows(memory), 2U);
}

TEST_F(ExpirySweepTest, LeavesADeletedMemoryAlone) {
  const std::string memory = create();
  put(memory, 2, 31);
  server.clock().advance_ms(32 * kDayMs);
  EXPECT_EQ(call("DELETE", fmt::format("/memories/{}/delete", memory)).status, 202);
  EXPECT_EQ(sweep(), 0U);
}

}  // namespace
}  // namespace warifu::services::memory
