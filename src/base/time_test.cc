#include "base/time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"

namespace warifu {
namespace {

constexpr std::int64_t kSample = 1783165130534;  // 2026-07-04T11:38:50.534Z, a Saturday

TEST(Time, writes_every_form) {
  EXPECT_EQ(iso8601({kSample}), "2026-07-04T11:38:50Z");
  EXPECT_EQ(iso8601_ms({kSample}), "2026-07-04T11:38:50.534Z");
  EXPECT_EQ(iso8601_basic({kSample}), "20260704T113850Z");
  EXPECT_EQ(http_date({kSample}), "Sat, 04 Jul 2026 11:38:50 GMT");
  EXPECT_EQ(iso8601_ms({0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(http_date({0}), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(Time, writes_times_before_1970) {
  EXPECT_EQ(iso8601_ms({-1}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(iso8601_ms({-86'400'000}), "1969-12-31T00:00:00.000Z");
  EXPECT_EQ(http_date({-1000}), "Wed, 31 Dec 1969 23:59:59 GMT");
}

TEST(Time, seconds_round_down) {
  EXPECT_EQ(Timestamp{1999}.seconds(), 1);
  EXPECT_EQ(Timestamp{0}.seconds(), 0);
  EXPECT_EQ(Timestamp{-1}.seconds(), -1);
  EXPECT_EQ(Timestamp{-1000}.seconds(), -1);
  EXPECT_EQ(Timestamp{-1001}.seconds(), -2);
  EXPECT_EQ(Timestamp{500}.plus_seconds(-2).ms, -1500);
}

TEST(Time, reads_iso8601) {
  struct Case {
    const char* text;
    std::optional<std::int64_t> ms;
  };
  const std::vector<Case> cases = {{"2026-07-04T11:38:50.534Z", kSample},
                                   {"2026-07-04T11:38:50.5349999Z", kSample},
                                   {"2026-07-04t11:38:50.534z", kSample},
                                   {"2026-07-04 11:38:50.534Z", kSample},
                                   {"2026-07-04T11:38:50.534", kSample},
                                   {"2026-07-04T13:38:50.534+02:00", kSample},
                                   {"2026-07-04T13:38:50.534+0200", kSample},
                                   {"2026-07-04T13:38:50.534+02", kSample},
                                   {"2026-07-04T06:08:50.534-05:30", kSample},
                                   {"2026-07-04T11:38:50.5Z", kSample - 34},
                                   {"2026-07-04T11:38Z", kSample - 50'534},
                                   {"2026-07-04", 1783123200000},
                                   {"2024-02-29", 1709164800000},
                                   {"2023-02-29", std::nullopt},
                                   {"2026-00-04", std::nullopt},
                                   {"2026-13-04", std::nullopt},
                                   {"2026-07-32", std::nullopt},
                                   {"2026-7-4", std::nullopt},
                                   {"20260704", std::nullopt},
                                   {"2026-07-04T", std::nullopt},
                                   {"2026-07-04T11", std::nullopt},
                                   {"2026-07-04T24:00Z", std::nullopt},
                                   {"2026-07-04T11:60Z", std::nullopt},
                                   {"2026-07-04T11:38:61Z", std::nullopt},
                                   {"2026-07-04T11:38:50Zx", std::nullopt},
                                   {"2026-07-04T11:38:50+24:00", std::nullopt},
                                   {"2026-07-04T11:38:50+1", std::nullopt},
                                   {"", std::nullopt},
                                   {"yesterday", std::nullopt},
                                   {"-026-07-04", std::nullopt}};
  for (const Case& c : cases) {
    const auto time = parse_iso8601(c.text);
    ASSERT_EQ(time.has_value(), c.ms.has_value()) << c.text;
    if (time) EXPECT_EQ(time->ms, *c.ms) << c.text;
  }
}

TEST(Time, reads_the_basic_form_and_nothing_else) {
  EXPECT_EQ(parse_iso8601_basic("20260704T113850Z"), Timestamp{kSample - 534});
  for (const char* text : {"", "20260704", "20260704T113850", "20260704T113850z", "20260704 113850Z",
                           "20260704T113850Z ", "20260704T243850Z", "20260704T116050Z", "20261304T113850Z",
                           "20260231T113850Z", "2026070aT113850Z", "+0260704T113850Z", "2026-07-04T11:38:50Z"}) {
    EXPECT_EQ(parse_iso8601_basic(text), std::nullopt) << text;
  }
}

TEST(Time, reads_http_dates) {
  EXPECT_EQ(parse_http_date("Sat, 04 Jul 2026 11:38:50 GMT"), Timestamp{kSample - 534});
  for (const char* text :
       {"", "Sat, 04 Jul 2026 11:38:50 UTC", "Sat, 4 Jul 2026 11:38:50 GMT", "Sat, 04 jul 2026 11:38:50 GMT",
        "Sat, 31 Feb 2026 11:38:50 GMT", "Saturday, 04-Jul-26 11:38:50 GMT", "Sat Jul  4 11:38:50 2026",
        "Sat, 04 Jul 2026 25:38:50 GMT"}) {
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
  }
}

TEST(Time, reads_back_what_it_wrote) {
  for (std::int64_t ms = -4'000'000'000'000; ms < 8'000'000'000'000; ms += 98'765'432'123) {
    const std::int64_t whole = Timestamp{ms}.seconds() * 1000;
    EXPECT_EQ(parse_iso8601(iso8601_ms({ms})), Timestamp{ms});
    EXPECT_EQ(parse_iso8601(iso8601({ms})), Timestamp{whole});
    EXPECT_EQ(parse_iso8601_basic(iso8601_basic({ms})), Timestamp{whole});
    EXPECT_EQ(parse_http_date(http_date({ms})), Timestamp{whole});
  }
}

TEST(Clocks, a_manual_clock_moves_only_when_told_to) {
  ManualClock clock({1000});
  EXPECT_EQ(clock.now().ms, 1000);
  clock.advance_ms(5);
  EXPECT_EQ(clock.now().ms, 1005);
  clock.set({7});
  EXPECT_EQ(clock.now().ms, 7);
}

TEST(Clocks, the_systems_clock_is_of_this_century) {
  const Timestamp now = SystemClock().now();
  EXPECT_GT(now, parse_iso8601("2024-01-01").value());
  EXPECT_LT(now, parse_iso8601("2100-01-01").value());
}

}  // namespace
}  // namespace warifu
