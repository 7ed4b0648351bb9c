#include <algorithm>
#include <array>

#include "extract/dates.h"
#include "extract/extract.h"
#include "extract/person.h"
#include "extract/tastes.h"
#include "extract/text.h"
#include "extract/turns.h"

namespace warifu::extract {
namespace {

constexpr std::size_t kClauseBytesMax = 1000;

std::string without_stop(std::string text) {
  while (!text.empty() &&
         (text.back() == '.' || text.back() == '!' || text.back() == ',' || text.back() == ';' || text.back() == ' ')) {
    text.pop_back();
  }
  return text;
}

void replace_first(std::string& text, std::string_view what, std::string_view with) {
  if (const std::size_t at = text.find(what); at != std::string::npos) text.replace(at, what.size(), with);
}

/// `Would rather focus on A than B` → `Prefers A over B`; verbs that say more than "have" stay.
std::string preferred(std::string text) {
  for (const std::string_view lead : {"Would rather ", "Would prefer to ", "Would sooner ", "Would prefer "}) {
    if (!text.starts_with(lead)) continue;
    text.erase(0, lead.size());
    static constexpr auto kPlain =
        std::to_array<std::string_view>({"focus on ", "have ", "go for ", "eat ", "get ", "see "});
    const auto plain = std::ranges::find_if(kPlain, [&](std::string_view verb) { return text.starts_with(verb); });
    if (plain != kPlain.end()) {
      text.erase(0, plain->size());
      replace_first(text, " rather than ", " over ");
      replace_first(text, " than ", " over ");
      return "Prefers " + text;
    }
    if (!text.contains(" rather than ")) replace_first(text, " than ", " rather than ");
    return (lead == "Would prefer " ? "Prefers " : "Prefers to ") + text;
  }
  return text;
}

/// The clause without its subject: `The user loves matcha` → `Loves matcha`.
std::string statement(std::string told, const Subject& subject) {
  std::string name = subject.name;
  if (told.starts_with(name + "'s ")) {
    told.erase(0, name.size() + 3);
  } else if (told.starts_with(name + " ")) {
    told.erase(0, name.size() + 1);
  }
  if (told.starts_with("also ") || told.starts_with("just ") || told.starts_with("really "))
    told.erase(0, told.find(' ') + 1);
  if (told.starts_with("is a ") || told.starts_with("is not ") || told.starts_with("is into ") ||
      told.starts_with("is fond "))
    told.erase(0, 3);
  return preferred(capitalised(std::move(told)));
}

std::string record(const Subject& subject, const Stated& stated, Timestamp time) {
  const std::string clause = without_stop(with_absolute_dates(cut(stated.clause, kClauseBytesMax), time));
  std::string context;
  std::string preference;
  const std::string key = lower(clause);
  if (stated.taste == Taste::kInstructs) {
    const std::string order = clause.substr(clause.find(' ') + 1);
    context = subject.name + " asked the assistant: " + clause + ".";
    preference = "Wants the assistant to follow this: " + order;
  } else {
    const std::string told = third_person(clause, subject);
    const bool own = key.starts_with("i ") || key.starts_with("i'") || key.starts_with("my ") || key.starts_with("we ");
    context = subject.name + " explicitly stated " + (own ? "that " + with_they(clause) : "this: " + told) + ".";
    replace_first(context, " they also ", " they ");
    preference = statement(told, subject);
  }
  const std::vector<std::string_view> found = categories_of(preference);
  const std::vector<std::string> categories(found.begin(), found.end());
  return preference_record(context, preference, categories);
}

}  // namespace

std::vector<Memory> preferences(const Conversation& conversation) {
  std::vector<Memory> out;
  const Script script = read_script(conversation);
  for (std::size_t i = 0; i < script.said.size(); ++i) {
    const Utterance& said = script.said[i];
    if (!said.yields()) continue;
    const Reading reading = read_turn(script, i);
    std::string hidden;
    std::size_t count = 0;
    for (const Kept& kept : reading.kept) {
      if (!kept.english || kept.question) continue;
      for (const Stated& stated : stated_tastes(kept.plain)) {
        if (++count > kMemoriesPerTurnMax) break;
        if (hidden.empty()) hidden = index_text(script, i);
        out.push_back({record(reading.subject, stated, said.time), hidden, said.time, {said.source}});
      }
    }
  }
  return out;
}

}  // namespace warifu::extract
