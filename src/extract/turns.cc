#include "extract/turns.h"

#include <algorithm>
#include <unordered_set>

#include "extract/dates.h"
#include "extract/lexicon.h"
#include "extract/sentences.h"
#include "extract/smalltalk.h"
#include "extract/text.h"

namespace warifu::extract {
namespace {

constexpr std::size_t kNeighbourBytesMax = 700;
constexpr std::size_t kEarlierUtterances = 2;
constexpr std::size_t kBaseFormsMax = 60;

/// The last question of the utterance before, if somebody else put it.
void find_question(const Script& script, std::size_t index, Reading& reading) {
  if (index == 0) return;
  const Utterance& before = script.said[index - 1];
  const Utterance& self = script.said[index];
  if (before.role == Role::kTool || (before.speaker == self.speaker && before.role == self.role)) return;
  for (const std::string_view sentence : sentences(before.text)) {
    if (!is_question(sentence) || sentence.size() > kAskedBytesMax) continue;
    const std::string question = without_vocatives(sentence, script.names);
    if (is_english(sentence) && is_small_talk(question, script.names)) continue;
    reading.asked = squeeze(question);
    std::ranges::replace(reading.asked, '"', '\'');
  }
}

Kept keep(std::string_view sentence, const Script& script, const Reading& reading, Timestamp time) {
  Kept out{.question = is_question(sentence)};
  out.english = is_english(sentence);
  if (!out.english) {
    out.plain = out.told = squeeze(sentence);
    return out;
  }
  out.plain = squeeze(without_vocatives(sentence, script.names));
  out.told = third_person(with_absolute_dates(out.plain, time), reading.subject, &out.named);
  // "also" points back at a sentence that the record will not hold.
  const std::string also = reading.subject.name + " also ";
  if (out.told.starts_with(also)) out.told.erase(reading.subject.name.size(), 5);
  return out;
}

}  // namespace

Reading read_turn(const Script& script, std::size_t index) {
  const Utterance& said = script.said[index];
  Reading out{.index = index, .speaker_named = !said.speaker.empty()};
  out.subject.name = out.speaker_named ? said.speaker : said.role == Role::kOther ? "The speaker" : "The user";
  find_question(script, index, out);
  for (const std::string_view sentence : sentences(said.text)) {
    if (content_words(sentence) == 0 && words(sentence).size() < 2) continue;
    if (is_english(sentence) && is_small_talk(sentence, script.names)) continue;
    out.kept.push_back(keep(sentence, script, out, said.time));
  }
  return out;
}

std::string index_text(const Script& script, std::size_t index) {
  const Utterance& self = script.said[index];
  std::string out = "[" + long_date(self.time) + "]";
  const auto add = [&](const Utterance& said, std::size_t bytes_max) {
    if (said.role == Role::kTool) return;
    out += " ";
    if (&said == &self && !said.speaker.empty()) out += said.speaker + ": ";
    out += squeeze(cut(said.text, bytes_max));
  };
  for (std::size_t i = index - std::min(index, kEarlierUtterances); i < index; ++i)
    add(script.said[i], kNeighbourBytesMax);
  add(self, 2 * kNeighbourBytesMax);
  if (index + 1 < script.said.size()) add(script.said[index + 1], kNeighbourBytesMax);
  std::unordered_set<std::string_view> seen;
  for (const std::string& word : words(out)) {
    const std::string_view base = base_form(word);
    if (!base.empty() && !is_function_word(base) && seen.size() < kBaseFormsMax && seen.insert(base).second)
      out += " " + std::string(base);
  }
  return std::string(cut(out, kIndexBytesMax));
}

}  // namespace warifu::extract
