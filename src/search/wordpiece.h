#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace warifu::search {

/// BERT's uncased WordPiece: the token ids of a text, without the marks of its beginning and end. Accents are stripped,
/// each Han character and each punctuation mark is a word, compatibility forms are not folded, a word that the
/// vocabulary cannot spell or that is longer than 100 characters is `[UNK]`. `[CLS]` in a text is text. Immutable and
/// thread-safe.
class Wordpiece {
 public:
  /// `vocabulary`: a piece a line, in the order of ids; it must outlive the tokenizer. Errors: kValidation when it is
  /// not a vocabulary of BERT's form (no `[UNK]`, `[CLS]` or `[SEP]`, an empty line, more than 2^20 pieces).
  static Result<Wordpiece> make(std::string_view vocabulary);

  /// The first `ids_max` ids of `text`. Linear in it, but for words: at most 100 pieces are tried at each place.
  [[nodiscard]] std::vector<std::int32_t> ids(std::string_view text, std::size_t ids_max) const;

  [[nodiscard]] std::size_t size() const { return pieces_.size(); }
  [[nodiscard]] std::int32_t unknown() const { return unknown_; }
  [[nodiscard]] std::int32_t first() const { return first_; }  // [CLS]
  [[nodiscard]] std::int32_t last() const { return last_; }    // [SEP]

 private:
  class Splitter;
  [[nodiscard]] std::int32_t find(std::string_view piece, bool continues) const;
  void spell(std::string_view word, std::size_t characters, std::vector<std::int32_t>& out) const;

  std::vector<std::string_view> pieces_;  // `##` included
  std::vector<std::int32_t> table_;       // open addressing over pieces_; -1: free
  std::size_t longest_ = 0;               // bytes, without `##`
  std::int32_t unknown_ = 0;
  std::int32_t first_ = 0;
  std::int32_t last_ = 0;
};

}  // namespace warifu::search
