#pragma once

#include <string_view>
#include <vector>

namespace warifu::extract {

inline constexpr std::size_t kSentencesMax = 2000;

/// The sentences of a text in order, trimmed, none empty; together they hold every word of it. A sentence ends at a
/// stop of any script (`. ! ? … 。 ！ ？ । ؟ ۔`) with the quotes and brackets that close there, at a line's end, and at
/// an emoji before a capital; never inside a number, an address, an abbreviation, initials, or a short quotation. List
/// marks at the start of a line are dropped. After kSentencesMax the rest is one sentence. Views into `text`.
[[nodiscard]] std::vector<std::string_view> sentences(std::string_view text);

[[nodiscard]] bool is_question(std::string_view sentence);

}  // namespace warifu::extract
