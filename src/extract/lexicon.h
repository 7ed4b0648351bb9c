#pragma once

#include <string>
#include <string_view>

namespace warifu::extract {

/// Word lists of English that the rules share. All take ASCII lower case; all are constant-time and thread-safe.

[[nodiscard]] bool is_function_word(std::string_view word);    // the, of, I'm, doesn't …
[[nodiscard]] bool is_foreign_word(std::string_view word);     // function words of other languages in Latin script
[[nodiscard]] bool is_small_talk_word(std::string_view word);  // hello, thanks, wow, great …
[[nodiscard]] bool is_interjection(std::string_view word);     // may lead a sentence and be dropped: oh, well, hey
[[nodiscard]] bool is_label(std::string_view word);            // opens a line with a colon, and is nobody's name
[[nodiscard]] bool is_abbreviation(std::string_view word);     // ends with a point that ends no sentence; without it
[[nodiscard]] bool is_adverb(std::string_view word);           // may stand between a subject and its verb
[[nodiscard]] bool is_modal(std::string_view word);            // takes no -s: can, would …
[[nodiscard]] bool is_past_form(std::string_view word);        // irregular past tense: went, saw …
[[nodiscard]] bool is_participle(std::string_view word);       // irregular past participle: gone, seen …
[[nodiscard]] bool is_verb(std::string_view word);          // a base form that is hardly ever a noun: live, love, want
[[nodiscard]] bool is_verb_or_noun(std::string_view word);  // a base form that may be a noun too: work, play, cook

/// The base form of an irregular form (`went` → `go`, `children` → `child`); empty when the word is regular or unknown.
[[nodiscard]] std::string_view base_form(std::string_view word);

}  // namespace warifu::extract
