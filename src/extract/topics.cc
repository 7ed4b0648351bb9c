#include <algorithm>

#include "extract/extract.h"
#include "extract/lexicon.h"
#include "extract/sentences.h"
#include "extract/terms.h"
#include "extract/text.h"
#include "extract/turns.h"
#include "extract/xml.h"

namespace warifu::extract {
namespace {

constexpr std::size_t kChunkUtterancesMax = 10;
constexpr std::size_t kChunkUtterancesMin = 3;
constexpr std::size_t kChunkBytesMax = 3000;
constexpr std::size_t kLineBytesMax = 600;
constexpr std::size_t kAssistantSentences = 2;
constexpr std::size_t kNameWords = 3;
constexpr double kSameTopic = 0.08;

/// What one utterance adds to a summary: a user's or named speaker's sentences in the third person, of an assistant's
/// or tool's answer how it begins.
std::string line_of(const Script& script, std::size_t index) {
  const Utterance& said = script.said[index];
  const Reading reading = read_turn(script, index);
  std::string out;
  const bool person = said.role == Role::kUser || reading.speaker_named || said.role == Role::kOther;
  if (!person) {
    std::size_t count = 0;
    for (const Kept& kept : reading.kept) {
      if (count++ < kAssistantSentences) out += " " + kept.plain;
    }
    if (out.empty()) return out;
    return std::string(
        cut(said.role == Role::kTool ? "A tool answered:" + out : "The assistant said:" + out, kLineBytesMax));
  }
  bool named = false;
  bool asks = true;
  for (const Kept& kept : reading.kept) {
    out += (out.empty() ? "" : " ") + kept.told;
    named = named || kept.named;
    asks = asks && kept.question;
  }
  if (!out.empty() && !named) out = reading.subject.name + (asks ? " asked: " : " said: ") + out;
  return std::string(cut(out, kLineBytesMax));
}

/// Utterances that speak of one thing.
struct Chunk {
  std::vector<std::string> lines;
  std::vector<std::size_t> utterances;
  std::size_t bytes = 0;
  Terms terms;
};

bool belongs(const Chunk& chunk, const Terms& terms, std::size_t bytes) {
  if (chunk.lines.empty()) return true;
  if (chunk.lines.size() >= kChunkUtterancesMax || chunk.bytes + bytes > kChunkBytesMax) return false;
  if (chunk.lines.size() < kChunkUtterancesMin || terms.size() < 4) return true;
  return overlap(chunk.terms, terms) >= kSameTopic;
}

Memory record(const Script& script, const Chunk& chunk) {
  std::string name = name_of(chunk.lines, kNameWords, script.names);
  if (name.empty()) name = "Conversation";
  std::string body;
  for (const std::string& line : chunk.lines) body += (body.empty() ? "" : "\n") + line;
  Memory out;
  out.text = "<topic name=\"" + xml_escaped(name) + "\">\n" + xml_escaped(cut(body, kTextBytesMax / 6)) + "\n</topic>";
  out.index_text = index_text(script, chunk.utterances.front());
  for (const std::size_t i : chunk.utterances) {
    const Utterance& said = script.said[i];
    out.time = std::max(out.time, said.time);
    if (out.sources.empty() || out.sources.back() != said.source) out.sources.push_back(said.source);
  }
  return out;
}

}  // namespace

std::vector<Memory> topics(const Conversation& conversation) {
  const Script script = read_script(conversation);
  std::vector<Memory> out;
  Chunk chunk;
  for (std::size_t i = 0; i < script.said.size(); ++i) {
    if (!script.said[i].fresh) continue;
    std::string line = line_of(script, i);
    if (line.empty()) continue;
    Terms terms = terms_of(line);
    if (!belongs(chunk, terms, line.size())) {
      out.push_back(record(script, chunk));
      chunk = {};
    }
    chunk.bytes += line.size();
    chunk.lines.push_back(std::move(line));
    chunk.utterances.push_back(i);
    chunk.terms.merge(terms);
  }
  if (!chunk.lines.empty()) out.push_back(record(script, chunk));
  return out;
}

std::vector<std::string> values_named(const Conversation& conversation, std::span<const std::size_t> sources,
                                      std::span<const std::string> allowed) {
  const Script script = read_script(conversation, 0);
  std::vector<std::string> out;
  for (const std::string& value : allowed) {
    std::string wanted = " ";
    for (const std::string& word : words(value)) wanted += word + " ";
    if (wanted.size() < 2) continue;
    const bool named = std::ranges::any_of(script.said, [&](const Utterance& said) {
      if (std::ranges::find(sources, said.source) == sources.end()) return false;
      std::string text = " ";
      for (const std::string& word : words(said.text)) text += word + " ";
      return text.contains(wanted);
    });
    if (named) out.push_back(value);
  }
  return out;
}

}  // namespace warifu::extract
