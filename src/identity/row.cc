#include "identity/row.h"

namespace warifu::identity {

void RowWriter::length(std::size_t n) {
  while (n >= 0x80) {
    out_.push_back(static_cast<char>((n & 0x7f) | 0x80));
    n >>= 7;
  }
  out_.push_back(static_cast<char>(n));
}

void RowWriter::operator()(const std::string& text) {
  length(text.size());
  out_ += text;
}

void RowWriter::operator()(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  for (int shift = 56; shift >= 0; shift -= 8) out_.push_back(static_cast<char>((bits >> shift) & 0xff));
}

void RowWriter::operator()(const std::vector<std::string>& list) {
  length(list.size());
  for (const std::string& text : list) (*this)(text);
}

void RowWriter::operator()(const Tags& tags) {
  length(tags.size());
  for (const Tag& tag : tags) (*this)(tag.key), (*this)(tag.value);
}

RowReader::RowReader(std::string_view row) : rest_(row) {
  ok_ = rest_.starts_with('\1');
  if (ok_) rest_.remove_prefix(1);
}

std::size_t RowReader::length() {
  std::size_t n = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    if (rest_.empty()) break;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    n |= static_cast<std::size_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return n;
  }
  ok_ = false;
  return 0;
}

void RowReader::operator()(std::string& text) {
  if (!ok_ || rest_.empty()) return;
  const std::size_t n = length();
  if (n > rest_.size()) ok_ = false;
  if (!ok_) return;
  text = rest_.substr(0, n);
  rest_.remove_prefix(n);
}

void RowReader::operator()(std::int64_t& number) {
  if (!ok_ || rest_.empty()) return;
  if (rest_.size() < 8) {
    ok_ = false;
    return;
  }
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 8; ++i) bits = bits << 8 | static_cast<unsigned char>(rest_[i]);
  number = static_cast<std::int64_t>(bits);
  rest_.remove_prefix(8);
}

void RowReader::operator()(bool& flag) {
  std::int64_t number = flag;
  (*this)(number);
  flag = number != 0;
}

void RowReader::operator()(EntityKind& kind) {
  auto number = static_cast<std::int64_t>(kind);
  (*this)(number);
  if (number < 0 || number > static_cast<std::int64_t>(EntityKind::kInstanceProfile)) ok_ = false;
  if (ok_) kind = static_cast<EntityKind>(number);
}

void RowReader::operator()(std::vector<std::string>& list) {
  if (!ok_ || rest_.empty()) return;
  const std::size_t n = length();
  // Every element takes a byte at least, so a count past the rest is damage, not a reason to allocate.
  if (n > rest_.size()) ok_ = false;
  list.clear();
  for (std::size_t i = 0; ok_ && i < n; ++i) (*this)(list.emplace_back());
}

void RowReader::operator()(Tags& tags) {
  if (!ok_ || rest_.empty()) return;
  const std::size_t n = length();
  if (n > rest_.size()) ok_ = false;
  tags.clear();
  for (std::size_t i = 0; ok_ && i < n; ++i) {
    Tag& tag = tags.emplace_back();
    (*this)(tag.key), (*this)(tag.value);
  }
}

}  // namespace warifu::identity
