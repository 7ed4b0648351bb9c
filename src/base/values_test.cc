#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <set>

#include "base/check.h"
#include "base/encoding.h"
#include "base/http.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"

namespace warifu {
namespace {

TEST(HttpHeaders, compare_names_without_case_and_keep_order) {
  http::Headers headers;
  headers.add("Host", "a");
  headers.add("x-b", "1");
  headers.add("X-B", "2");
  EXPECT_EQ(headers.get("HOST"), "a");
  EXPECT_EQ(headers.get("X-b"), "1");
  EXPECT_EQ(headers.get("absent"), std::nullopt);
  EXPECT_EQ(headers.count("X-B"), 2u);
  EXPECT_EQ(headers.count("X"), 0u);
  EXPECT_EQ(headers.fields()[2].second, "2");
}

TEST(HttpRequest, splits_its_target_at_the_first_question_mark) {
  struct Case {
    const char *target, *path, *query;
  };
  for (const Case& c : {Case{"/a%3Fb?c=d?e", "/a%3Fb", "c=d?e"}, Case{"/a", "/a", ""}, Case{"/a?", "/a", ""},
                        Case{"", "", ""}, Case{"?x", "", "x"}}) {
    const http::Request request{.method = "GET", .target = c.target};
    EXPECT_EQ(request.path(), c.path) << c.target;
    EXPECT_EQ(request.query(), c.query) << c.target;
  }
}

TEST(RandomTest, a_seed_repeats_and_seeds_differ) {
  SeededRandom a(1), b(1), c(2);
  const std::string first = a.text(20, kAlphanumeric);
  EXPECT_EQ(b.text(20, kAlphanumeric), first);
  EXPECT_NE(c.text(20, kAlphanumeric), first);
  EXPECT_NE(a.text(20, kAlphanumeric), first);
}

TEST(RandomTest, below_stays_below_and_reaches_everything) {
  SeededRandom random(3);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 500; ++i) seen.insert(random.below(7));
  EXPECT_THAT(seen, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6));
  EXPECT_EQ(random.below(1), 0u);
  for (int i = 0; i < 100; ++i) EXPECT_LT(random.below(UINT64_MAX), UINT64_MAX);
}

TEST(RandomTest, text_draws_evenly_from_its_alphabet) {
  SeededRandom random(4);
  const std::string text = random.text(32'000, kBase32);
  for (const char c : kBase32) {
    const auto count = std::ranges::count(text, c);
    EXPECT_GT(count, 800) << c;
    EXPECT_LT(count, 1200) << c;
  }
}

TEST(RandomTest, uuids_are_of_version_4) {
  SeededRandom random(5);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string uuid = random.uuid();
    ASSERT_EQ(uuid.size(), 36u);
    for (const std::size_t dash : {8u, 13u, 18u, 23u}) EXPECT_EQ(uuid[dash], '-');
    EXPECT_EQ(uuid[14], '4');
    EXPECT_THAT(std::string_view("89ab"), testing::HasSubstr(std::string(1, uuid[19])));
    EXPECT_EQ(uuid.find_first_not_of("0123456789abcdef-"), std::string::npos);
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 100u);
}

TEST(RandomTest, the_kernels_bytes_differ_in_every_size) {
  SystemRandom random;
  for (const std::size_t size : {16u, 511u, 512u, 513u, 5000u}) {
    std::string a(size, '\0'), b(size, '\0');
    random.fill(std::as_writable_bytes(std::span(a)));
    random.fill(std::as_writable_bytes(std::span(b)));
    EXPECT_NE(a, b);
    EXPECT_NE(a.substr(size - 16), std::string(16, '\0'));
  }
}

Result<int> half(int value) {
  if (value % 2 != 0) return fail(validation_error("odd"));
  return value / 2;
}

Result<std::string> quarter(int value) {
  const int once = TRY(half(value));
  const int twice = TRY(half(once));
  return std::to_string(twice);
}

TEST(ResultTest, try_gives_the_value_or_returns_the_error) {
  EXPECT_EQ(quarter(8), "2");
  ASSERT_FALSE(quarter(6).has_value());
  EXPECT_EQ(quarter(6).error().code, ErrorCode::kValidation);
  EXPECT_EQ(quarter(6).error().message, "odd");
}

TEST(LogTest, passes_lines_with_their_fields_to_the_sink) {
  std::vector<std::string> lines;
  log::set_sink([&](log::Level level, std::string_view message, std::span<const log::Field> fields) {
    std::string line = std::to_string(static_cast<int>(level)) + " " + std::string(message);
    for (const log::Field& field : fields) line += " " + std::string(field.key) + "=" + std::string(field.value);
    lines.push_back(std::move(line));
  });
  log::info("below the threshold of the start");
  log::set_threshold(log::Level::kInfo);
  EXPECT_FALSE(log::enabled(log::Level::kDebug));
  log::debug("below");
  log::info("started", {{"port", "4566"}, {"tls", "no"}});
  log::error("failed");
  log::set_threshold(log::Level::kWarn);
  EXPECT_THAT(lines, testing::ElementsAre("1 started port=4566 tls=no", "3 failed"));
  // The sink outlives this test, and `lines` does not.
  log::set_sink([](log::Level, std::string_view message, std::span<const log::Field>) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
  });
}

TEST(CheckDeathTest, ends_the_process_and_names_the_condition) {
  EXPECT_DEATH(CHECK(1 + 1 == 3, "arithmetic"), "1 \\+ 1 == 3.*arithmetic");
  CHECK(true);
}

}  // namespace
}  // namespace warifu
