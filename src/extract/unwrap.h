#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "extract/extract.h"

namespace warifu::extract {

/// What somebody said: the words of a turn, without its wrapping. `speaker` is empty for the plain user or assistant.
struct Utterance {
  Role role = Role::kUser;
  std::string speaker;
  std::string text;
  Timestamp time;
  std::size_t source = 0;  // index into fresh; meaningless when not fresh
  bool fresh = false;

  /// Whether it yields memories: a user's, a named speaker's, or one of role OTHER; never a tool's.
  [[nodiscard]] bool yields() const {
    return fresh && role != Role::kTool && (role != Role::kAssistant || !speaker.empty());
  }
};

/// The conversation as utterances, oldest first, and every speaker's name that occurs.
struct Script {
  std::vector<Utterance> said;
  std::vector<std::string> names;
};

inline constexpr std::size_t kContextTurnsMax = 60;

/// Unwraps and cleans the last `context_turns` of the context and every fresh turn. A turn's text may be
///  - plain text, perhaps led by a speaker's name (`Ben: …`): letters of any script, at most three capitalised words,
///    none of them a label such as `Note`; a transcript of several such lines becomes several utterances;
///  - a Strands SessionMessage `{"message":{"role","content":[{"text"}|{"toolUse"}|{"toolResult"}]}}`, or the inner
///  message;
///  - an OpenAI message `{"role","content": string or parts,"tool_calls"}`;
///  - any other JSON document: noise of a tool, no utterance.
/// Runs of 200 characters and more without white space in scripts that have it (base 64) are left out.
[[nodiscard]] Script read_script(const Conversation& conversation, std::size_t context_turns = 6);

/// A leading speaker's name and the length of `Name: `; empty when the text does not open with one.
struct Opening {
  std::string name;
  std::size_t bytes = 0;
};
[[nodiscard]] Opening speaker_of(std::string_view text);

}  // namespace warifu::extract
