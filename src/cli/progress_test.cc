#include "cli/progress.h"

#include <gmock/gmock.h>

#include <string>

namespace warifu::cli {
namespace {

using namespace std::chrono_literals;

constexpr Progress::Clock::time_point kStart{1h};

TEST(ProgressTest, ALogGetsALineForEveryTenth) {
  std::string out;
  Progress progress(20'000'000, false, [&](std::string_view text) { out += text; });
  for (std::uint64_t bytes = 0; bytes <= 20'000'000; bytes += 100'000) progress.at(bytes, kStart);
  progress.end();
  EXPECT_EQ(std::ranges::count(out, '\n'), 10);
  EXPECT_THAT(out, testing::StartsWith("   10 %  2.0 of 20.0 MB\n   20 %  4.0 of 20.0 MB\n"));
  EXPECT_THAT(out, testing::EndsWith("  100 %  20.0 of 20.0 MB\n"));
}

TEST(ProgressTest, ATerminalsLineIsWrittenOverAndNotTooOften) {
  std::string out;
  Progress progress(1'000'000, true, [&](std::string_view text) { out += text; });
  progress.at(0, kStart);
  progress.at(250'000, kStart + 50ms);
  progress.at(500'000, kStart + 100ms);
  progress.at(1'000'000, kStart + 120ms);
  progress.end();
  EXPECT_EQ(out, "\r    0 %  0.0 of 1.0 MB\r   50 %  0.5 of 1.0 MB\r  100 %  1.0 of 1.0 MB\n");
}

TEST(ProgressTest, WithoutAWholeItCounts) {
  std::string out;
  Progress progress(std::nullopt, false, [&](std::string_view text) { out += text; });
  for (const std::uint64_t bytes : {4'000'000U, 11'000'000U, 12'000'000U, 35'000'000U}) progress.at(bytes, kStart);
  progress.end();
  EXPECT_EQ(out, "  11.0 MB\n  35.0 MB\n");
}

TEST(ProgressTest, NeverSaysThatAPartIsTheWholeNorMoreThanAll) {
  std::string out;
  Progress progress(1'000'001, true, [&](std::string_view text) { out += text; });
  progress.at(1'000'000, kStart);
  EXPECT_THAT(out, testing::HasSubstr(" 99 %"));
  progress.at(2'000'000, kStart + 1s);
  EXPECT_THAT(out, testing::HasSubstr("100 %"));
  out.clear();
  Progress nothing(0, false, [&](std::string_view text) { out += text; });
  nothing.at(0, kStart);
  nothing.end();
  EXPECT_EQ(out, "  0.0 MB\n");
}

}  // namespace
}  // namespace warifu::cli
