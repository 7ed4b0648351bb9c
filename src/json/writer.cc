#include "json/writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/text_runs.h"

namespace warifu::json {
namespace {

/// What follows the backslash for each byte; 0: the byte stands for itself, `u`: \u00XX.
constexpr std::array<char, 256> escapes() {
  std::array<char, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) table[i] = 'u';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}
constexpr std::array<char, 256> kEscapes = escapes();

template <class T>
void append_number(std::string& out, T value) {
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  CHECK(error == std::errc{}, "32 characters hold every number");
  out.append(buffer.data(), end);
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  std::size_t start = 0;
  for (std::size_t i = plain_json_run(text); i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[byte];
    if (escape == 0) [[likely]]
      continue;
    out.append(text, start, i - start);
    start = i + 1;
    out.push_back('\\');
    out.push_back(escape);
    if (escape == 'u') {
      out.append("00");
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  out.append(text, start, text.size() - start);
  out.push_back('"');
}

void Writer::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (first_.empty()) return;
  if (first_.back() == 0) out_.push_back(',');
  first_.back() = 0;
}

Writer& Writer::begin_object() {
  separate();
  out_.push_back('{');
  first_.push_back(1);
  return *this;
}

Writer& Writer::end_object() {
  CHECK(!first_.empty() && !after_key_, "no object to end");
  first_.pop_back();
  out_.push_back('}');
  return *this;
}

Writer& Writer::begin_array() {
  separate();
  out_.push_back('[');
  first_.push_back(1);
  return *this;
}

Writer& Writer::end_array() {
  CHECK(!first_.empty() && !after_key_, "no array to end");
  first_.pop_back();
  out_.push_back(']');
  return *this;
}

Writer& Writer::key(std::string_view name) {
  CHECK(!first_.empty() && !after_key_, "a key outside an object");
  separate();
  append_quoted(out_, name);
  out_.push_back(':');
  after_key_ = true;
  return *this;
}

Writer& Writer::string(std::string_view text) {
  separate();
  append_quoted(out_, text);
  return *this;
}

Writer& Writer::integer(std::int64_t value) {
  separate();
  append_number(out_, value);
  return *this;
}

Writer& Writer::number(double value) {
  if (std::isnan(value)) return string("NaN");
  if (std::isinf(value)) return string(value > 0 ? "Infinity" : "-Infinity");
  separate();
  append_number(out_, value);
  return *this;
}

Writer& Writer::boolean(bool value) {
  separate();
  out_.append(value ? "true" : "false");
  return *this;
}

Writer& Writer::null() {
  separate();
  out_.append("null");
  return *this;
}

Writer& Writer::raw(std::string_view text) {
  separate();
  out_.append(text);
  return *this;
}

}  // namespace warifu::json
