#include "jobs/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <set>

namespace warifu::jobs {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kPatience = 20s;

Schedule quick(std::size_t threads = 2) {
  return {.quiet = 1ms, .at_most = 20ms, .first_retry = 1ms, .last_retry = 4ms, .threads = threads};
}

Error broken() { return {.code = ErrorCode::kUnavailable, .message = "broken"}; }

TEST(SchedulerTest, RunsAKeyOnceForManyNoticesAndForgetsIt) {
  std::atomic<int> runs = 0;
  Schedule schedule = quick();
  schedule.quiet = 200ms;
  schedule.at_most = 10s;
  Scheduler scheduler(schedule, [&](std::string_view key, std::uint32_t failures, const std::stop_token&) {
    EXPECT_EQ(key, "a");
    EXPECT_EQ(failures, 0U);
    ++runs;
    return Result<bool>(false);
  });
  for (int i = 0; i < 100; ++i) scheduler.notify("a");
  EXPECT_EQ(scheduler.size(), 1U);
  ASSERT_TRUE(scheduler.wait_idle(kPatience));
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(scheduler.size(), 0U);
}

TEST(SchedulerTest, RunsUnderAStreamOfNotices) {
  std::latch ran(1);
  std::atomic_flag once;
  Schedule schedule = quick();
  schedule.quiet = 10s;  // never quiet for so long
  Scheduler scheduler(schedule, [&](std::string_view, std::uint32_t, const std::stop_token&) {
    if (!once.test_and_set()) ran.count_down();
    return Result<bool>(false);
  });
  while (!ran.try_wait()) scheduler.notify("a");
}

TEST(SchedulerTest, ANoticeDuringARunIsServedAfterwards) {
  std::latch started(1), noticed(1);
  std::atomic<int> runs = 0;
  Scheduler scheduler(quick(), [&](std::string_view, std::uint32_t, const std::stop_token&) {
    if (++runs == 1) {
      started.count_down();
      noticed.wait();
    }
    return Result<bool>(false);
  });
  scheduler.notify("a");
  started.wait();
  scheduler.notify("a");
  EXPECT_EQ(scheduler.list("", "", 9).at(0).phase, Phase::kRunning);
  noticed.count_down();
  ASSERT_TRUE(scheduler.wait_idle(kPatience));
  EXPECT_EQ(runs, 2);
}

TEST(SchedulerTest, RunsOneKeyOnOneThreadAtATimeAndSeveralKeysAtOnce) {
  std::atomic<int> within_a = 0;
  std::atomic<int> met = 0;
  std::latch both(2);
  Scheduler scheduler(quick(4), [&](std::string_view key, std::uint32_t, const std::stop_token&) {
    if (key == "a") {
      EXPECT_EQ(++within_a, 1);
      --within_a;
      return Result<bool>(false);
    }
    if (met.fetch_add(1) < 2) both.arrive_and_wait();  // would hang if keys waited for each other
    return Result<bool>(false);
  });
  scheduler.notify("b");
  scheduler.notify("c");
  for (int i = 0; i < 1000; ++i) scheduler.notify_now("a");
  EXPECT_TRUE(scheduler.wait_idle(kPatience));
}

TEST(SchedulerTest, RetriesWhatFailsAndSaysWhy) {
  std::atomic<int> runs = 0;
  std::atomic<bool> seen = false;
  Scheduler* self = nullptr;
  std::latch ready(1);
  Scheduler scheduler(quick(1), [&](std::string_view key, std::uint32_t failures, const std::stop_token&) {
    ready.wait();
    EXPECT_EQ(failures, static_cast<std::uint32_t>(runs));
    if (key == "a" && ++runs < 4) return Result<bool>(fail(broken()));
    const auto status = self->list("a", "", 1);
    seen = status.size() == 1 && status[0].failures == 3 && status[0].error == "broken";
    return Result<bool>(false);
  });
  self = &scheduler;
  ready.count_down();
  scheduler.notify("a");
  ASSERT_TRUE(scheduler.wait_idle(kPatience));
  EXPECT_EQ(runs, 4);
  EXPECT_TRUE(seen);
}

TEST(SchedulerTest, RunsAgainWhileMoreIsDue) {
  std::atomic<int> runs = 0;
  Schedule schedule = quick();
  schedule.quiet = 1ms;
  Scheduler scheduler(
      schedule, [&](std::string_view, std::uint32_t, const std::stop_token&) { return Result<bool>(++runs < 5); });
  scheduler.notify("a");
  ASSERT_TRUE(scheduler.wait_idle(kPatience));
  EXPECT_EQ(runs, 5);
}

TEST(SchedulerTest, ListsKeysByPrefixAndPage) {
  Schedule schedule = quick();
  schedule.quiet = 1h;
  schedule.at_most = 1h;
  Scheduler scheduler(schedule,
                      [](std::string_view, std::uint32_t, const std::stop_token&) { return Result<bool>(false); });
  for (const char* key : {"m/1", "m/2", "m/3", "n/1"}) scheduler.notify(key);
  const auto keys = [&](std::string_view prefix, std::string_view after, std::size_t limit) {
    std::vector<std::string> found;
    for (const Status& status : scheduler.list(prefix, after, limit)) found.push_back(status.key);
    return found;
  };
  EXPECT_THAT(keys("m/", "", 10), testing::ElementsAre("m/1", "m/2", "m/3"));
  EXPECT_THAT(keys("m/", "m/1", 1), testing::ElementsAre("m/2"));
  EXPECT_THAT(keys("m/", "m/3", 1), testing::IsEmpty());
}

TEST(SchedulerTest, StopWaitsForWhatRunsAndStartsNothingMore) {
  std::latch started(1);
  std::atomic<bool> ended = false;
  std::atomic<int> runs = 0;
  Scheduler scheduler(quick(1), [&](std::string_view, std::uint32_t, const std::stop_token& stop) {
    ++runs;
    started.count_down();
    while (!stop.stop_requested()) std::this_thread::yield();
    ended = true;
    return Result<bool>(true);
  });
  scheduler.notify("a");
  started.wait();
  scheduler.stop();
  EXPECT_TRUE(ended);
  EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace warifu::jobs
