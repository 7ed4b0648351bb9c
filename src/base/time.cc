#include "base/time.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>

namespace warifu {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t kMsPerDay = 86'400'000;
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct Civil {
  int year;
  unsigned month, day, weekday;
  int hour, minute, second, millisecond;
};

Civil civil(Timestamp time) {
  std::int64_t days = time.ms / kMsPerDay;
  std::int64_t rest = time.ms % kMsPerDay;
  if (rest < 0) {
    rest += kMsPerDay;
    --days;
  }
  const sys_days day{std::chrono::days{days}};
  const year_month_day date{day};
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<unsigned>(date.month()),
          .day = static_cast<unsigned>(date.day()),
          .weekday = std::chrono::weekday{day}.c_encoding(),
          .hour = static_cast<int>(rest / 3'600'000),
          .minute = static_cast<int>(rest / 60'000 % 60),
          .second = static_cast<int>(rest / 1000 % 60),
          .millisecond = static_cast<int>(rest % 1000)};
}

/// Reads exactly `width` digits from the front of `text`.
std::optional<int> digits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool skip(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::int64_t> day_ms(int year, int month, int day) {
  const year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                            std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return sys_days{date}.time_since_epoch().count() * kMsPerDay;
}

std::optional<std::int64_t> clock_ms(int hour, int minute, int second) {
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return ((hour * 60 + minute) * 60 + second) * std::int64_t{1000};
}

/// The fraction after a seconds field, floored to milliseconds.
int fraction_ms(std::string_view& text) {
  int value = 0;
  int weight = 100;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    value += (text.front() - '0') * weight;
    weight /= 10;
    text.remove_prefix(1);
  }
  return value;
}

/// `Z`, nothing, or `±hh:mm`: the offset in milliseconds.
std::optional<std::int64_t> offset_ms(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return 0;
  const bool negative = text.front() == '-';
  if (!negative && text.front() != '+') return std::nullopt;
  text.remove_prefix(1);
  const auto hour = digits(text, 2);
  if (!hour) return std::nullopt;
  (void)skip(text, ':');
  const auto minute = text.empty() ? std::optional<int>{0} : digits(text, 2);
  if (!minute || !text.empty() || *hour > 23 || *minute > 59) return std::nullopt;
  const std::int64_t value = (*hour * 60 + *minute) * std::int64_t{60'000};
  return negative ? -value : value;
}

}  // namespace

std::string iso8601(Timestamp time) {
  const Civil c = civil(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string iso8601_ms(Timestamp time) {
  const Civil c = civil(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", c.year, c.month, c.day, c.hour, c.minute, c.second,
                     c.millisecond);
}

std::string iso8601_basic(Timestamp time) {
  const Civil c = civil(time);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string http_date(Timestamp time) {
  const Civil c = civil(time);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kWeekdays[c.weekday], c.day, kMonths[c.month - 1],
                     c.year, c.hour, c.minute, c.second);
}

std::optional<Timestamp> parse_iso8601(std::string_view text) {
  const auto year = digits(text, 4);
  if (!year || !skip(text, '-')) return std::nullopt;
  const auto month = digits(text, 2);
  if (!month || !skip(text, '-')) return std::nullopt;
  const auto day = digits(text, 2);
  if (!day) return std::nullopt;
  const auto date = day_ms(*year, *month, *day);
  if (!date) return std::nullopt;
  if (text.empty()) return Timestamp{*date};

  if (!skip(text, 'T') && !skip(text, 't') && !skip(text, ' ')) return std::nullopt;
  const auto hour = digits(text, 2);
  if (!hour || !skip(text, ':')) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute) return std::nullopt;
  int second = 0;
  int ms = 0;
  if (skip(text, ':')) {
    const auto value = digits(text, 2);
    if (!value) return std::nullopt;
    second = *value;
    if (skip(text, '.')) ms = fraction_ms(text);
  }
  const auto clock = clock_ms(*hour, *minute, second);
  const auto offset = offset_ms(text);
  if (!clock || !offset) return std::nullopt;
  return Timestamp{*date + *clock + ms - *offset};
}

std::optional<Timestamp> parse_iso8601_basic(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  const auto year = digits(text, 4);
  const auto month = digits(text, 2);
  const auto day = digits(text, 2);
  if (!year || !month || !day || !skip(text, 'T')) return std::nullopt;
  const auto hour = digits(text, 2);
  const auto minute = digits(text, 2);
  const auto second = digits(text, 2);
  if (!hour || !minute || !second || text != "Z") return std::nullopt;
  const auto date = day_ms(*year, *month, *day);
  const auto clock = clock_ms(*hour, *minute, *second);
  if (!date || !clock) return std::nullopt;
  return Timestamp{*date + *clock};
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return std::nullopt;
  text = text.substr(5, 20);
  const auto day = digits(text, 2);
  if (!day || !skip(text, ' ')) return std::nullopt;
  int month = 0;
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (text.starts_with(kMonths[i])) month = static_cast<int>(i) + 1;
  }
  if (month == 0) return std::nullopt;
  text.remove_prefix(3);
  if (!skip(text, ' ')) return std::nullopt;
  const auto year = digits(text, 4);
  if (!year || !skip(text, ' ')) return std::nullopt;
  const auto hour = digits(text, 2);
  if (!hour || !skip(text, ':')) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute || !skip(text, ':')) return std::nullopt;
  const auto second = digits(text, 2);
  if (!second) return std::nullopt;
  const auto date = day_ms(*year, month, *day);
  const auto clock = clock_ms(*hour, *minute, *second);
  if (!date || !clock) return std::nullopt;
  return Timestamp{*date + *clock};
}

}  // namespace warifu
