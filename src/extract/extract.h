#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "extract/metadata.h"

namespace warifu::extract {

/// Who said it, as the client declared: USER, ASSISTANT, TOOL, OTHER.
enum class Role : std::uint8_t { kUser, kAssistant, kTool, kOther };

/// One message of a session. `text` is what the client sent: plain, or a JSON message of Strands or OpenAI (unwrap.h).
/// `time` is the event's timestamp: relative dates are resolved against it, in UTC.
struct Turn {
  Role role = Role::kUser;
  std::string text;
  Timestamp time;
};

/// What becomes a record. `text` is the record's text in the service's form; `index_text` stays hidden and is searched
/// beside it (the date, the question answered, the two turns before, the turn itself). Both are well-formed UTF-8 and
/// at most kTextBytesMax and kIndexBytesMax long. `sources` are indices into Conversation::fresh, ascending and never
/// empty. `metadata`: what a model inferred of it; the built-in extractor infers none (`values_named` does).
struct Memory {
  std::string text;
  std::string index_text;
  Timestamp time;
  std::vector<std::size_t> sources;
  Metadata metadata{};
};

/// A stretch of one session, oldest first. Only `fresh` yields memories; `context` is what came before it (give at
/// least the last six turns if there are as many; more is used only by topics and episodes).
struct Conversation {
  std::span<const Turn> context;
  std::span<const Turn> fresh;
};

inline constexpr std::size_t kTextBytesMax = 16000;  // a record's text on the wire
inline constexpr std::size_t kIndexBytesMax = 4000;
inline constexpr std::size_t kMemoriesPerTurnMax = 64;
inline constexpr std::size_t kTurnBytesMax = 128 * 1024;  // what is read of one turn's own words, after unwrapping

/// The built-in extractor: no model, no I/O, no clock. All functions are pure, deterministic, thread-safe, linear in
/// the bytes given, and accept any bytes. Order of the result: by turn, then by place in the turn.

/// Semantic strategy: plain third-person sentences. A user's turn gives a sentence each (`The user loves matcha
/// sweets.`), split only where each part stands alone; a named speaker's turn (`Ben: …`, whatever the role) and a turn
/// of role OTHER give one record that names the speaker. Assistant and tool turns are context.
[[nodiscard]] std::vector<Memory> facts(const Conversation& conversation);

/// User-preference strategy: compact JSON `{"context":…,"preference":…,"categories":[…]}`.
[[nodiscard]] std::vector<Memory> preferences(const Conversation& conversation);

/// Summary strategy: `<topic name="…">…</topic>` chunks that say what `fresh` added. Every role counts.
[[nodiscard]] std::vector<Memory> topics(const Conversation& conversation);

/// Episodic strategy: XML episodes (situation, intent, assessment, justification, reflection) for what was *completed*
/// in `fresh`: an episode begins with a user's request and is complete when the user closes it (thanks, confirmation,
/// "that works", or says that it failed), or asks for something else. What is not complete yields nothing yet: pass its
/// turns again as context.
[[nodiscard]] std::vector<Memory> episodes(const Conversation& conversation);

/// Reflections over episode records (their texts): title, use_cases, hints, confidence; XML.
/// Episodes with the same kind of intent share one.
[[nodiscard]] std::vector<Memory> reflections(std::span<const Memory> episodes);

/// Which of `allowed` literally occur in what the turns of `sources` say (whole words, ASCII case folded): the only
/// inference of metadata values that needs no model. In the order of `allowed`.
[[nodiscard]] std::vector<std::string> values_named(const Conversation& conversation,
                                                    std::span<const std::size_t> sources,
                                                    std::span<const std::string> allowed);

}  // namespace warifu::extract
