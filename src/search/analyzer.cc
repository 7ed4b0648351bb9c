#include "search/analyzer.h"

#include <libstemmer.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "search/unicode.h"

namespace warifu::search {
namespace {

constexpr auto kStopWords = [] {
  std::array words = std::to_array<std::string_view>(
      {"a",     "an",    "the",   "is",    "are",   "was",  "were",   "be",   "been",  "being", "am",    "do",
       "does",  "did",   "doing", "have",  "has",   "had",  "having", "of",   "to",    "in",    "on",    "at",
       "by",    "for",   "with",  "about", "from",  "and",  "or",     "but",  "if",    "then",  "than",  "that",
       "this",  "these", "those", "it",    "its",   "as",   "so",     "i",    "you",   "he",    "she",   "we",
       "they",  "me",    "him",   "her",   "us",    "them", "my",     "your", "his",   "their", "our",   "what",
       "which", "who",   "whom",  "when",  "where", "why",  "how",    "will", "would", "can",   "could", "should",
       "might", "must",  "shall", "not",   "no",    "t",    "s",      "m",    "re",    "ve",    "ll",    "d"});
  std::ranges::sort(words);
  return words;
}();

bool is_stop_word(std::string_view word) { return word.size() <= 6 && std::ranges::binary_search(kStopWords, word); }

/// Kana, Han, Hangul syllables and Hangul letters: scripts that are written without spaces, or whose endings vary.
bool is_east_asian(CodePoint c) {
  return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7AF) ||
         (c >= 0x1100 && c <= 0x11FF);
}

bool is_hangul_syllable(CodePoint c) { return c >= 0xAC00 && c <= 0xD7A3; }
bool is_hangul_letter(CodePoint c) { return c >= 0x1100 && c <= 0x11FF; }

bool is_letter_or_digit(CodePoint c) {
  const utf8proc_category_t category = utf8proc_category(c);
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
         (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

constexpr std::array<char, 128> kAsciiFolded = [] {
  std::array<char, 128> table{};  // 0: separates words
  for (char c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = c;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = c;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = static_cast<char>(c - 'A' + 'a');
  return table;
}();

struct StemmerCloser {
  void operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }
};

std::string_view stem_of(std::string_view word) {
  thread_local const std::unique_ptr<sb_stemmer, StemmerCloser> stemmer{sb_stemmer_new("english", nullptr)};
  CHECK(stemmer != nullptr, "libstemmer knows no English");
  const sb_symbol* stem =
      sb_stemmer_stem(stemmer.get(), reinterpret_cast<const sb_symbol*>(word.data()), static_cast<int>(word.size()));
  if (stem == nullptr) return word;
  return {reinterpret_cast<const char*>(stem), static_cast<std::size_t>(sb_stemmer_length(stemmer.get()))};
}

/// Reads folded words and East Asian runs off a text and hands them to `Sink::word` and `Sink::bigram`.
template <class Sink>
class Scanner {
 public:
  explicit Scanner(Sink& sink) : sink_(sink) {}

  void scan(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
      const auto byte = static_cast<unsigned char>(text[at]);
      if (byte < 0x80) {
        ++at;
        ascii(byte);
      } else {
        fold(next_code_point(text, at));
      }
    }
    end_word();
    end_run();
  }

 private:
  void ascii(unsigned char byte) {
    const char folded = kAsciiFolded[byte];
    if (!run_.empty()) end_run();
    if (folded == 0) return end_word();
    word_.push_back(folded);
    ends_in_capital_sigma_ = false;
  }

  void fold(CodePoint c) {
    if (c == kBroken) return separate();
    const bool capital_sigma = c == 0x3A3 && !word_.empty();
    c = utf8proc_tolower(c);
    if (is_hangul_syllable(c)) return east_asian(c);
    std::array<CodePoint, 32> parts{};
    int boundary = 0;
    const auto count = utf8proc_decompose_char(
        c, parts.data(), parts.size(), static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT), &boundary);
    if (count < 0 || static_cast<std::size_t>(count) > parts.size()) return separate();
    for (const CodePoint part : std::span{parts}.first(static_cast<std::size_t>(count))) {
      if (utf8proc_get_property(part)->combining_class == 0) put(part);
    }
    ends_in_capital_sigma_ = capital_sigma;
  }

  void put(CodePoint c) {
    if (is_east_asian(c)) return east_asian(c);
    if (!is_letter_or_digit(c)) return separate();
    if (!run_.empty()) end_run();
    append_utf8(word_, c);
  }

  void east_asian(CodePoint c) {
    if (!word_.empty()) end_word();
    run_.push_back(c);
  }

  void separate() {
    end_word();
    end_run();
  }

  void end_word() {
    if (word_.empty()) return;
    if (ends_in_capital_sigma_) word_.replace(word_.size() - 2, 2, "\xCF\x82");
    ends_in_capital_sigma_ = false;
    sink_.word(word_);
    word_.clear();
  }

  void end_run() {
    if (run_.empty()) return;
    if (std::ranges::any_of(run_, is_hangul_letter)) {
      const auto composed =
          utf8proc_normalize_utf32(run_.data(), static_cast<utf8proc_ssize_t>(run_.size()),
                                   static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
      if (composed > 0) run_.resize(static_cast<std::size_t>(composed));
    }
    std::string bigram;
    for (std::size_t i = 0; i + 1 < std::max<std::size_t>(2, run_.size()); ++i) {
      bigram.clear();
      append_utf8(bigram, run_[i]);
      if (i + 1 < run_.size()) append_utf8(bigram, run_[i + 1]);
      sink_.bigram(bigram);
    }
    run_.clear();
  }

  Sink& sink_;
  std::string word_;
  std::vector<CodePoint> run_;
  bool ends_in_capital_sigma_ = false;  // which is the small final sigma where the word ends
};

struct StemSink {
  std::vector<std::string> out;
  void word(std::string_view word) {
    if (!is_stop_word(word)) out.emplace_back(stem_of(word));
  }
  void bigram(std::string_view bigram) { out.emplace_back(bigram); }
};

/// The terms of the words met lately, one a place: most words of a text have been stemmed before.
class Memo {
 public:
  /// The term of `word`, or 0 for a stop word.
  Term term(std::string_view word) {
    if (word.size() > sizeof(Place::word)) return make(word);
    std::uint32_t hash = 2166136261U;
    for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    Place& place = places_[(hash ^ (hash >> 15)) % places_.size()];
    if (place.size == word.size() && std::memcmp(place.word, word.data(), word.size()) == 0) return place.term;
    place.term = make(word);
    place.size = static_cast<std::uint8_t>(word.size());
    std::memcpy(place.word, word.data(), word.size());
    return place.term;
  }

 private:
  struct Place {
    Term term = 0;
    std::uint8_t size = 0;
    char word[23] = {};
  };

  static Term make(std::string_view word) { return is_stop_word(word) ? 0 : term_of(stem_of(word)); }

  std::vector<Place> places_ = std::vector<Place>(4096);
};

struct TermSink {
  Memo& memo;
  std::vector<Term> out;
  void word(std::string_view word) {
    if (const Term term = memo.term(word); term != 0) out.push_back(term);
  }
  void bigram(std::string_view bigram) { out.push_back(term_of(bigram)); }
};

}  // namespace

std::vector<std::string> stems(std::string_view text) {
  StemSink sink;
  Scanner{sink}.scan(text);
  return std::move(sink.out);
}

std::vector<Term> terms(std::string_view text) {
  thread_local Memo memo;
  TermSink sink{.memo = memo, .out = {}};
  sink.out.reserve(text.size() / 6);
  Scanner{sink}.scan(text);
  return std::move(sink.out);
}

Term term_of(std::string_view stem) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : stem) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDU;
  hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53U;
  hash = (hash ^ (hash >> 33)) >> (64 - kTermBits);
  return hash == 0 ? 1 : hash;  // 0 marks an absent term
}

}  // namespace warifu::search
