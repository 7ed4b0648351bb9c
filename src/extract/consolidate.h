#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/time.h"
#include "extract/extract.h"

namespace warifu::extract {

/// The kinds of record that the strategies make.
enum class Kind : std::uint8_t { kSemantic, kPreference, kSummary, kEpisode, kReflection };

enum class Action : std::uint8_t { kAdd, kUpdate, kSkip };

/// A record of the same namespace and strategy that a search for the new memory's text found.
/// `time` is the time of the event that it came from; `score` the search's.
struct Existing {
  std::string text;
  Timestamp time;
  float score = 0;
};

/// What to do with a new memory. kUpdate: `existing[existing]` takes `text`, and the new memory's time and index text.
/// kSkip: `existing` is the record that says it already. kAdd: `existing` means nothing and `text` is the memory's.
struct Decision {
  Action action = Action::kAdd;
  std::size_t existing = 0;
  std::string text;
};

/// Decides by rule, without a model. Pure and deterministic; the order of `existing` matters only among equals.
///  - the same statement (the same words, form and case aside): skip;
///  - the same statement, more specific, said at the same time or later: update; less specific: skip;
///  - the same subject and attribute with another value ("lives in", "works at", "favourite … is"), said later: update;
///    said earlier than the record that contradicts it: skip (recency wins, whatever the order of arrival);
///  - summaries, episodes: only the same text is skipped; reflections of the same title are updated;
///  - all else: add. Losing a distinct fact is worse than keeping a near duplicate.
/// Idempotent: a memory decided again after its decision was carried out is skipped.
[[nodiscard]] Decision consolidate(Kind kind, const Memory& memory, std::span<const Existing> existing);

}  // namespace warifu::extract
