#include <simdjson.h>

#include <array>

#include "base/encoding.h"
#include "json/value.h"

namespace warifu::json {
namespace {

/// True for bytes that stand for themselves inside a string literal: no quote, no backslash, no control character.
constexpr std::array<bool, 256> plain_bytes() {
  std::array<bool, 256> table{};
  for (std::size_t i = 0x20; i < 256; ++i) table[i] = i != '"' && i != '\\';
  return table;
}
constexpr std::array<bool, 256> kPlain = plain_bytes();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t point) {
  const auto push = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) return push(point);
  if (point < 0x800) {
    push(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      push(0xe0 | point >> 12);
    } else {
      push(0xf0 | point >> 18);
      push(0x80 | (point >> 12 & 0x3f));
    }
    push(0x80 | (point >> 6 & 0x3f));
  }
  push(0x80 | (point & 0x3f));
}

/// A recursive descent over text that is UTF-8 already. The recursion is bounded by `depth_max_`. It builds the tree
/// itself because simdjson's document keeps neither the text of numbers nor a refusal of unpaired surrogates.
class Parser {
 public:
  Parser(std::string_view text, std::size_t depth_max, bool keep = true)
      : text_(text), depth_max_(depth_max), keep_(keep) {}

  Result<Value> document() {
    Value value;
    if (!read_value(value)) return failure();
    skip_space();
    if (at_ != text_.size()) {
      stop("text after the end of the document");
      return failure();
    }
    return value;
  }

 private:
  std::unexpected<Error> failure() const {
    return fail(validation_error("malformed JSON at byte " + std::to_string(at_) + ": " + reason_));
  }

  bool stop(const char* reason) {
    reason_ = reason;
    return false;
  }

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool accept(char c) {
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }

  void skip_space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
      ++at_;
    }
  }

  bool read_value(Value& out) {
    skip_space();
    switch (peek()) {
      case '{':
        return read_container(out, &Parser::read_members);
      case '[':
        return read_container(out, &Parser::read_items);
      case '"': {
        std::string text;
        if (!read_string(text)) return false;
        out = Value::string(std::move(text));
        return true;
      }
      case 't':
        return read_word("true", out, Value::boolean(true));
      case 'f':
        return read_word("false", out, Value::boolean(false));
      case 'n':
        return read_word("null", out, Value{});
      default:
        return read_number(out);
    }
  }

  bool read_container(Value& out, bool (Parser::*read)(Value&)) {
    if (depth_ == depth_max_) return stop("nested too deeply");
    ++depth_;
    ++at_;
    const bool ok = (this->*read)(out);
    --depth_;
    return ok;
  }

  bool read_items(Value& out) {
    out = Value::array();
    skip_space();
    if (accept(']')) return true;
    do {
      Value dropped;
      if (!read_value(keep_ ? out.items().emplace_back() : dropped)) return false;
      skip_space();
    } while (accept(','));
    return accept(']') || stop("`,` or `]` expected");
  }

  bool read_members(Value& out) {
    out = Value::object();
    skip_space();
    if (accept('}')) return true;
    do {
      skip_space();
      if (peek() != '"') return stop("a member name expected");
      Value::Member dropped{std::string{}, Value{}};
      Value::Member& member = keep_ ? out.members().emplace_back(std::string{}, Value{}) : dropped;
      if (!read_string(member.first)) return false;
      skip_space();
      if (!accept(':')) return stop("`:` expected");
      if (!read_value(member.second)) return false;
      skip_space();
    } while (accept(','));
    return accept('}') || stop("`,` or `}` expected");
  }

  bool read_word(std::string_view word, Value& out, Value value) {
    if (text_.substr(at_, word.size()) != word) return stop("a value expected");
    at_ += word.size();
    out = std::move(value);
    return true;
  }

  bool read_digits() {
    if (!is_digit(peek())) return stop("a digit expected");
    while (is_digit(peek())) ++at_;
    return true;
  }

  bool read_number(Value& out) {
    const std::size_t start = at_;
    const bool negative = accept('-');
    if (!negative && !is_digit(peek())) return stop("a value expected");
    if (!accept('0') && !read_digits()) return false;
    if (accept('.') && !read_digits()) return false;
    if (accept('e') || accept('E')) {
      if (!accept('+')) (void)accept('-');
      if (!read_digits()) return false;
    }
    out = Value::number_text(std::string(text_.substr(start, at_ - start)));
    return true;
  }

  bool read_string(std::string& out) {
    ++at_;
    for (;;) {
      const std::size_t start = at_;
      while (at_ < text_.size() && kPlain[static_cast<unsigned char>(text_[at_])]) ++at_;
      out.append(text_, start, at_ - start);
      if (accept('"')) return true;
      if (!accept('\\')) return stop(at_ == text_.size() ? "a string without end" : "a control character in a string");
      if (!read_escape(out)) return false;
    }
  }

  bool read_escape(std::string& out) {
    const char c = peek();
    ++at_;
    switch (c) {
      case '"':
      case '\\':
      case '/':
        out.push_back(c);
        return true;
      case 'b':
        out.push_back('\b');
        return true;
      case 'f':
        out.push_back('\f');
        return true;
      case 'n':
        out.push_back('\n');
        return true;
      case 'r':
        out.push_back('\r');
        return true;
      case 't':
        out.push_back('\t');
        return true;
      case 'u':
        return read_code_point(out);
      default:
        --at_;
        return stop("an unknown escape");
    }
  }

  /// A surrogate half alone names no character: nothing could store or compare it as UTF-8.
  bool read_code_point(std::string& out) {
    std::uint32_t high = 0;
    if (!read_hex4(high)) return false;
    if (high >= 0xdc00 && high <= 0xdfff) return stop("an unpaired surrogate");
    if (high >= 0xd800 && high <= 0xdbff) {
      std::uint32_t low = 0;
      if (!accept('\\') || !accept('u')) return stop("an unpaired surrogate");
      if (!read_hex4(low)) return false;
      if (low < 0xdc00 || low > 0xdfff) return stop("an unpaired surrogate");
      high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(out, high);
    return true;
  }

  bool read_hex4(std::uint32_t& out) {
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      const char lower = static_cast<char>(c | 0x20);
      if (is_digit(c)) {
        out = out << 4 | static_cast<std::uint32_t>(c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        out = out << 4 | static_cast<std::uint32_t>(lower - 'a' + 10);
      } else {
        return stop("four hexadecimal digits expected");
      }
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t depth_max_;
  bool keep_;  // build the tree; otherwise only look whether it could be built
  const char* reason_ = "";
};

}  // namespace

namespace {

Result<Value> read(std::string_view text, const Limits& limits, bool keep) {
  if (text.size() > limits.bytes_max) {
    return fail(validation_error("JSON text longer than " + std::to_string(limits.bytes_max) + " bytes"));
  }
  if (!simdjson::validate_utf8(text.data(), text.size())) return fail(validation_error("JSON text is not UTF-8"));
  return Parser(text, limits.depth_max, keep).document();
}

}  // namespace

Result<Value> parse(std::string_view text, const Limits& limits) { return read(text, limits, true); }

Result<> check(std::string_view text, const Limits& limits) {
  const auto value = read(text, limits, false);
  return value ? Result<>{} : fail(value.error());
}

}  // namespace warifu::json
