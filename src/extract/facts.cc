#include <algorithm>
#include <array>

#include "extract/extract.h"
#include "extract/lexicon.h"
#include "extract/smalltalk.h"
#include "extract/text.h"
#include "extract/turns.h"

namespace warifu::extract {
namespace {

constexpr std::size_t kRecordWordsMax = 120;  // past it a named speaker's turn becomes several records
constexpr std::size_t kShortAnswerContent = 3;
constexpr std::size_t kSentenceBytesMax = 8000;
constexpr std::size_t kBytesPerWord = 12;  // for scripts that put no space between words

/// A memory in the making: sentences that belong together.
struct Draft {
  std::string text;
  std::size_t words = 0;
  bool named = false;
  bool english = true;
  bool asks = true;  // nothing but questions
};

/// Length in words, of any script.
std::size_t length_of(std::string_view text) { return std::max(words(text).size(), text.size() / kBytesPerWord); }

void append(Draft& draft, const Kept& kept) {
  if (!draft.text.empty()) draft.text += ' ';
  draft.text += cut(kept.told, kSentenceBytesMax);
  draft.words += length_of(kept.told);
  draft.named = draft.named || kept.named;
  draft.english = draft.english && kept.english;
  draft.asks = draft.asks && kept.question;
}

/// Ends with a stop of some script; a full stop is added where none is.
std::string stopped(std::string text) {
  std::size_t at = text.size();
  if (at == 0) return text;
  while (at > 0 && (static_cast<unsigned char>(text[at - 1]) & 0xC0U) == 0x80) --at;
  std::size_t read = at > 0 ? at - 1 : 0;
  const char32_t last = next_char(text, read);
  if (last == ',' || last == ';' || last == ':') text.pop_back();
  if (is_letter(last) && !is_cjk(last)) return text + ".";
  if (last == ',' || last == ';' || last == ':' || last == ')' || last == '%') return text + ".";
  return text;
}

/// Whether a sentence needs the one before it to be understood.
bool leans(const Kept& kept) {
  static constexpr auto kLeaning = std::to_array<std::string_view>(
      {"it",    "it's",      "its",     "it'll",   "it'd",    "that", "that's",     "this",   "these",
       "those", "they",      "they're", "they've", "their",   "he",   "he's",       "she",    "she's",
       "his",   "her",       "them",    "him",     "but",     "and",  "or",         "so",     "because",
       "then",  "there",     "which",   "who",     "where",   "both", "neither",    "either", "each",
       "one",   "otherwise", "though",  "however", "instead", "plus", "especially", "mostly", "only",
       "not",   "no",        "yes",     "maybe",   "same",    "such"});
  const std::vector<std::string> said = words(kept.plain);
  if (said.empty()) return true;
  if (std::ranges::find(kLeaning, said.front()) != kLeaning.end()) return true;
  return kept.english && !kept.named && content_words(kept.plain) < 3;
}

/// A named speaker's turn is one record: the whole of what was said at once, under the speaker's name.
std::vector<Draft> whole(const Reading& reading) {
  std::vector<Draft> out;
  for (const Kept& kept : reading.kept) {
    if (out.empty() || out.back().words + length_of(kept.told) > kRecordWordsMax) out.emplace_back();
    append(out.back(), kept);
  }
  return out;
}

/// A user's turn: a record for each sentence that stands alone, with those that lean on it.
std::vector<Draft> parts(const Reading& reading) {
  std::vector<Draft> out;
  bool dropped = false;  // the sentence before was none of ours: what leans on it has nothing to lean on
  for (const Kept& kept : reading.kept) {
    // "I left it at your office, didn't I?" tells, too.
    const bool tells = kept.plain.starts_with("I ") || kept.plain.starts_with("I'") || kept.plain.starts_with("My ");
    if (kept.english && ((kept.question && !tells) || is_request(kept.plain))) {
      dropped = true;
      continue;
    }
    const bool join = !out.empty() && !dropped && leans(kept) && out.back().words < kRecordWordsMax;
    if (!join) out.emplace_back();
    append(out.back(), kept);
    dropped = false;
  }
  return out;
}

/// `Ana said: …`, unless the sentences name her. Other languages get no English words.
std::string attributed(const Reading& reading, const Draft& draft) {
  if (!draft.english) return reading.subject.name + ": " + draft.text;
  if (draft.named) return draft.text;
  return reading.subject.name + (draft.asks ? " asked: " : " said: ") + draft.text;
}

/// The question and its answer: `Asked "Which hospital?", Ana said: The old one.` Who asked is left out: a second name
/// would make the records of two people alike.
std::string answered(const Reading& reading, const Draft& draft) {
  if (!draft.english || !is_english(reading.asked)) return reading.asked + " " + attributed(reading, draft);
  std::string name = reading.subject.name;
  if (!reading.speaker_named) name[0] = 't';
  std::string out = "Asked \"" + reading.asked + "\", ";
  if (draft.text.starts_with(reading.subject.name)) return out + name + draft.text.substr(name.size());
  return out + name + " said: " + draft.text;
}

std::string record_text(const Reading& reading, const Draft& draft, bool first) {
  bool answers = first && !reading.asked.empty();
  // A user's fact stands alone; only what is too short to is led by its question.
  if (!reading.speaker_named) answers = answers && !draft.named && content_words(draft.text) <= kShortAnswerContent;
  std::string out = answers                 ? answered(reading, draft)
                    : reading.speaker_named ? attributed(reading, draft)
                                            : draft.text;
  return std::string(cut(stopped(std::move(out)), kTextBytesMax));
}

}  // namespace

namespace {

/// So many that a record each would be too many: neighbours share one, and nothing is left out.
std::vector<Draft> bounded(std::vector<Draft> drafts) {
  if (drafts.size() <= kMemoriesPerTurnMax) return drafts;
  const std::size_t share = (drafts.size() + kMemoriesPerTurnMax - 1) / kMemoriesPerTurnMax;
  std::vector<Draft> out;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    if (i % share == 0) {
      out.push_back(std::move(drafts[i]));
      continue;
    }
    out.back().text += " " + drafts[i].text;
    out.back().named = out.back().named || drafts[i].named;
    out.back().english = out.back().english && drafts[i].english;
    out.back().asks = out.back().asks && drafts[i].asks;
  }
  return out;
}

}  // namespace

std::vector<Memory> facts(const Conversation& conversation) {
  std::vector<Memory> out;
  const Script script = read_script(conversation);
  for (std::size_t i = 0; i < script.said.size(); ++i) {
    const Utterance& said = script.said[i];
    if (!said.yields()) continue;
    const Reading reading = read_turn(script, i);
    const std::vector<Draft> drafts = bounded(reading.speaker_named ? whole(reading) : parts(reading));
    std::string hidden;
    for (std::size_t k = 0; k < drafts.size(); ++k) {
      if (hidden.empty()) hidden = index_text(script, i);
      out.push_back({record_text(reading, drafts[k], k == 0), hidden, said.time, {said.source}});
    }
  }
  return out;
}

}  // namespace warifu::extract
