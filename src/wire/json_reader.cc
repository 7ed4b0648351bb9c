#include "wire/json_reader.h"

#include <array>

#include "base/text_runs.h"

namespace warifu::wire {
namespace {

/// True for bytes that stand for themselves inside a string literal.
constexpr std::array<bool, 256> plain_bytes() {
  std::array<bool, 256> table{};
  for (std::size_t i = 0x20; i < 256; ++i) table[i] = i != '"' && i != '\\';
  return table;
}
constexpr std::array<bool, 256> kPlain = plain_bytes();

bool digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, unsigned point) {
  const auto push = [&out](unsigned byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) return push(point);
  if (point < 0x800) {
    push(0xc0U | point >> 6U);
  } else {
    if (point < 0x10000) {
      push(0xe0U | point >> 12U);
    } else {
      push(0xf0U | point >> 18U);
      push(0x80U | (point >> 12U & 0x3fU));
    }
    push(0x80U | (point >> 6U & 0x3fU));
  }
  push(0x80U | (point & 0x3fU));
}

}  // namespace

bool JsonReader::fail() {
  failed_ = true;
  at_ = text_.size();
  return false;
}

void JsonReader::skip_space() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
    ++at_;
}

bool JsonReader::expect(char c) {
  if (at_ >= text_.size() || text_[at_] != c) return fail();
  ++at_;
  return true;
}

JsonReader::Token JsonReader::peek() {
  skip_space();
  if (at_ < text_.size()) {
    switch (text_[at_]) {
      case '{':
        return Token::kObject;
      case '[':
        return Token::kArray;
      case '"':
        return Token::kString;
      case 't':
        return Token::kTrue;
      case 'f':
        return Token::kFalse;
      case 'n':
        return Token::kNull;
      case '-':
        return Token::kNumber;
      default:
        if (digit(text_[at_])) return Token::kNumber;
    }
  }
  fail();
  return Token::kError;
}

bool JsonReader::enter() {
  if (at_ >= text_.size() || ++depth_ > depth_max_) return fail();
  ++at_;
  return true;
}

bool JsonReader::next_member(bool& first, std::string_view& key) {
  skip_space();
  if (at_ < text_.size() && text_[at_] == '}') {
    ++at_;
    --depth_;
    return false;
  }
  if (!first && !expect(',')) return false;
  first = false;
  skip_space();
  const std::size_t start = at_ + 1;
  if (!skip_string()) return false;
  key = text_.substr(start, at_ - start - 1);
  if (key.find('\\') != std::string_view::npos) {
    at_ = start - 1;
    key_.clear();
    if (!read_string(key_)) return false;
    key = key_;
  }
  skip_space();
  return expect(':');
}

bool JsonReader::next_element(bool& first) {
  skip_space();
  if (at_ < text_.size() && text_[at_] == ']') {
    ++at_;
    --depth_;
    return false;
  }
  if (!first && !expect(',')) return false;
  first = false;
  skip_space();
  return at_ < text_.size() && text_[at_] != ']' ? true : fail();
}

bool JsonReader::skip_string() {
  if (!expect('"')) return false;
  while (true) {
    at_ += plain_json_run(text_.substr(at_));
    while (at_ < text_.size() && kPlain[static_cast<unsigned char>(text_[at_])]) ++at_;
    if (at_ >= text_.size()) return fail();
    if (text_[at_] == '"') break;
    if (text_[at_] != '\\') return fail();
    std::string ignored;
    if (!read_escape(ignored)) return false;
  }
  ++at_;
  return true;
}

bool JsonReader::read_string(std::string& out) {
  if (!expect('"')) return false;
  while (true) {
    const std::size_t start = at_;
    at_ += plain_json_run(text_.substr(at_));
    while (at_ < text_.size() && kPlain[static_cast<unsigned char>(text_[at_])]) ++at_;
    out.append(text_, start, at_ - start);
    if (at_ >= text_.size()) return fail();
    if (text_[at_] == '"') break;
    if (text_[at_] != '\\') return fail();
    if (!read_escape(out)) return false;
  }
  ++at_;
  return true;
}

bool JsonReader::read_escape(std::string& out) {
  if (at_ + 1 >= text_.size()) return fail();
  const char kind = text_[at_ + 1];
  at_ += 2;
  switch (kind) {
    case '"':
    case '\\':
    case '/':
      out.push_back(kind);
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
      break;
    default:
      return fail();
  }
  unsigned point = 0;
  if (!read_hex4(point)) return false;
  if (point >= 0xdc00 && point <= 0xdfff) return fail();
  if (point >= 0xd800 && point <= 0xdbff) {
    unsigned low = 0;
    if (!expect('\\') || !expect('u') || !read_hex4(low)) return false;
    if (low < 0xdc00 || low > 0xdfff) return fail();
    point = 0x10000 + ((point - 0xd800) << 10U) + (low - 0xdc00);
  }
  append_utf8(out, point);
  return true;
}

bool JsonReader::read_hex4(unsigned& out) {
  out = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    if (at_ >= text_.size()) return fail();
    const char c = text_[at_];
    unsigned value = 0;
    if (digit(c)) {
      value = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value = static_cast<unsigned>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      value = static_cast<unsigned>(c - 'A') + 10;
    } else {
      return fail();
    }
    out = out << 4U | value;
  }
  return true;
}

std::string_view JsonReader::read_number() {
  const std::size_t start = at_;
  const auto digits = [this] {
    const std::size_t from = at_;
    while (at_ < text_.size() && digit(text_[at_])) ++at_;
    return at_ > from || fail();
  };
  if (at_ < text_.size() && text_[at_] == '-') ++at_;
  const bool zero = at_ < text_.size() && text_[at_] == '0';
  if (zero) {
    ++at_;
  } else if (!digits()) {
    return {};
  }
  if (at_ < text_.size() && text_[at_] == '.') {
    ++at_;
    if (!digits()) return {};
  }
  if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    if (!digits()) return {};
  }
  return text_.substr(start, at_ - start);
}

bool JsonReader::literal(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) return fail();
  at_ += word.size();
  return true;
}

bool JsonReader::skip_scalar() {
  switch (peek()) {
    case Token::kString:
      return skip_string();
    case Token::kNumber:
      return !read_number().empty();
    case Token::kTrue:
      return literal("true");
    case Token::kFalse:
      return literal("false");
    case Token::kNull:
      return literal("null");
    case Token::kObject:
    case Token::kArray:
    case Token::kError:
      break;
  }
  return fail();
}

std::string_view JsonReader::read_raw() {
  skip_space();
  const std::size_t start = at_;
  const std::size_t base = depth_;
  std::string open;   // one per container that we are in: `{` or `[`, and whether its next element is the first
  bool first = true;  // of the innermost
  while (!failed_) {
    if (!open.empty()) {
      std::string_view key;
      const bool more = open.back() == '{' ? next_member(first, key) : next_element(first);
      if (!more) {
        if (failed_) return {};
        open.pop_back();
        first = false;
        if (open.empty()) break;
        continue;
      }
    }
    const Token token = peek();
    if (token == Token::kObject || token == Token::kArray) {
      if (!enter()) return {};
      open.push_back(token == Token::kObject ? '{' : '[');
      first = true;
    } else if (!skip_scalar()) {
      return {};
    }
    if (open.empty()) break;
  }
  if (failed_) return {};
  depth_ = base;
  return text_.substr(start, at_ - start);
}

bool JsonReader::at_end() {
  skip_space();
  return !failed_ && at_ == text_.size();
}

}  // namespace warifu::wire
