#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace warifu::extract {

/// A rough stem of a content word, good enough to tell whether two texts speak of the same things: base form of an
/// irregular word, plural and verb endings dropped. Search has its own analyser; this module must not know it.
[[nodiscard]] std::string stem(std::string_view word);

using Terms = std::unordered_set<std::string>;

/// The stems of a text's content words; characters of scripts without spaces in pairs.
[[nodiscard]] Terms terms_of(std::string_view text);

/// Shared stems by the smaller set's size, and by the union's; 0 when either set is empty.
[[nodiscard]] double overlap(const Terms& a, const Terms& b);
[[nodiscard]] double jaccard(const Terms& a, const Terms& b);

/// A short name for texts: their most frequent content words, as they were first written, at most `count`.
[[nodiscard]] std::string name_of(std::span<const std::string> texts, std::size_t count,
                                  std::span<const std::string> without);

}  // namespace warifu::extract
