#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/context.h"

namespace warifu::policy {

enum class Match : std::uint8_t {
  kNo,
  kYes,
  kUnresolved,  ///< a variable has no value: the pattern says nothing
};

/// Which characters are special in a pattern's text.
struct PatternSyntax {
  bool wildcards = false;  ///< `*` any run of characters, `?` one character (of UTF-8)
  bool variables = false;  ///< `${key}`, `${key, 'default'}`, `${*}`, `${?}`, `${$}`
};

/// The text that a pattern is held against. In an ARN the first five colons part the fields, and no wildcard takes one.
struct Subject {
  std::string_view text;
  std::size_t colons_end = 0;  ///< just past the fifth colon; 0: colons are nothing special

  [[nodiscard]] static Subject plain(std::string_view text) { return {.text = text}; }
  /// `colons_end` stays 0 when `text` is not `arn:` with six fields.
  [[nodiscard]] static Subject arn(std::string_view text);
  [[nodiscard]] bool is_arn() const { return colons_end != 0; }
};

/// One part of a pattern's text.
struct Segment {
  enum class Kind : std::uint8_t { kText, kAnyRun, kAnyOne, kVariable };
  Kind kind = Kind::kText;
  bool has_default = false;
  std::uint8_t ordinal = 0;  // of a variable among those of its pattern
  std::string text;          // of kText; a variable's default
  std::string variable;      // key name
  KeyId id;
};

/// Splits a pattern's text once; expanded values are never looked at again. kValidation on a broken `${`, more than
/// kVariablesPerPatternMax variables, or a text longer than kPatternBytesMax.
[[nodiscard]] Result<std::vector<Segment>> read_segments(std::string_view text, PatternSyntax syntax);

/// A compiled pattern. Immutable. Matching is linear in pattern times text at worst and allocates nothing.
class Pattern {
 public:
  /// REQUIRES: read_segments accepts the text.
  [[nodiscard]] static Pattern compile(std::string_view text, PatternSyntax syntax);

  /// Whether the whole text matches. A variable's value is literal text; a multivalued key gives none.
  [[nodiscard]] Match match(const Subject& subject, const Context& context) const;
  /// As match, but ASCII letters compare without case.
  [[nodiscard]] Match match_ignoring_case(std::string_view text, const Context& context) const;
  /// The text is one or more `*` and nothing else.
  [[nodiscard]] bool matches_all() const { return kind_ == Kind::kAll; }

 private:
  enum class Kind : std::uint8_t { kAll, kExact, kPrefix, kGeneral, kTemplate };

  Kind kind_ = Kind::kExact;
  std::string text_;  // of kExact and kPrefix
  std::vector<Segment> segments_;
};

}  // namespace warifu::policy
