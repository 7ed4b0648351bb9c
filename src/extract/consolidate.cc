#include "extract/consolidate.h"

#include <algorithm>
#include <array>
#include <optional>

#include "extract/dates.h"
#include "extract/lexicon.h"
#include "extract/text.h"
#include "extract/xml.h"
#include "json/value.h"

namespace warifu::extract {
namespace {

constexpr std::size_t kAttributeWordsMax = 12;  // a longer record says more than its attribute
constexpr std::size_t kSpecificWordsMin = 4;
constexpr std::string_view kBefore = " (before ";

using Words = std::vector<std::string>;

/// The words of a statement that tell it from another; articles and fillers are none.
Words statement_words(std::string_view text) {
  static constexpr auto kFillers =
      std::to_array<std::string_view>({"a", "an", "the", "also", "just", "really", "very", "so", "too"});
  Words out = words(text);
  std::erase_if(out, [](const std::string& word) { return std::ranges::find(kFillers, word) != kFillers.end(); });
  return out;
}

/// A record without the note of what was before it.
std::string_view current(std::string_view text) { return text.substr(0, text.find(kBefore)); }

/// A text of another script, or of none, is compared as it stands.
bool same_statement(std::string_view a, std::string_view b) {
  const Words left = statement_words(current(a));
  return left.empty() ? a == b : left == statement_words(current(b));
}

Decision add(const Memory& memory) { return {.action = Action::kAdd, .text = memory.text}; }
Decision skip(std::size_t i, const Memory& memory) { return {Action::kSkip, i, memory.text}; }
Decision update(std::size_t i, std::string text) { return {Action::kUpdate, i, std::move(text)}; }

/// Whether `longer` is `shorter` with something added at its end that narrows it.
bool specifies(const Words& longer, const Words& shorter) {
  static constexpr auto kNarrowing =
      std::to_array<std::string_view>({"named", "called", "in", "at", "with", "for", "from", "on", "since", "because",
                                       "near", "by", "who", "which", "and", "every", "when"});
  if (shorter.size() < kSpecificWordsMin || longer.size() <= shorter.size()) return false;
  if (!std::equal(shorter.begin(), shorter.end(), longer.begin())) return false;
  return std::ranges::find(kNarrowing, longer[shorter.size()]) != kNarrowing.end();
}

/// An attribute that a subject has one of at a time: where one lives, works, what one's favourite is.
struct Attribute {
  std::string subject;
  std::string name;
  std::string value;
  bool operator==(const Attribute&) const = default;
};

struct Phrase {
  std::string_view words;
  std::string_view name;
};

constexpr auto kPhrases = std::to_array<Phrase>({{"lives in", "home"},
                                                 {"moved to", "home"},
                                                 {"has moved to", "home"},
                                                 {"relocated to", "home"},
                                                 {"is based in", "home"},
                                                 {"works at", "employer"},
                                                 {"works for", "employer"},
                                                 {"works as", "occupation"}});

std::string joined(const Words& word, std::size_t begin) {
  std::string out;
  for (std::size_t i = begin; i < word.size(); ++i) out += (out.empty() ? "" : " ") + word[i];
  return out;
}

/// `Ana's favourite colour is green`, `the user's phone number is …`.
std::optional<Attribute> possessed(const Words& word) {
  for (std::size_t i = 0; i + 2 < word.size() && i < 4; ++i) {
    if (!word[i].ends_with("'s") && !word[i].ends_with('\'')) continue;
    const auto is = std::find(word.begin() + static_cast<std::ptrdiff_t>(i) + 1, word.end(), "is");
    const auto at = static_cast<std::size_t>(is - word.begin());
    const std::string name = joined(Words(word.begin() + static_cast<std::ptrdiff_t>(i) + 1, is), 0);
    static constexpr auto kSingle =
        std::to_array<std::string_view>({"phone number", "email", "email address", "address", "birthday", "name", "job",
                                         "age", "height", "weight", "shoe size", "budget"});
    const bool single = name.starts_with("favourite ") || name.starts_with("favorite ") ||
                        std::ranges::find(kSingle, name) != kSingle.end();
    if (is == word.end() || !single || at + 1 >= word.size()) return std::nullopt;
    return Attribute{joined(Words(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(i) + 1), 0), name,
                     joined(word, at + 1)};
  }
  return std::nullopt;
}

std::optional<Attribute> attribute_of(std::string_view record) {
  const std::string_view text = current(record);
  if (text.starts_with("Asked \"") || text.find(". ") != std::string_view::npos ||
      text.find(',') != std::string_view::npos)
    return std::nullopt;
  Words word = statement_words(text);
  std::erase_if(word, [](const std::string& w) { return w == "now" || w == "currently" || w == "recently"; });
  if (word.size() > kAttributeWordsMax) return std::nullopt;
  if (auto found = possessed(word)) return found;
  for (std::size_t i = 1; i < word.size() && i < 4; ++i) {
    const std::string rest = joined(word, i) + " ";
    for (const Phrase& phrase : kPhrases) {
      if (!rest.starts_with(phrase.words) || rest[phrase.words.size()] != ' ') continue;
      std::string value = rest.substr(phrase.words.size() + 1);
      // "and", "but": more than the one value.
      if (value.size() < 2 || (" " + value).contains(" and ") || (" " + value).contains(" but ")) return std::nullopt;
      value.pop_back();
      return Attribute{joined(Words(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(i)), 0),
                       std::string(phrase.name), value};
    }
  }
  return std::nullopt;
}

/// `Ana moved to Porto (before 7 May 2023: lives in Lisbon).`: what was stays to be found.
std::string superseding(const Memory& memory, std::string_view old, const Attribute& attribute) {
  std::string text = memory.text;
  if (text.ends_with('.')) text.pop_back();
  std::string was(trim(current(old)));
  if (was.ends_with('.')) was.pop_back();
  if (lower(was).starts_with(attribute.subject + " ")) was.erase(0, attribute.subject.size() + 1);
  if (lower(was).starts_with("the " + attribute.subject + " ")) was.erase(0, attribute.subject.size() + 5);
  return text + std::string(kBefore) + long_date(memory.time) + ": " + was + ").";
}

Decision decide_fact(const Memory& memory, std::span<const Existing> existing) {
  for (std::size_t i = 0; i < existing.size(); ++i) {
    if (same_statement(memory.text, existing[i].text)) return skip(i, memory);
  }
  const Words mine = statement_words(memory.text);
  const std::optional<Attribute> attribute = attribute_of(memory.text);
  for (std::size_t i = 0; i < existing.size(); ++i) {
    const Words theirs = statement_words(current(existing[i].text));
    if (specifies(theirs, mine)) return skip(i, memory);
    const bool later = memory.time >= existing[i].time;
    if (later && specifies(mine, theirs)) return update(i, memory.text);
    if (!attribute) continue;
    const std::optional<Attribute> other = attribute_of(existing[i].text);
    if (!other || other->subject != attribute->subject || other->name != attribute->name) continue;
    if (other->value == attribute->value || !later) return skip(i, memory);
    return update(i, superseding(memory, existing[i].text, *attribute));
  }
  return add(memory);
}

/// A stated preference, cut into what is felt and what about.
struct Feeling {
  std::string words;
  int sign = 0;  // 0: unknown
  std::string object;
};

Feeling feeling_of(std::string_view record) {
  Feeling out;
  const auto value = json::parse(record);
  const std::optional<std::string> text = value ? value->find_string("preference") : std::nullopt;
  if (!text) return out;
  out.words = joined(statement_words(*text), 0);
  static constexpr auto kSigns = std::to_array<std::pair<std::string_view, int>>(
      {{"loves ", 1},           {"likes ", 1},           {"enjoys ", 1},        {"adores ", 1},
       {"prefers ", 1},         {"fan of ", 1},          {"big fan of ", 1},    {"into ", 1},
       {"fond of ", 1},         {"hates ", -1},          {"dislikes ", -1},     {"detests ", -1},
       {"avoids ", -1},         {"can't stand ", -1},    {"cannot stand ", -1}, {"can't bear ", -1},
       {"doesn't like ", -1},   {"doesn't enjoy ", -1},  {"doesn't eat ", -1},  {"doesn't drink ", -1},
       {"not fan of ", -1},     {"not big fan of ", -1}, {"not into ", -1},     {"no longer likes ", -1},
       {"no longer eats ", -1}, {"used to love ", -1},   {"used to like ", -1}, {"used to enjoy ", -1}});
  for (const auto& [cue, sign] : kSigns) {
    if (!out.words.starts_with(cue)) continue;
    out.sign = sign;
    out.object = out.words.substr(cue.size());
    break;
  }
  const std::size_t is = out.words.find(" is ");
  if (out.sign == 0 && is != std::string::npos &&
      (out.words.starts_with("favourite ") || out.words.starts_with("favorite "))) {
    out.sign = 2;
    out.object = out.words.substr(0, is);
  }
  return out;
}

Decision decide_preference(const Memory& memory, std::span<const Existing> existing) {
  const Feeling mine = feeling_of(memory.text);
  for (std::size_t i = 0; i < existing.size(); ++i) {
    const Feeling theirs = feeling_of(existing[i].text);
    const bool same = mine.words.empty() ? memory.text == existing[i].text : mine.words == theirs.words;
    if (same) return skip(i, memory);
  }
  for (std::size_t i = 0; i < existing.size() && mine.sign != 0; ++i) {
    const Feeling theirs = feeling_of(existing[i].text);
    if (theirs.object != mine.object || theirs.sign == 0 || (theirs.sign == 2) != (mine.sign == 2)) continue;
    const bool changed = mine.sign == 2 || theirs.sign != mine.sign;
    if (!changed || memory.time < existing[i].time) return skip(i, memory);
    return update(i, memory.text);
  }
  return add(memory);
}

Decision decide_by_title(const Memory& memory, std::span<const Existing> existing) {
  const std::string title = xml_text(memory.text, "title");
  for (std::size_t i = 0; i < existing.size(); ++i) {
    if (memory.text == existing[i].text) return skip(i, memory);
    if (title.empty() || xml_text(existing[i].text, "title") != title) continue;
    return memory.time >= existing[i].time ? update(i, memory.text) : skip(i, memory);
  }
  return add(memory);
}

}  // namespace

Decision consolidate(Kind kind, const Memory& memory, std::span<const Existing> existing) {
  switch (kind) {
    case Kind::kSemantic:
      return decide_fact(memory, existing);
    case Kind::kPreference:
      return decide_preference(memory, existing);
    case Kind::kReflection:
      return decide_by_title(memory, existing);
    case Kind::kSummary:
    case Kind::kEpisode:
      break;
  }
  for (std::size_t i = 0; i < existing.size(); ++i) {
    if (memory.text == existing[i].text) return skip(i, memory);
  }
  return add(memory);
}

}  // namespace warifu::extract
