#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace warifu::extract {

/// A piece of a text. Words hold letters, digits, inner apostrophes, and inner points or commas between digits; every
/// other token is one character, or a run of white space. The tokens of a text, joined, are the text.
struct Token {
  std::string_view text;
  bool word = false;
};

/// Well-formed UTF-8 of any bytes: broken sequences become U+FFFD, controls become spaces (a line feed stays),
/// bidirectional and invisible format characters go, curly apostrophes become `'`. At most `bytes_max` bytes, cut
/// between characters.
[[nodiscard]] std::string clean(std::string_view bytes, std::size_t bytes_max);

/// Reads the character at `at` and moves past it. REQUIRES: well-formed UTF-8, at < text.size().
[[nodiscard]] char32_t next_char(std::string_view text, std::size_t& at);

[[nodiscard]] bool is_letter(char32_t c);  // letters and digits of any script, marks included
[[nodiscard]] bool is_emoji(char32_t c);
[[nodiscard]] bool is_cjk(char32_t c);    // written without spaces: Han, kana, Hangul, Thai
[[nodiscard]] bool is_upper(char32_t c);  // Latin, Greek, Cyrillic capitals

[[nodiscard]] std::vector<Token> tokens(std::string_view text);
/// The words of a text in ASCII lower case.
[[nodiscard]] std::vector<std::string> words(std::string_view text);
[[nodiscard]] std::string lower(std::string_view text);  // ASCII
[[nodiscard]] std::string_view trim(std::string_view text);
/// White space runs become one space; none at the ends.
[[nodiscard]] std::string squeeze(std::string_view text);
/// The longest prefix of at most `bytes_max` bytes that ends between characters.
[[nodiscard]] std::string_view cut(std::string_view text, std::size_t bytes_max);
/// First letter in upper case (ASCII and Latin-1), rest as it is.
[[nodiscard]] std::string capitalised(std::string text);
/// Whether `text` reads as English: enough of its words are English function words, or all of it is a few ASCII words.
[[nodiscard]] bool is_english(std::string_view text);
/// Words that carry content: not function words; a character of a script without spaces counts as half a word.
[[nodiscard]] std::size_t content_words(std::string_view text);

}  // namespace warifu::extract
