#include <algorithm>
#include <array>
#include <optional>

#include "extract/extract.h"
#include "extract/lexicon.h"
#include "extract/sentences.h"
#include "extract/smalltalk.h"
#include "extract/terms.h"
#include "extract/text.h"
#include "extract/turns.h"
#include "extract/xml.h"

namespace warifu::extract {
namespace {

constexpr std::size_t kPartBytesMax = 700;
constexpr std::size_t kActionsMax = 5;
constexpr double kSameIntent = 0.2;

enum class Outcome : std::uint8_t { kOpen, kSuccess, kFailure, kLeft };

/// A request under way.
struct Episode {
  std::size_t begin = 0;  // of the script
  std::string situation;
  std::string intent;
  Terms terms;
  std::vector<std::string> actions;  // what the assistant answered, how each answer begins
  std::vector<std::size_t> sources;
  bool fresh = false;
};

bool contains_any(std::string_view text, std::span<const std::string_view> phrases) {
  return std::ranges::any_of(phrases, [&](std::string_view phrase) { return text.contains(phrase); });
}

/// Whether a user's words close what was asked. Only what is said first counts: thanks in passing do not.
Outcome closing(std::string_view text) {
  static constexpr auto kFailed = std::to_array<std::string_view>(
      {" does not work ", " doesn't work ", " didn't work ", " not working ", " still fails ", " still failing ",
       " never mind ", " nevermind ", " forget it ", " give up ", " not helpful ", " didn't help ", " doesn't help ",
       " that's wrong "});
  static constexpr auto kDone = std::to_array<std::string_view>(
      {" thanks ",      " thank you ",   " thx ",       " perfect ",    " that works ",
       " that worked ", " it works ",    " it worked ", " solved ",     " fixed ",
       " that helps ",  " that helped ", " that's it ", " that's all ", " exactly what i ",
       " sounds good ", " looks good ",  " great, ",    " great that ", " book it ",
       " go ahead ",    " all good ",    " done "});
  std::string key = " ";
  for (const std::string& word : words(cut(text, 400))) key += word + " ";
  if (contains_any(key, kFailed)) return Outcome::kFailure;
  return contains_any(key, kDone) ? Outcome::kSuccess : Outcome::kOpen;
}

/// The sentence of a reading that asks for something; empty when none does.
std::string intent_of(const Reading& reading) {
  static constexpr auto kOpenings = std::to_array<std::string_view>(
      {"please",   "can",          "could",     "would",      "will",        "help", "i need",  "i want",
       "i'd like", "i would like", "i have to", "i'm trying", "i am trying", "how",  "show",    "find",
       "book",     "make",         "write",     "create",     "give",        "tell", "explain", "plan",
       "let's",    "cancel",       "change",    "update",     "check",       "fix",  "send",    "order",
       "set",      "schedule",     "recommend", "suggest",    "what",        "why",  "where"});
  for (const Kept& kept : reading.kept) {
    if (kept.question && content_words(kept.plain) > 0) return kept.told;
    std::string key;
    for (const std::string& word : words(kept.plain)) key += word + " ";
    for (const std::string_view opening : kOpenings) {
      if (key.starts_with(opening) && key[opening.size()] == ' ' && content_words(kept.plain) > 0) return kept.told;
    }
  }
  return {};
}

void limit(std::string& text) { text = std::string(cut(text, kPartBytesMax)); }

std::string_view words_for(Outcome outcome) {
  switch (outcome) {
    case Outcome::kSuccess:
      return "Yes";
    case Outcome::kFailure:
      return "No";
    case Outcome::kLeft:
    case Outcome::kOpen:
      break;
  }
  return "Partially";
}

class Teller {
 public:
  explicit Teller(const Script& script) : script_(script) {}

  std::vector<Memory> run() {
    for (std::size_t i = 0; i < script_.said.size(); ++i) {
      const Utterance& said = script_.said[i];
      const bool user = said.role == Role::kUser || said.role == Role::kOther;
      if (user) {
        hear_user(i);
      } else if (open_) {
        hear_answer(i);
      }
    }
    return std::move(out_);
  }

 private:
  void hear_user(std::size_t i) {
    const Reading reading = read_turn(script_, i);
    const Outcome outcome = closing(script_.said[i].text);
    std::string intent = intent_of(reading);
    const bool answered = open_ && !open_->actions.empty();
    if (answered && outcome != Outcome::kOpen) {
      add_source(i);
      close(i, outcome);
      if (intent.empty() || overlap(terms_of(intent), last_terms_) >= kSameIntent) return;
    }
    const bool other = open_ && !intent.empty() && !open_->actions.empty() &&
                       overlap(terms_of(intent), open_->terms) < kSameIntent && terms_of(intent).size() > 2;
    if (other) close(i, Outcome::kLeft);
    if (!open_ && !intent.empty()) return begin(i, reading, std::move(intent));
    if (open_) follow(i, reading);
  }

  void begin(std::size_t i, const Reading& reading, std::string intent) {
    open_.emplace();
    open_->begin = i;
    for (const Kept& kept : reading.kept) {
      if (kept.told != intent) open_->situation += (open_->situation.empty() ? "" : " ") + kept.told;
    }
    open_->intent = std::move(intent);
    limit(open_->intent);
    limit(open_->situation);
    open_->terms = terms_of(open_->intent + " " + open_->situation);
    add_source(i);
  }

  /// What the user adds while the request is open tells of the situation.
  void follow(std::size_t i, const Reading& reading) {
    for (const Kept& kept : reading.kept) {
      if (open_->situation.size() > kPartBytesMax) break;
      open_->situation += (open_->situation.empty() ? "" : " ") + kept.told;
      open_->terms.merge(terms_of(kept.plain));
    }
    limit(open_->situation);
    add_source(i);
  }

  void hear_answer(std::size_t i) {
    add_source(i);
    if (open_->actions.size() >= kActionsMax || script_.said[i].role == Role::kTool) return;
    for (const std::string_view sentence : sentences(script_.said[i].text)) {
      if (is_english(sentence) && is_small_talk(sentence, script_.names)) continue;
      open_->actions.push_back(std::string(cut(sentence, kPartBytesMax / kActionsMax)));
      open_->terms.merge(terms_of(sentence));
      return;
    }
  }

  void add_source(std::size_t i) {
    const Utterance& said = script_.said[i];
    open_->fresh = said.fresh;
    if (said.fresh && (open_->sources.empty() || open_->sources.back() != said.source))
      open_->sources.push_back(said.source);
  }

  void close(std::size_t i, Outcome outcome) {
    last_terms_ = open_->terms;
    const Utterance& last = script_.said[i];
    // What was closed before this stretch was told then.
    if (last.fresh && !open_->actions.empty()) {
      if (open_->sources.empty()) open_->sources.push_back(last.source);
      out_.push_back({text(i, outcome), index_text(script_, open_->begin), last.time, open_->sources});
    }
    open_.reset();
  }

  [[nodiscard]] std::string text(std::size_t i, Outcome outcome) const {
    const std::string situation = open_->situation.empty() ? "The user began with the request." : open_->situation;
    std::string justification = "The user turned to something else without saying how it ended.";
    if (outcome != Outcome::kLeft) justification = "The user closed with: " + squeeze(cut(script_.said[i].text, 200));
    std::string reflection = outcome == Outcome::kFailure ? "What did not help:" : "What was answered:";
    for (const std::string& action : open_->actions) reflection += " " + action;
    std::string out =
        "<summary>\n" + xml_element("situation", situation) + "\n" + xml_element("intent", open_->intent) + "\n";
    out += xml_element("assessment", words_for(outcome)) + "\n" + xml_element("justification", justification) + "\n";
    return out + xml_element("reflection", squeeze(reflection)) + "\n</summary>";
  }

  const Script& script_;
  std::optional<Episode> open_;
  Terms last_terms_;
  std::vector<Memory> out_;
};

}  // namespace

std::vector<Memory> episodes(const Conversation& conversation) {
  return Teller(read_script(conversation, kContextTurnsMax)).run();
}

}  // namespace warifu::extract
