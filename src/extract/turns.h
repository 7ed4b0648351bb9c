#pragma once

#include <string>
#include <vector>

#include "extract/person.h"
#include "extract/unwrap.h"

namespace warifu::extract {

/// One sentence of an utterance that is worth keeping.
struct Kept {
  std::string plain;  // the speaker's own words, without vocatives
  std::string told;   // the same in the third person with absolute dates (in other languages: `plain`)
  bool english = true;
  bool named = false;     // `told` holds the subject's name
  bool question = false;  // ends with a question mark
};

/// An utterance, read: what of it is substance, whose it is, and what it answers.
struct Reading {
  std::size_t index = 0;  // into Script::said
  Subject subject;        // `The user`, `The speaker` or a name
  bool speaker_named = false;
  std::vector<Kept> kept;
  std::string asker;  // who asked what this answers: a name, `the user` or `the assistant`; empty: nobody
  std::string asked;  // the question, without vocatives
};

inline constexpr std::size_t kAskedBytesMax = 240;

/// Reads the utterance at `index` of a script.
[[nodiscard]] Reading read_turn(const Script& script, std::size_t index);

/// The hidden text of an utterance's memories: the date, the two utterances before it (without their speakers' names,
/// which would make all records of a talk alike), itself, the next one when it is known already, and the base forms of
/// irregular words among them (`went` → `go`), which a stemmer does not join.
[[nodiscard]] std::string index_text(const Script& script, std::size_t index);

}  // namespace warifu::extract
