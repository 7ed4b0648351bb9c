// Any bytes as turns, and as a model's answer: sound memories or a refusal, never a crash; a memory taken twice is
// skipped.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "extract/answers.h"
#include "extract/consolidate.h"
#include "extract/extract.h"
#include "extract/prompts.h"

namespace {

using warifu::extract::Conversation;
using warifu::extract::Kind;
using warifu::extract::Memory;

void expect_sound(const std::vector<Memory>& memories, std::size_t turns) {
  for (const Memory& memory : memories) {
    const bool sound = warifu::is_utf8(memory.text) && warifu::is_utf8(memory.index_text) && !memory.text.empty() &&
                       memory.text.size() <= warifu::extract::kTextBytesMax &&
                       memory.index_text.size() <= warifu::extract::kIndexBytesMax && !memory.sources.empty() &&
                       memory.sources.back() < turns;
    if (!sound) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 20'000) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<warifu::extract::Turn> turns;
  // A form feed begins the next turn; roles go round from the first byte.
  for (unsigned role = data[0]; turns.size() < 8; ++role) {
    const std::size_t end = std::min(rest.find('\f'), rest.size());
    const auto time = static_cast<std::int64_t>(role) * 86'400'000'000;
    turns.push_back({static_cast<warifu::extract::Role>(role % 4), std::string(rest.substr(0, end)), {time}});
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  const Conversation talk{{}, turns};
  const std::vector<Memory> facts = warifu::extract::facts(talk);
  expect_sound(facts, turns.size());
  expect_sound(warifu::extract::preferences(talk), turns.size());
  expect_sound(warifu::extract::topics(talk), turns.size());
  expect_sound(warifu::extract::episodes(talk), turns.size());
  for (const Memory& memory : facts) {
    const std::vector<warifu::extract::Existing> same = {{memory.text, memory.time, 1}};
    if (warifu::extract::consolidate(Kind::kSemantic, memory, same).action != warifu::extract::Action::kSkip)
      std::abort();
  }
  const std::vector<warifu::extract::MetadataField> fields = {
      {.key = "k", .allowed = {"a", "b"}},
      {.key = "l", .type = warifu::extract::ValueType::kStringList},
      {.key = "n", .type = warifu::extract::ValueType::kNumber, .least = 0},
  };
  for (const Kind kind : {Kind::kSemantic, Kind::kPreference, Kind::kSummary, Kind::kEpisode}) {
    (void)warifu::extract::extraction_prompt(kind, talk, {});
    if (const auto read = warifu::extract::memories_from_answer(kind, rest, talk, fields)) {
      expect_sound(*read, turns.size());
    }
    (void)warifu::extract::operations_from_answer(kind, rest, facts, 2);
  }
  (void)warifu::extract::operations_from_answer(Kind::kReflection, rest, {}, 2);
  return 0;
}
