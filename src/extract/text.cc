#include "extract/text.h"

#include <algorithm>

#include "extract/lexicon.h"

namespace warifu::extract {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

struct Decoded {
  char32_t c;
  std::size_t size;
};

/// RFC 3629, one character; a broken sequence is one byte of kReplacement.
Decoded decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + size > text.size()) return {kReplacement, 1};
  char32_t c = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {kReplacement, 1};
    c = (c << 6U) | (byte(i) & 0x3FU);
  }
  const bool overlong = (size == 3 && c < 0x800) || (size == 4 && c < 0x10000);
  if (overlong || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return {kReplacement, 1};
  return {c, size};
}

bool is_format(char32_t c) {
  return c == 0x00AD || c == 0x061C || c == 0x180E || c == 0x200B || c == 0x200E || c == 0x200F || c == 0xFEFF ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xE0000 && c <= 0xE007F);
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/// Whether the mark at `at` joins what stands around it into one word: `I'm`, `3.5`, `10,000`, `7:30`.
bool joins(std::string_view text, std::size_t begin, std::size_t at) {
  if (at == begin || at + 1 >= text.size()) return false;
  const char c = text[at];
  if (c == '\'') {
    std::size_t next = at + 1;
    return is_letter(next_char(text, next));
  }
  return (c == '.' || c == ',' || c == ':') && is_digit(text[at - 1]) && is_digit(text[at + 1]);
}

}  // namespace

std::string clean(std::string_view bytes, std::size_t bytes_max) {
  std::string out;
  out.reserve(std::min(bytes.size(), bytes_max));
  for (std::size_t at = 0; at < bytes.size();) {
    const Decoded got = decode(bytes, at);
    std::string_view piece = bytes.substr(at, got.size);
    at += got.size;
    if (is_format(got.c)) continue;
    if (got.c == 0x2019 || got.c == 0x02BC) piece = "'";
    if (got.c == kReplacement) piece = "\xEF\xBF\xBD";
    if (got.c == 0x00A0 || (is_control(got.c) && got.c != '\n'))
      piece = got.c == 0x2028 || got.c == 0x2029 ? "\n" : " ";
    if (out.size() + piece.size() > bytes_max) break;
    out.append(piece);
  }
  return out;
}

char32_t next_char(std::string_view text, std::size_t& at) {
  const Decoded got = decode(text, at);
  at += got.size;
  return got.c;
}

bool is_emoji(char32_t c) {
  return (c >= 0x1F000 && c <= 0x1FAFF) || (c >= 0x2190 && c <= 0x2BFF) || c == 0xFE0F || c == 0x200D;
}

bool is_cjk(char32_t c) {
  return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7AF) ||
         (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

bool is_letter(char32_t c) {
  if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
  if (c == 0xD7 || c == 0xF7 || c == kReplacement || is_emoji(c)) return false;
  const bool punctuation = (c >= 0x2000 && c <= 0x206F) || (c >= 0x20A0 && c <= 0x20CF) ||
                           (c >= 0x3000 && c <= 0x303F) || (c >= 0xFF00 && c <= 0xFF0F) ||
                           (c >= 0xFF1A && c <= 0xFF20) || (c >= 0xFF5B && c <= 0xFF65);
  const bool stop = c == 0x0964 || c == 0x0965 || c == 0x060C || c == 0x061B || c == 0x061F || c == 0x06D4 ||
                    c == 0x05BE || c == 0x1362 || c == 0x104B || c == 0x0589;
  return !punctuation && !stop;
}

bool is_upper(char32_t c) {
  return (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9) ||
         (c >= 0x410 && c <= 0x42F) || (c >= 0x400 && c <= 0x40F) || (c >= 0x100 && c <= 0x17F && c % 2 == 0);
}

std::vector<Token> tokens(std::string_view text) {
  std::vector<Token> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t first = next_char(text, at);
    if (is_letter(first)) {
      while (at < text.size()) {
        std::size_t after = at;
        if (!is_letter(next_char(text, after)) && !joins(text, begin, at)) break;
        at = after;
      }
      out.push_back({text.substr(begin, at - begin), true});
    } else {
      while (is_space(text[begin]) && at < text.size() && is_space(text[at])) ++at;
      out.push_back({text.substr(begin, at - begin), false});
    }
  }
  return out;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (const Token& token : tokens(text)) {
    if (token.word) out.push_back(lower(token.text));
  }
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string squeeze(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : trim(text)) {
    if (!is_space(c)) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0U) == 0x80) --bytes_max;
  return text.substr(0, bytes_max);
}

std::string capitalised(std::string text) {
  if (text.empty()) return text;
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  if (text.size() > 1 && text[0] == '\xC3') {
    const auto second = static_cast<unsigned char>(text[1]);
    if (second >= 0xA0 && second <= 0xBE && second != 0xB7) text[1] = static_cast<char>(second - 0x20);
  }
  return text;
}

bool is_english(std::string_view text) {
  std::size_t count = 0;
  std::size_t known = 0;
  std::size_t foreign = 0;
  for (const std::string& word : words(text)) {
    ++count;
    if (is_function_word(word)) ++known;
    if (is_foreign_word(word)) ++foreign;
    for (const char c : word) {
      if (static_cast<unsigned char>(c) >= 0xE0) return false;  // a script other than Latin
    }
  }
  if (foreign > known) return false;
  if (count >= 8) return known * 6 >= count;
  return foreign == 0 || known > foreign;
}

std::size_t content_words(std::string_view text) {
  std::size_t count = 0;
  for (const Token& token : tokens(text)) {
    if (!token.word) continue;
    std::size_t characters = 0;
    for (std::size_t at = 0; at < token.text.size();) {
      if (is_cjk(next_char(token.text, at))) ++characters;
    }
    if (characters > 0) {
      count += (characters + 1) / 2;
    } else if (!is_function_word(lower(token.text))) {
      ++count;
    }
  }
  return count;
}

}  // namespace warifu::extract
