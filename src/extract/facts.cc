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
constexpr std::size_t kRecordBytesMax = 2000;

/// A memory in the making: sentences that belong together.
struct Draft {
  std::string text;
  std::size_t words = 0;
  bool named = false;
};

void append(Draft& draft, const Kept& kept) {
  if (!draft.text.empty()) draft.text += ' ';
  draft.text += cut(kept.told, kRecordBytesMax);
  draft.words += words(kept.told).size();
  draft.named = draft.named || kept.named;
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
    if (out.empty() || out.back().words + words(kept.told).size() > kRecordWordsMax) out.emplace_back();
    append(out.back(), kept);
  }
  return out;
}

/// A user's turn: a record for each sentence that stands alone, with those that lean on it.
std::vector<Draft> parts(const Reading& reading) {
  std::vector<Draft> out;
  bool dropped = false;  // the sentence before was none of ours: what leans on it has nothing to lean on
  for (const Kept& kept : reading.kept) {
    if (kept.english && (kept.question || is_request(kept.plain))) {
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

std::string record_text(const Reading& reading, const Draft& draft, bool first) {
  std::string out;
  const std::string& name = reading.subject.name;
  if (reading.speaker_named) {
    if (first && !reading.asked.empty()) out = reading.asker + " asked: " + reading.asked + " ";
    out += draft.named ? draft.text : name + " said: " + draft.text;
  } else {
    const bool short_answer =
        first && !draft.named && !reading.asked.empty() && content_words(draft.text) <= kShortAnswerContent;
    if (short_answer) out = "Asked \"" + reading.asked + "\", " + lower(name.substr(0, 1)) + name.substr(1) + " said: ";
    out += draft.text;
  }
  return std::string(cut(stopped(std::move(out)), kTextBytesMax));
}

}  // namespace

std::vector<Memory> facts(const Conversation& conversation) {
  std::vector<Memory> out;
  const Script script = read_script(conversation);
  for (std::size_t i = 0; i < script.said.size(); ++i) {
    const Utterance& said = script.said[i];
    if (!said.yields()) continue;
    const Reading reading = read_turn(script, i);
    const std::vector<Draft> drafts = reading.speaker_named ? whole(reading) : parts(reading);
    std::string hidden;
    for (std::size_t k = 0; k < std::min(drafts.size(), kMemoriesPerTurnMax); ++k) {
      if (hidden.empty()) hidden = index_text(script, i);
      out.push_back({record_text(reading, drafts[k], k == 0), hidden, said.time, {said.source}});
    }
  }
  return out;
}

}  // namespace warifu::extract
