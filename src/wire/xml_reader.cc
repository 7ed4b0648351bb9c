#include "wire/xml_reader.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace warifu::wire {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_name_char(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == ':';
}

std::string_view local_name(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&out](std::uint32_t b) { out.push_back(static_cast<char>(b)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xc0 | (code >> 6));
    return byte(0x80 | (code & 0x3f));
  }
  if (code < 0x10000) {
    byte(0xe0 | (code >> 12));
  } else {
    byte(0xf0 | (code >> 18));
    byte(0x80 | ((code >> 12) & 0x3f));
  }
  byte(0x80 | ((code >> 6) & 0x3f));
  byte(0x80 | (code & 0x3f));
}

bool is_xml_char(std::uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) && code != 0xfffe && code != 0xffff;
}

}  // namespace

bool XmlReader::fail() {
  failed_ = true;
  at_ = text_.size();
  return false;
}

bool XmlReader::pass_until(std::string_view end) {
  const std::size_t found = text_.find(end, at_);
  if (found == std::string_view::npos) return fail();
  at_ = found + end.size();
  return true;
}

bool XmlReader::pass_misc(bool prolog) {
  if (prolog && rest().starts_with("\xef\xbb\xbf")) at_ += 3;
  while (!failed_) {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    if (rest().starts_with("<!--")) {
      at_ += 4;
      if (!pass_until("-->")) return false;
    } else if (rest().starts_with("<?")) {
      if (!pass_until("?>")) return false;
    } else {
      return true;
    }
  }
  return false;
}

bool XmlReader::pass_attributes() {
  while (at_ < text_.size()) {
    const std::size_t before = at_;
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    if (at_ == text_.size()) return fail();
    if (text_[at_] == '>' || rest().starts_with("/>")) return true;
    if (before == at_ || !is_name_char(text_[at_])) return fail();
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    if (at_ == text_.size() || text_[at_] != '=') return fail();
    ++at_;
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    if (at_ == text_.size() || (text_[at_] != '"' && text_[at_] != '\'')) return fail();
    const std::size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) return fail();
    if (text_.substr(at_, end - at_).find('<') != std::string_view::npos) return fail();
    at_ = end + 1;
  }
  return fail();
}

bool XmlReader::open_element(std::string_view& name) {
  const std::size_t begin = ++at_;
  while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
  const std::string_view whole = text_.substr(begin, at_ - begin);
  if (whole.empty() || open_.size() == depth_max_) return fail();
  if (!pass_attributes()) return false;
  empty_ = text_[at_] == '/';
  at_ += empty_ ? 2 : 1;
  open_.push_back(whole);
  name = local_name(whole);
  return true;
}

bool XmlReader::close_element() {
  at_ += 2;
  const std::string_view name = open_.back();
  if (!rest().starts_with(name)) return fail();
  at_ += name.size();
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  if (at_ == text_.size() || text_[at_] != '>') return fail();
  ++at_;
  open_.pop_back();
  return true;
}

bool XmlReader::root(std::string_view& name) {
  if (!pass_misc(true)) return false;
  if (at_ == text_.size() || text_[at_] != '<') return fail();
  return open_element(name);
}

bool XmlReader::next_child(std::string_view& name) {
  if (failed_ || open_.empty()) return false;
  if (empty_) {
    empty_ = false;
    open_.pop_back();
    return false;
  }
  while (true) {
    at_ = std::min(text_.find('<', at_), text_.size());
    if (at_ == text_.size()) return fail();
    if (rest().starts_with("</")) {
      close_element();
      return false;
    }
    if (rest().starts_with("<![CDATA[")) {
      if (!pass_until("]]>")) return false;
    } else if (rest().starts_with("<!--") || rest().starts_with("<?")) {
      if (!pass_misc(false)) return false;
    } else {
      return open_element(name);
    }
  }
}

bool XmlReader::append_reference(std::string& out) {
  const std::size_t end = text_.substr(at_, 12).find(';');
  if (end == std::string_view::npos) return fail();
  std::string_view name = text_.substr(at_ + 1, end - 1);
  at_ += end + 1;
  if (name == "lt") return out.push_back('<'), true;
  if (name == "gt") return out.push_back('>'), true;
  if (name == "amp") return out.push_back('&'), true;
  if (name == "quot") return out.push_back('"'), true;
  if (name == "apos") return out.push_back('\''), true;
  if (!name.starts_with('#')) return fail();
  name.remove_prefix(1);
  const bool hex = name.starts_with('x');
  if (hex) name.remove_prefix(1);
  std::uint32_t code = 0;
  const auto [last, error] = std::from_chars(name.data(), name.data() + name.size(), code, hex ? 16 : 10);
  if (name.empty() || error != std::errc{} || last != name.data() + name.size()) return fail();
  // A key may hold what XML 1.0 cannot; clients that list it write it back as a reference all the same.
  if (!is_xml_char(code) && (code == 0 || code >= 0x20)) return fail();
  append_utf8(out, code);
  return true;
}

/// Line ends are line feeds (XML 1.0 §2.11).
void XmlReader::append_plain(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      out.push_back(text[i]);
    } else if (i + 1 == text.size() || text[i + 1] != '\n') {
      out.push_back('\n');
    }
  }
}

bool XmlReader::read_text(std::string& out) {
  out.clear();
  if (failed_ || open_.empty()) return false;
  if (empty_) {
    empty_ = false;
    open_.pop_back();
    return true;
  }
  while (at_ < text_.size()) {
    const std::size_t end = std::min(text_.find_first_of("<&", at_), text_.size());
    append_plain(out, text_.substr(at_, end - at_));
    at_ = end;
    if (at_ == text_.size()) break;
    if (text_[at_] == '&') {
      if (!append_reference(out)) return false;
    } else if (rest().starts_with("</")) {
      return close_element();
    } else if (rest().starts_with("<![CDATA[")) {
      const std::size_t begin = at_ + 9;
      if (!pass_until("]]>")) return false;
      append_plain(out, text_.substr(begin, at_ - 3 - begin));
    } else if (rest().starts_with("<!--")) {
      at_ += 4;
      if (!pass_until("-->")) return false;
    } else {
      return fail();
    }
  }
  return fail();
}

bool XmlReader::skip() {
  const std::size_t depth = open_.size();
  std::string_view name;
  while (!failed_ && open_.size() >= depth && depth > 0) next_child(name);
  return !failed_;
}

bool XmlReader::at_end() { return !failed_ && open_.empty() && pass_misc(false) && at_ == text_.size(); }

}  // namespace warifu::wire
