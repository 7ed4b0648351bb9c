#include "search/wordpiece.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <string>

#include "search/unicode.h"

namespace warifu::search {
namespace {

constexpr std::size_t kPiecesMax = std::size_t{1} << 20;
constexpr std::size_t kWordCharactersMax = 100;
constexpr std::string_view kContinues = "##";

bool is_han(CodePoint c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

enum class Class : std::uint8_t { kLetter, kPunctuation, kSpace, kDropped };

Class class_of(CodePoint c) {
  if (c == '\t' || c == '\n' || c == '\r') return Class::kSpace;
  if (c == 0xFFFD) return Class::kDropped;
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return Class::kSpace;
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
      return Class::kDropped;
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
      return Class::kPunctuation;
    default:
      return Class::kLetter;
  }
}

constexpr std::array<Class, 128> kAsciiClass = [] {
  std::array<Class, 128> table{};
  for (std::size_t c = 0; c < 128; ++c) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
      table[c] = Class::kSpace;
    else if (c < 0x20 || c == 0x7F)
      table[c] = Class::kDropped;
    else
      table[c] = alnum ? Class::kLetter : Class::kPunctuation;
  }
  return table;
}();

std::size_t hash_of(std::string_view piece, bool continues) {
  std::uint64_t hash = continues ? 0x9E3779B97F4A7C15U : 0xCBF29CE484222325U;
  for (const char c : piece) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return static_cast<std::size_t>(hash ^ (hash >> 29));
}

bool continues_word(std::string_view piece) {
  return piece.size() > kContinues.size() && piece.starts_with(kContinues);
}

}  // namespace

/// Cuts a text into words and spells each as it ends.
class Wordpiece::Splitter {
 public:
  Splitter(const Wordpiece& pieces, std::vector<std::int32_t>& out, std::size_t ids_max)
      : pieces_(pieces), out_(out), ids_max_(ids_max) {}

  void split(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && out_.size() < ids_max_) {
      const auto byte = static_cast<unsigned char>(text[at]);
      if (byte < 0x80) {
        ++at;
        take(static_cast<CodePoint>(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte), kAsciiClass[byte]);
      } else {
        fold(next_code_point(text, at));
      }
    }
    end_word();
    if (out_.size() > ids_max_) out_.resize(ids_max_);
  }

 private:
  void fold(CodePoint c) {
    if (c == kBroken) return;
    const Class kind = class_of(c);
    if (kind == Class::kDropped || kind == Class::kSpace) return take(c, kind);
    if (is_han(c)) end_word();
    std::array<CodePoint, 16> parts{};
    int boundary = 0;
    const auto count = utf8proc_decompose_char(c, parts.data(), parts.size(), UTF8PROC_DECOMPOSE, &boundary);
    if (count < 0 || static_cast<std::size_t>(count) > parts.size()) return;
    for (const CodePoint part : std::span{parts}.first(static_cast<std::size_t>(count))) {
      if (utf8proc_category(part) == UTF8PROC_CATEGORY_MN) continue;
      const CodePoint lower = utf8proc_tolower(part);
      take(lower, class_of(lower));
    }
    if (is_han(c)) end_word();
  }

  void take(CodePoint c, Class kind) {
    if (kind == Class::kDropped) return;
    if (kind == Class::kLetter) {
      ++characters_;
      if (characters_ <= kWordCharactersMax) append_utf8(word_, c);
      return;
    }
    end_word();
    if (kind == Class::kSpace) return;
    append_utf8(word_, c);
    characters_ = 1;
    end_word();
  }

  void end_word() {
    if (characters_ > 0) pieces_.spell(word_, characters_, out_);
    word_.clear();
    characters_ = 0;
  }

  const Wordpiece& pieces_;
  std::vector<std::int32_t>& out_;
  const std::size_t ids_max_;
  std::string word_;
  std::size_t characters_ = 0;
};

Result<Wordpiece> Wordpiece::make(std::string_view vocabulary) {
  Wordpiece made;
  made.unknown_ = made.first_ = made.last_ = -1;
  for (std::size_t at = 0; at < vocabulary.size();) {
    const std::size_t end = std::min(vocabulary.find('\n', at), vocabulary.size());
    const std::string_view piece = vocabulary.substr(at, end - at);
    if (piece.empty() || made.pieces_.size() >= kPiecesMax)
      return fail(validation_error("not a vocabulary of word pieces"));
    const auto id = static_cast<std::int32_t>(made.pieces_.size());
    if (piece == "[UNK]") made.unknown_ = id;
    if (piece == "[CLS]") made.first_ = id;
    if (piece == "[SEP]") made.last_ = id;
    made.longest_ = std::max(made.longest_, piece.size() - (continues_word(piece) ? kContinues.size() : 0));
    made.pieces_.push_back(piece);
    at = end + 1;
  }
  if (made.unknown_ < 0 || made.first_ < 0 || made.last_ < 0)
    return fail(validation_error("not a vocabulary of BERT's form"));

  made.table_.assign(std::bit_ceil(made.pieces_.size() * 2), -1);
  for (std::size_t id = 0; id < made.pieces_.size(); ++id) {
    const bool continues = continues_word(made.pieces_[id]);
    std::size_t place = hash_of(made.pieces_[id].substr(continues ? kContinues.size() : 0), continues);
    while (made.table_[place &= made.table_.size() - 1] >= 0) ++place;
    made.table_[place] = static_cast<std::int32_t>(id);
  }
  return made;
}

std::int32_t Wordpiece::find(std::string_view piece, bool continues) const {
  for (std::size_t place = hash_of(piece, continues);; ++place) {
    const std::int32_t id = table_[place &= table_.size() - 1];
    if (id < 0) return -1;
    const std::string_view known = pieces_[static_cast<std::size_t>(id)];
    if (continues_word(known) == continues && known.substr(continues ? kContinues.size() : 0) == piece) return id;
  }
}

void Wordpiece::spell(std::string_view word, std::size_t characters, std::vector<std::int32_t>& out) const {
  if (characters > kWordCharactersMax) return out.push_back(unknown_);
  const std::size_t before = out.size();
  for (std::size_t at = 0; at < word.size();) {
    std::size_t length = std::min(word.size() - at, longest_);
    std::int32_t id = -1;
    for (; length > 0; --length) {
      const bool whole = at + length == word.size() || (static_cast<unsigned char>(word[at + length]) & 0xC0) != 0x80;
      if (whole && (id = find(word.substr(at, length), at > 0)) >= 0) break;
    }
    if (id < 0) {
      out.resize(before);
      return out.push_back(unknown_);
    }
    out.push_back(id);
    at += length;
  }
}

std::vector<std::int32_t> Wordpiece::ids(std::string_view text, std::size_t ids_max) const {
  std::vector<std::int32_t> out;
  out.reserve(std::min(ids_max, text.size() / 4 + 4));
  Splitter{*this, out, ids_max}.split(text);
  return out;
}

}  // namespace warifu::search
