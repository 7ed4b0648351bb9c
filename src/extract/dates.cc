#include "extract/dates.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "extract/lexicon.h"
#include "extract/text.h"

namespace warifu::extract {
namespace {

using std::chrono::days;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month;
using std::chrono::year_month_day;
using std::chrono::years;

constexpr auto kMonths =
    std::to_array<std::string_view>({"January", "February", "March", "April", "May", "June", "July", "August",
                                     "September", "October", "November", "December"});
constexpr auto kWeekdays =
    std::to_array<std::string_view>({"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"});
constexpr auto kNumbers = std::to_array<std::string_view>(
    {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"});
constexpr auto kSeasons = std::to_array<std::string_view>({"winter", "spring", "summer", "autumn"});

/// Eight thousand years either way: calendar arithmetic stays within what std::chrono::year holds.
constexpr std::int64_t kTimeMsMax = 252'000'000'000'000;

/// How far a count may lead, in its unit; past it the words stay as they are.
constexpr int kCountMax = 300;

sys_days day_of(Timestamp time) {
  const std::int64_t ms = std::clamp(time.ms, -kTimeMsMax, kTimeMsMax);
  return std::chrono::floor<days>(std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(ms)));
}

std::string text_of(sys_days day) {
  const year_month_day date(day);
  return fmt::format("{} {} {}", static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()));
}

std::string text_of(year_month month) {
  return fmt::format("{} {}", kMonths[static_cast<unsigned>(month.month()) - 1], static_cast<int>(month.year()));
}

template <std::size_t N>
std::optional<unsigned> index_in(const std::array<std::string_view, N>& list, std::string_view word) {
  for (unsigned i = 0; i < N; ++i) {
    if (lower(list[i]) == word) return i;
  }
  return std::nullopt;
}

/// A phrase found: how many words it took, what stands for it, and the preposition that it needs when it has none.
struct Found {
  std::size_t words = 0;
  std::string text;
  std::string_view preposition;
};

class Resolver {
 public:
  Resolver(const std::vector<std::string>& word, Timestamp said) : word_(word), today_(day_of(said)) {}

  [[nodiscard]] std::optional<Found> at(std::size_t i) const {
    if (auto found = named_day(i)) return found;
    if (auto found = counted(i)) return found;
    return shifted(i);
  }

 private:
  [[nodiscard]] std::string_view word(std::size_t i) const { return i < word_.size() ? word_[i] : std::string_view(); }

  [[nodiscard]] Found day(std::size_t words, int shift, std::string_view preposition = "on") const {
    return {words, text_of(today_ + days(shift)), preposition};
  }

  [[nodiscard]] std::optional<Found> named_day(std::size_t i) const {
    const std::string_view first = word(i);
    const int sign = first == "yesterday" ? -1 : first == "tomorrow" ? 1 : 0;
    if (first == "today") return day(1, 0);
    if (first == "tonight") return day(1, 0, "on the evening of");
    if (sign != 0) {
      const std::string_view part = word(i + 1);
      if (part == "morning") return day(2, sign, "on the morning of");
      if (part == "afternoon") return day(2, sign, "on the afternoon of");
      if (part == "evening") return day(2, sign, "on the evening of");
      if (part == "night") return day(2, sign, "on the night of");
      return day(1, sign);
    }
    if (first == "last" && word(i + 1) == "night") return day(2, -1, "on the night of");
    if (first == "this" && word(i + 1) == "morning") return day(2, 0, "on the morning of");
    if (first == "this" && word(i + 1) == "afternoon") return day(2, 0, "on the afternoon of");
    if (first == "this" && word(i + 1) == "evening") return day(2, 0, "on the evening of");
    if (first == "the" && word(i + 1) == "day" && word(i + 2) == "before" && word(i + 3) == "yesterday")
      return day(4, -2);
    if (first == "the" && word(i + 1) == "day" && word(i + 2) == "after" && word(i + 3) == "tomorrow") return day(4, 2);
    return std::nullopt;
  }

  /// `three days ago`, `a couple of weeks back`, `in two months`, `five days from now`.
  [[nodiscard]] std::optional<Found> counted(std::size_t i) const {
    const bool future = word(i) == "in" || word(i) == "within";
    std::size_t at = future ? i + 1 : i;
    if (word(at) == "about" || word(at) == "around" || word(at) == "almost") {
      if (!future) return std::nullopt;
      ++at;
    }
    std::string vague;
    const std::optional<int> count = number(at, vague);
    if (!count) return std::nullopt;
    std::string_view unit = word(at);
    if (unit.ends_with('s')) unit.remove_suffix(1);
    if (unit != "day" && unit != "week" && unit != "month" && unit != "year" && unit != "fortnight")
      return std::nullopt;
    ++at;
    int sign = 0;
    if (!future && (word(at) == "ago" || word(at) == "back")) sign = -1, ++at;
    if (!future && sign == 0 && word(at) == "from" && (word(at + 1) == "now" || word(at + 1) == "today"))
      sign = 1, at += 2;
    if (future && word(at) != "ago" && !past_tense()) sign = 1;
    if (future && word(at) == "time") ++at;
    if (sign == 0) return std::nullopt;
    const std::string spoken =
        vague.empty() ? "" : fmt::format("{} {}s {} {}", vague, unit, sign < 0 ? "before" : "after", text_of(today_));
    return moved(at - i, sign * *count, unit, spoken);
  }

  [[nodiscard]] std::optional<Found> moved(std::size_t words, int count, std::string_view unit,
                                           const std::string& vague) const {
    if (!vague.empty()) return Found{words, vague, ""};
    if (unit == "day") return Found{words, text_of(today_ + days(count)), "on"};
    const int weeks = unit == "week" ? count : unit == "fortnight" ? 2 * count : 0;
    if (weeks != 0) return Found{words, text_of(today_ + days(7 * weeks)), "around"};
    const year_month_day date(today_);
    const year_month month(date.year(), date.month());
    if (unit == "month") return Found{words, text_of(month + months(count)), "in"};
    return Found{words, fmt::format("{}", static_cast<int>(date.year()) + count), "in"};
  }

  /// Reads `three`, `3`, `a`, `a couple of`, `a few`; moves past it. `vague`: the words, when they name no number.
  std::optional<int> number(std::size_t& at, std::string& vague) const {
    const std::string_view first = word(at);
    if (first == "a" || first == "an") {
      ++at;
      if (word(at) == "few") {
        vague = "a few";
        ++at;
        return 3;
      }
      if (word(at) != "couple") return 1;
      ++at;
      if (word(at) == "of") ++at;
      vague = "a couple of";
      return 2;
    }
    if (first == "few" || first == "several" || first == "some" || first == "many") {
      vague = std::string(first);
      ++at;
      return 3;
    }
    if (const auto spelled = index_in(kNumbers, first)) {
      ++at;
      return static_cast<int>(*spelled);
    }
    int value = 0;
    const auto [end, error] = std::from_chars(first.data(), first.data() + first.size(), value);
    if (error != std::errc() || end != first.data() + first.size() || value < 0 || value > kCountMax)
      return std::nullopt;
    ++at;
    return value;
  }

  /// `last week`, `next June`, `this weekend`, `this coming Friday`.
  [[nodiscard]] std::optional<Found> shifted(std::size_t i) const {
    const std::string_view first = word(i);
    int sign = first == "last" ? -1 : first == "next" ? 1 : 0;
    if (sign == 0 && first != "this") return std::nullopt;
    if (i > 0 && (word(i - 1) == "the" || word(i - 1) == "every" || word(i - 1) == "my" || word(i - 1) == "our" ||
                  word(i - 1) == "very" || word(i - 1) == "your")) {
      return std::nullopt;
    }
    std::size_t at = i + 1;
    if (first == "this" && (word(at) == "past" || word(at) == "last")) sign = -1, ++at;
    if (first == "this" && (word(at) == "coming" || word(at) == "upcoming" || word(at) == "next")) sign = 1, ++at;
    std::string_view unit = word(at);
    if (unit.ends_with("'s")) return std::nullopt;
    if (word(at + 1) == "of" || word(at + 1) == "or") return std::nullopt;
    auto found = by_unit(unit, sign);
    if (found) found->words = at + 1 - i;
    return found;
  }

  [[nodiscard]] std::optional<Found> by_unit(std::string_view unit, int sign) const {
    const year_month_day date(today_);
    const year_month month(date.year(), date.month());
    const std::string_view side = sign < 0 ? "before" : sign > 0 ? "after" : "of";
    if (unit == "week") return Found{0, fmt::format("the week {} {}", side, text_of(today_)), sign == 0 ? "in" : ""};
    if (unit == "weekend")
      return Found{0, fmt::format("the weekend {} {}", side, text_of(sign == 0 ? saturday() : today_)), "on"};
    if (unit == "month") return Found{0, text_of(month + months(sign)), "in"};
    if (unit == "year") return Found{0, fmt::format("{}", static_cast<int>(date.year()) + sign), "in"};
    if (const auto weekday = index_in(kWeekdays, unit)) return Found{0, weekday_date(*weekday, sign), "on"};
    if (const auto named = index_in(kMonths, unit)) return named_month(*named + 1, sign);
    const auto season = index_in(kSeasons, unit == "fall" ? "autumn" : unit);
    return season ? std::optional(season_of(*season, sign)) : std::nullopt;
  }

  [[nodiscard]] sys_days saturday() const {
    const unsigned now = std::chrono::weekday(today_).c_encoding();
    return now == 0 ? today_ - days(1) : today_ + days(6 - static_cast<int>(now));
  }

  [[nodiscard]] std::string weekday_date(unsigned weekday, int sign) const {
    const int now = static_cast<int>(std::chrono::weekday(today_).c_encoding());
    const int ahead = (static_cast<int>(weekday) - now + 7) % 7;
    const int shift = sign < 0 ? (ahead == 0 ? -7 : ahead - 7) : sign > 0 && ahead == 0 ? 7 : ahead;
    return fmt::format("{}, {}", kWeekdays[weekday], text_of(today_ + days(shift)));
  }

  [[nodiscard]] Found named_month(unsigned named, int sign) const {
    const year_month_day date(today_);
    const auto now = static_cast<unsigned>(date.month());
    const int shift = sign < 0 ? (named < now ? 0 : -1) : sign > 0 ? (named > now ? 0 : 1) : 0;
    return {0, text_of(year_month(date.year() + years(shift), std::chrono::month(named))), "in"};
  }

  /// Seasons of the northern year; a winter bears the year in which it ends, and both in its name.
  [[nodiscard]] Found season_of(unsigned season, int sign) const {
    const year_month_day date(today_);
    const auto now = static_cast<unsigned>(date.month());
    int which = static_cast<int>(date.year());
    const unsigned begins = season * 3;  // winter 0 (December before), spring 3, summer 6, autumn 9
    if (season == 0) {
      const int nearest = now == 12 || (sign == 0 && now > 5) ? which + 1 : which;
      const bool running = now == 12 || now <= 2;
      which = sign == 0  ? nearest
              : sign > 0 ? (now == 12 ? which + 2 : which + 1)
                         : (running && now != 12 ? which - 1 : which);
      return {0, fmt::format("the winter of {}-{}", which - 1, which), "in"};
    }
    if (sign < 0 && now < begins + 3) --which;
    if (sign > 0 && now >= begins) ++which;
    return {0, fmt::format("the {} of {}", kSeasons[season], which), "in"};
  }

  /// Whether the sentence tells of the past: then `in two weeks` is how long something took.
  [[nodiscard]] bool past_tense() const {
    bool past = false;
    for (const std::string& w : word_) {
      if (w == "will" || w.ends_with("'ll") || w == "going" || w.ends_with("'m") || w == "plan" || w == "planning")
        return false;
      past = past || is_past_form(w) || w == "was" || w == "were" || w == "did" || (w.size() > 4 && w.ends_with("ed"));
    }
    return past;
  }

  const std::vector<std::string>& word_;
  sys_days today_;
};

bool has_preposition(std::string_view before) {
  static constexpr auto kList = std::to_array<std::string_view>(
      {"in",    "on",     "by",     "until",    "till",   "since",   "from", "for",      "before",
       "after", "during", "of",     "through",  "around", "between", "to",   "than",     "about",
       "at",    "with",   "within", "starting", "and",    "or",      "over", "beginning"});
  for (const std::string_view word : kList) {
    if (word == before) return true;
  }
  return false;
}

bool makes_subject(std::string_view after) {
  return after == "was" || after == "is" || after == "will" || after == "were" || after == "isn't" ||
         after == "wasn't" || after == "marks" || after == "marked";
}

}  // namespace

std::string long_date(Timestamp time) { return text_of(day_of(time)); }

std::string with_absolute_dates(std::string_view sentence, Timestamp said) {
  const std::vector<Token> pieces = tokens(sentence);
  std::vector<std::string> word;
  std::vector<std::size_t> place;  // of each word among the pieces
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (!pieces[i].word) continue;
    word.push_back(lower(pieces[i].text));
    place.push_back(i);
  }
  const Resolver resolver(word, said);
  std::string out;
  std::size_t copied = 0;  // pieces that are in `out`
  for (std::size_t i = 0; i < word.size(); ++i) {
    std::string_view key = word[i];
    if (key.size() < 2 && key != "a" && (key[0] < '0' || key[0] > '9')) continue;
    const auto found = resolver.at(i);
    if (!found) continue;
    while (copied < place[i]) out += pieces[copied++].text;
    const std::string_view before = i > 0 ? std::string_view(word[i - 1]) : std::string_view();
    const std::string_view after =
        i + found->words < word.size() ? std::string_view(word[i + found->words]) : std::string_view();
    const bool needs = !found->preposition.empty() && !has_preposition(before) && !makes_subject(after);
    std::string text = needs ? fmt::format("{} {}", found->preposition, found->text) : found->text;
    out += i == 0 ? capitalised(std::move(text)) : text;
    copied = place[i + found->words - 1] + 1;
    i += found->words - 1;
  }
  while (copied < pieces.size()) out += pieces[copied++].text;
  return out;
}

}  // namespace warifu::extract
