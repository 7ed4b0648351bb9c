#include "extract/sentences.h"

#include "extract/lexicon.h"
#include "extract/text.h"

namespace warifu::extract {
namespace {

constexpr std::size_t kQuotationBytesMax = 300;

bool is_space(char32_t c) { return c == ' ' || c == '\n' || c == '\t' || c == 0x3000; }

bool is_latin_stop(char32_t c) { return c == '.' || c == '!' || c == '?' || c == 0x2026 || c == 0x203C || c == 0x2049; }

/// Stops of scripts that put no space after them.
bool is_wide_stop(char32_t c) {
  return c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0xFF61 || c == 0xFF0E || c == 0x0964 || c == 0x0965 ||
         c == 0x061F || c == 0x06D4 || c == 0x1362 || c == 0x104B || c == 0x0589;
}

bool closes(char32_t c) {
  return c == '"' || c == '\'' || c == ')' || c == ']' || c == 0x201D || c == 0x2019 || c == 0x300D || c == 0x300F ||
         c == 0xFF09 || c == 0x00BB || c == '*' || c == '_';
}

/// The run of letters and inner points just before `at`.
std::string_view word_before(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && at - begin < 24) {
    const char c = text[begin - 1];
    const bool part = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || (c & 0x80) != 0;
    if (!part) break;
    --begin;
  }
  return text.substr(begin, at - begin);
}

/// Whether a point at `at` belongs to the word before it. `end`: where the stop's run ends.
bool is_inner_point(std::string_view text, std::size_t begin, std::size_t at, std::size_t end) {
  const std::string_view word = word_before(text.substr(begin), at - begin);
  if (word.size() == 1 && word[0] >= 'A' && word[0] <= 'Z' && word != "I") return true;  // initials
  std::size_t next = end;
  while (next < text.size() && text[next] == ' ') ++next;
  const bool goes_on = next < text.size() && text[next] >= 'a' && text[next] <= 'z';
  const std::string key = lower(word);
  if (key == "no" || key == "sat" || key == "sun" || key == "mar" || key == "fig" || key == "co" || key == "ed" ||
      key == "may" || key == "est") {  // words of their own, too
    return next < text.size() && text[next] >= '0' && text[next] <= '9';
  }
  if (key == "etc" || key == "a.m" || key == "p.m" || key == "inc" || key == "ltd" || key == "jr" || key == "sr" ||
      key == "u.s" || key == "u.k")
    return goes_on;
  return is_abbreviation(key);
}

/// Skips "- ", "* ", "• ", "3. ", "3) ", "## ", "> " at the start of a line.
std::size_t after_list_mark(std::string_view line) {
  std::size_t at = line.find_first_not_of(" \t#>");
  if (at == std::string_view::npos) return line.size();
  if (line.substr(at).starts_with("•")) return at + 3;
  if ((line[at] == '-' || line[at] == '*' || line[at] == '+') && at + 1 < line.size() && line[at + 1] == ' ')
    return at + 2;
  std::size_t digits = at;
  while (digits < line.size() && digits < at + 3 && line[digits] >= '0' && line[digits] <= '9') ++digits;
  if (digits > at && digits + 1 < line.size() && (line[digits] == '.' || line[digits] == ')') &&
      line[digits + 1] == ' ') {
    return digits + 2;
  }
  return at;
}

class Splitter {
 public:
  explicit Splitter(std::vector<std::string_view>& out) : out_(out) {}

  void split_line(std::string_view line) {
    std::size_t begin = after_list_mark(line);
    std::size_t quote = std::string_view::npos;  // where a quotation opened
    for (std::size_t at = begin; at < line.size();) {
      const std::size_t here = at;
      const char32_t c = next_char(line, at);
      if (c == '"' || c == 0x201C || c == 0x201D)
        quote = quote == std::string_view::npos ? here : std::string_view::npos;
      if (quote != std::string_view::npos && here - quote > kQuotationBytesMax) quote = std::string_view::npos;
      const std::size_t end = boundary(line, begin, here, at, c, quote != std::string_view::npos);
      if (end == 0 || out_.size() >= kSentencesMax) continue;
      add(line.substr(begin, end - begin));
      begin = at = end;
      quote = std::string_view::npos;
    }
    add(line.substr(begin));
  }

 private:
  void add(std::string_view sentence) {
    sentence = trim(sentence);
    if (!sentence.empty()) out_.push_back(sentence);
  }

  /// Where the sentence ends if its stop is at `here`; 0: it does not.
  static std::size_t boundary(std::string_view line, std::size_t begin, std::size_t here, std::size_t at, char32_t c,
                              bool quoted) {
    const bool wide = is_wide_stop(c);
    const bool stop = wide || is_latin_stop(c);
    if (!stop && !(is_emoji(c) && c != 0x200D)) return 0;
    std::size_t end = at;
    bool closed_quote = false;
    bool only_points = c == '.' || c == 0x2026;
    for (std::size_t next = at; next < line.size();) {
      const char32_t n = next_char(line, next);
      const bool run = stop ? is_latin_stop(n) || is_wide_stop(n) || closes(n) : is_emoji(n);
      if (!run) break;
      closed_quote = closed_quote || n == '"' || n == 0x201D || n == 0x300D;
      only_points = only_points && (n == '.' || n == 0x2026 || closes(n));
      end = next;
    }
    if (quoted && !closed_quote) return 0;
    if (end >= line.size()) return end;
    std::size_t peek = end;
    const char32_t after = next_char(line, peek);
    if (wide) return end;
    if (!is_space(after)) return 0;
    while (peek < line.size() && line[peek] == ' ') ++peek;
    std::size_t look = peek;
    const char32_t follows = look < line.size() ? next_char(line, look) : 0;
    const bool lower_case = follows >= 'a' && follows <= 'z';
    if (!stop) return is_upper(follows) ? end : 0;
    if (closed_quote && lower_case) return 0;
    if (only_points && lower_case && (end - here > 1 || (here > begin && line[here - 1] == '.')))
      return 0;  // an ellipsis inside a sentence
    if (c == '.' && end == at && is_inner_point(line, begin, here, end)) return 0;
    return end;
  }

  std::vector<std::string_view>& out_;
};

}  // namespace

std::vector<std::string_view> sentences(std::string_view text) {
  std::vector<std::string_view> out;
  Splitter splitter(out);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    splitter.split_line(out.size() >= kSentencesMax ? text : text.substr(0, end));
    if (out.size() > kSentencesMax) break;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool is_question(std::string_view sentence) {
  while (!sentence.empty()) {
    const char c = sentence.back();
    if (c == '?') return true;
    if (sentence.ends_with("？") || sentence.ends_with("؟")) return true;
    if (c != '!' && c != '"' && c != ')' && c != '.' && c != ' ' && static_cast<unsigned char>(c) < 0x80) return false;
    if (static_cast<unsigned char>(c) >= 0x80 && !sentence.ends_with("”") && sentence.size() > 4) {
      std::size_t at = sentence.size() - 1;
      while (at > 0 && (static_cast<unsigned char>(sentence[at]) & 0xC0U) == 0x80) --at;
      std::size_t read = at;
      if (!is_emoji(next_char(sentence, read))) return false;
      sentence = sentence.substr(0, at);
      continue;
    }
    sentence.remove_suffix(sentence.ends_with("”") ? 3 : 1);
  }
  return false;
}

}  // namespace warifu::extract
