#include "wire/scalar.h"

namespace warifu::wire {
namespace {

std::string epoch(std::int64_t ms) {
  std::string out;
  append_epoch(out, Timestamp{ms});
  return out;
}

TEST(Scalar, EpochSecondsAreFlooredToMillisecondsWithoutRounding) {
  const std::pair<std::string_view, std::optional<std::int64_t>> kCases[] = {
      {"1783165130.534", 1783165130534},
      {"1783165130.5349999", 1783165130534},
      {"1783165130", 1783165130000},
      {"1783165130.5", 1783165130500},
      {"0", 0},
      {"-1", -1000},
      {"-0.0005", -1},
      {"-0.5", -500},
      {"1.783165130534e9", 1783165130534},
      {"253402300799.999", 253402300799999},
      {"253402300800", std::nullopt},
      {"1e300", std::nullopt},
      {"", std::nullopt},
      {".5", std::nullopt},
      {"1.", std::nullopt},
      {"1x", std::nullopt},
      {"9999999999999", std::nullopt},
  };
  for (const auto& [text, ms] : kCases) {
    const std::optional<Timestamp> time = parse_epoch(text);
    EXPECT_EQ(time.has_value(), ms.has_value()) << text;
    if (time && ms) EXPECT_EQ(time->ms, *ms) << text;
  }
}

TEST(Scalar, TimestampsComeInEveryFormThatAwsTakes) {
  for (const std::string_view text : {"1783165130", "1783165130.0", "2026-07-04T11:38:50Z", "2026-07-04T11:38:50.000Z",
                                      "Sat, 04 Jul 2026 11:38:50 GMT"}) {
    ASSERT_TRUE(parse_timestamp(text).has_value()) << text;
    EXPECT_EQ(parse_timestamp(text)->ms, 1783165130000) << text;
  }
  EXPECT_FALSE(parse_timestamp("yesterday").has_value());
}

TEST(Scalar, EpochIsWrittenWithAsManyDecimalsAsItNeeds) {
  EXPECT_EQ(epoch(1783165130534), "1783165130.534");
  EXPECT_EQ(epoch(1783165130500), "1783165130.5");
  EXPECT_EQ(epoch(1783165130005), "1783165130.005");
  EXPECT_EQ(epoch(1783165130000), "1783165130");
  EXPECT_EQ(epoch(-500), "-0.5");
  EXPECT_EQ(epoch(-1500), "-1.5");
}

TEST(Scalar, WholeNumbersMayBeWrittenAsDoubles) {
  EXPECT_EQ(parse_integer("5"), 5);
  EXPECT_EQ(parse_integer("5.0"), 5);
  EXPECT_EQ(parse_integer("5e1"), 50);
  EXPECT_EQ(parse_integer("-7"), -7);
  for (const std::string_view text : {"5.5", "1e300", "99999999999999999999", "", "x", "5x", "0x5", " 5"}) {
    EXPECT_FALSE(parse_integer(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace warifu::wire
