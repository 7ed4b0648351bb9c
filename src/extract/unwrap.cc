#include "extract/unwrap.h"

#include <algorithm>
#include <optional>

#include "extract/lexicon.h"
#include "extract/text.h"
#include "json/value.h"

namespace warifu::extract {
namespace {

constexpr std::size_t kRunBytesMax = 200;
constexpr std::size_t kNameBytesMax = 48;
constexpr std::size_t kNameWordsMax = 3;
constexpr std::size_t kJsonDepthMax = 32;
constexpr std::size_t kUtterancesPerTurnMax = 200;

struct Plain {
  std::string text;
  std::optional<Role> role;
  bool noise = false;
};

std::optional<Role> role_named(std::string_view name) {
  const std::string role = lower(name);
  if (role == "user" || role == "human") return Role::kUser;
  if (role == "assistant" || role == "ai" || role == "model") return Role::kAssistant;
  if (role == "tool" || role == "function") return Role::kTool;
  if (role == "system" || role == "developer" || role == "other") return Role::kOther;
  return std::nullopt;
}

/// The text parts of a message's content, joined by line feeds; tool uses, results, images and reasoning are passed
/// over.
std::string text_of(const json::Value& content) {
  if (content.is_string()) return content.as_string();
  std::string out;
  if (!content.is_array()) return out;
  for (const json::Value& part : content.items()) {
    std::optional<std::string> text = part.find_string("text");
    if (part.is_string()) text = part.as_string();
    if (!text) continue;
    if (!out.empty()) out += '\n';
    out += *text;
  }
  return out;
}

Plain from_message(const json::Value& message) {
  Plain out;
  const json::Value* content = message.find("content");
  const std::optional<std::string> role = message.find_string("role");
  if (content == nullptr || !role) return {.noise = true};
  out.role = role_named(*role);
  out.text = text_of(*content);
  out.noise = out.text.empty();
  return out;
}

Plain unwrapped(std::string_view text) {
  const std::string_view bare = trim(text);
  const bool document =
      bare.size() >= 2 && ((bare.front() == '{' && bare.back() == '}') || (bare.front() == '[' && bare.back() == ']'));
  if (!document) return {.text = std::string(text)};
  const auto value = json::parse(bare, {.depth_max = kJsonDepthMax});
  if (!value) {
    // What only looks like JSON is still what somebody typed, unless it is too deep or large to be that.
    const bool typed = bare.size() < 2000 && bare.substr(0, 8).find('"') == std::string_view::npos;
    return {.text = std::string(text), .noise = !typed};
  }
  const json::Value* inner = value->find("message");
  return from_message(inner != nullptr && inner->is_object() ? *inner : *value);
}

/// Leaves out runs that are data rather than words.
std::string without_blobs(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::string_view run = text.substr(at, end - at);
    const bool ascii = std::ranges::all_of(run, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (run.size() < kRunBytesMax || !ascii) out.append(run);
    if (end < text.size()) out += text[end];
    at = end + 1;
  }
  return out;
}

bool is_name_word(std::string_view word, bool& cased) {
  std::size_t at = 0;
  const char32_t first = next_char(word, at);
  if (first < 0x80 && first >= '0' && first <= '9') return false;
  cased = cased || is_upper(first);
  return is_upper(first) || is_cjk(first) ||
         first >= 0x530;  // scripts without capitals begin with Armenian's neighbours
}

}  // namespace

Opening speaker_of(std::string_view text) {
  const std::string_view head = text.substr(0, kNameBytesMax + 4);
  std::size_t colon = head.find(':');
  std::size_t width = 1;
  if (const std::size_t wide = head.find("："); wide < colon) {
    colon = wide;
    width = 3;
  }
  if (colon == 0 || colon == std::string_view::npos || colon > kNameBytesMax) return {};
  const std::size_t body = text.find_first_not_of(" \t", colon + width);
  // A heading stands alone on its line; a time or an address has no space after its colon.
  if (body == std::string_view::npos || text[body] == '\n' || (width == 1 && body == colon + 1)) return {};
  const std::string_view name = trim(text.substr(0, colon));
  std::size_t count = 0;
  bool cased = false;
  for (const Token& token : tokens(name)) {
    if (!token.word) {
      if (token.text != " " && token.text != "-" && token.text != "." && token.text != "·") return {};
      continue;
    }
    if (!is_name_word(token.text, cased) || is_label(lower(token.text)) || ++count > kNameWordsMax) return {};
  }
  if (count == 0 || (!cased && name.size() > 24)) return {};
  return {.name = std::string(name), .bytes = body};
}

namespace {

/// One utterance, or several when the text is a transcript: every line that opens with a name begins another.
void add_utterances(Script& script, const Utterance& base, std::string_view text) {
  std::size_t added = 0;
  while (!text.empty()) {
    const Opening opening = speaker_of(text);
    std::size_t end = text.size();
    if (!opening.name.empty() && added + 1 < kUtterancesPerTurnMax) {
      for (std::size_t line = text.find('\n'); line != std::string_view::npos; line = text.find('\n', line + 1)) {
        if (speaker_of(text.substr(line + 1)).name.empty()) continue;
        end = line + 1;
        break;
      }
    }
    Utterance one = base;
    one.speaker = opening.name;
    one.text = std::string(trim(text.substr(opening.bytes, end - opening.bytes)));
    text.remove_prefix(end);
    if (!one.speaker.empty() && std::ranges::find(script.names, one.speaker) == script.names.end()) {
      script.names.push_back(one.speaker);
    }
    script.said.push_back(std::move(one));
    ++added;
  }
}

void add_turn(Script& script, const Turn& turn, std::size_t source, bool fresh) {
  Plain plain = unwrapped(turn.text);
  // A speaker's name may stand before a document, too.
  if (const Opening opening = speaker_of(plain.text); !opening.name.empty()) {
    const Plain inner = unwrapped(std::string_view(plain.text).substr(opening.bytes));
    plain.noise = plain.noise || inner.noise;
    if (inner.role) plain.text = opening.name + ": " + inner.text;
  }
  if (plain.noise) return;
  Utterance base{.role = plain.role.value_or(turn.role), .time = turn.time, .source = source, .fresh = fresh};
  // A client's role is what the caller vouches for; the wrapping may only lower it to a tool's.
  if (base.role != Role::kTool) base.role = turn.role;
  const std::string text = without_blobs(clean(plain.text, kTurnBytesMax));
  if (trim(text).empty()) return;
  add_utterances(script, base, trim(text));
}

}  // namespace

Script read_script(const Conversation& conversation, std::size_t context_turns) {
  Script script;
  const std::size_t keep = std::min({context_turns, kContextTurnsMax, conversation.context.size()});
  for (const Turn& turn : conversation.context.last(keep)) add_turn(script, turn, 0, false);
  for (std::size_t i = 0; i < conversation.fresh.size(); ++i) add_turn(script, conversation.fresh[i], i, true);
  return script;
}

}  // namespace warifu::extract
