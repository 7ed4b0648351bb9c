#include "policy/positions.h"

#include <algorithm>

namespace warifu::policy {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] char peek() {
    at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  /// A string's raw text between its quotes; nullopt: none stands here.
  std::optional<std::string_view> string() {
    if (!take('"')) return std::nullopt;
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return std::nullopt;
    return text_.substr(begin, at_++ - begin);
  }
  /// Past the value that begins here.
  bool skip() {
    std::size_t depth = 0;
    do {
      const char c = peek();
      if (c == '\0') return false;
      if (c == '"') {
        if (!string()) return false;
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
      } else if (c == '}' || c == ']') {
        if (depth == 0) return false;
        --depth;
        ++at_;
      } else if (c == ',' || c == ':') {
        if (depth == 0) return false;
        ++at_;
      } else {
        at_ = std::min(text_.find_first_of(" \t\r\n,:]}[{\"", at_), text_.size());
      }
    } while (depth > 0);
    return true;
  }
  /// To the value of that member.
  bool enter(const std::string& name) {
    if (!take('{')) return false;
    while (const auto member = string()) {
      if (!take(':')) return false;
      if (*member == name) return true;
      if (!skip() || !take(',')) return false;
    }
    return false;
  }
  /// To that item.
  bool enter(std::size_t item) {
    if (peek() != '[') return item == 0;
    ++at_;
    for (; item > 0; --item) {
      if (!skip() || !take(',')) return false;
    }
    return peek() != ']';
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

Position position_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t last = before.rfind('\n');
  return {.line = 1 + static_cast<std::size_t>(std::ranges::count(before, '\n')),
          .column = 1 + (last == std::string_view::npos ? offset : offset - last - 1),
          .offset = offset};
}

}  // namespace

std::optional<Span> locate(std::string_view document, const DocumentPath& path) {
  Scanner scanner(document);
  for (const auto& step : path) {
    if (!std::visit([&](const auto& where) { return scanner.enter(where); }, step)) return std::nullopt;
  }
  if (scanner.peek() == '\0') return std::nullopt;
  const std::size_t begin = scanner.at();
  if (!scanner.skip()) return std::nullopt;
  return Span{position_at(document, begin), position_at(document, std::min(scanner.at(), document.size()))};
}

}  // namespace warifu::policy
