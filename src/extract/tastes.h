#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warifu::extract {

/// What a clause of the speaker's says about likes. kFormer: what was (`used to love`).
enum class Taste : unsigned char { kNone, kLikes, kDislikes, kPrefers, kFormer, kInstructs };

/// A clause of a sentence that states a taste, in the speaker's own words with its subject (`I love matcha sweets`).
struct Stated {
  Taste taste = Taste::kNone;
  std::string clause;
};

/// The clauses of one English sentence that state a lasting taste of the speaker: cues (love, prefer … to, would rather
/// … than, favourite, a fan of, into, allergic to, I'm vegan, please always …) and their negations (can't stand, don't
/// like, not a fan of, no longer). Wishes (`I'd like to go`), single experiences (`I loved the film`), courtesy (`I
/// love it!`, `would you like`) and `like` as a preposition are none. In the order of the sentence.
[[nodiscard]] std::vector<Stated> stated_tastes(std::string_view sentence);

/// Categories of a text by a general lexicon, most specific words first; at most four, `General` when none is known.
[[nodiscard]] std::vector<std::string_view> categories_of(std::string_view text);

/// A preference record's text: compact JSON, `context`, `preference` and `categories` in this order.
[[nodiscard]] std::string preference_record(std::string_view context, std::string_view preference,
                                            std::span<const std::string> categories);

}  // namespace warifu::extract
