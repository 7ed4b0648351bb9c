#include "policy/pattern.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/check.h"
#include "base/encoding.h"
#include "policy/document.h"
#include "policy/same_text.h"

namespace warifu::policy {
namespace {

using Part = Segment::Kind;
using Values = std::array<std::string_view, kVariablesPerPatternMax>;

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// Reads what follows `${` up to and including its `}`.
Result<Segment> read_variable(std::string_view& rest) {
  if (rest.size() >= 2 && rest[1] == '}' && (rest[0] == '*' || rest[0] == '?' || rest[0] == '$')) {
    Segment escaped{.kind = Part::kText, .text = std::string(rest.substr(0, 1))};
    rest.remove_prefix(2);
    return escaped;
  }
  const std::size_t end = rest.find_first_of(",}'${*?");
  if (end == std::string_view::npos || (rest[end] != ',' && rest[end] != '}')) {
    return fail(validation_error("malformed policy variable"));
  }
  Segment variable{.kind = Part::kVariable, .variable = std::string(trim(rest.substr(0, end)))};
  const bool has_default = rest[end] == ',';
  rest.remove_prefix(end + 1);
  if (variable.variable.empty() || variable.variable.size() > kKeyBytesMax) {
    return fail(validation_error("a policy variable needs a key of 1 to 512 bytes"));
  }
  if (!has_default) return variable;

  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const std::size_t close = rest.starts_with('\'') ? rest.find('\'', 1) : std::string_view::npos;
  if (close == std::string_view::npos) return fail(validation_error("malformed default of a policy variable"));
  variable.has_default = true;
  variable.text = rest.substr(1, close - 1);
  rest.remove_prefix(close + 1);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (!rest.starts_with('}')) return fail(validation_error("malformed default of a policy variable"));
  rest.remove_prefix(1);
  return variable;
}

void append(std::vector<Segment>& segments, Segment segment) {
  const bool after_same = !segments.empty() && segments.back().kind == segment.kind;
  if (after_same && segment.kind == Part::kAnyRun) return;
  if (after_same && segment.kind == Part::kText) {
    segments.back().text += segment.text;
    return;
  }
  segments.push_back(std::move(segment));
}

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool starts_with(std::string_view text, std::string_view prefix, bool fold) {
  if (!fold) return begins_with(text, prefix);
  return text.size() >= prefix.size() && std::ranges::equal(text.substr(0, prefix.size()), prefix, {}, folded, folded);
}

std::size_t character_bytes(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
  return end - at;
}

/// Matches segments against a text with one point of return, the latest `*`: giving an earlier one more could only
/// leave the later one less, since what lies between has a fixed length (and fields of an ARN hold it in place).
class Matcher {
 public:
  Matcher(std::span<const Segment> segments, const std::string_view* values, const Subject& subject, bool fold)
      : segments_(segments), values_(values), text_(subject.text), colons_end_(subject.colons_end), fold_(fold) {}

  bool run() {
    while (true) {
      if (segment_ == segments_.size() && at_ == text_.size()) return true;
      if (segment_ < segments_.size() && step()) continue;
      if (!retry()) return false;
    }
  }

 private:
  bool step() {
    const Segment& segment = segments_[segment_];
    switch (segment.kind) {
      case Part::kAnyRun:
        return open_star();
      case Part::kAnyOne:
        if (at_ == text_.size() || (at_ < colons_end_ && text_[at_] == ':')) return false;
        at_ += character_bytes(text_, at_);
        break;
      case Part::kText:
      case Part::kVariable: {
        const std::string_view wanted = text_of(segment);
        if (!starts_with(text_.substr(at_), wanted, fold_)) return false;
        at_ += wanted.size();
        break;
      }
    }
    ++segment_;
    return true;
  }

  bool open_star() {
    star_ = segment_++;
    star_at_ = at_;
    star_limit_ = at_ < colons_end_ ? text_.find(':', at_) : text_.size();
    has_star_ = true;
    if (segment_ < segments_.size()) return leap();
    at_ = star_limit_;
    return true;
  }

  /// Lets the latest star take one more, and then up to where what follows it may stand.
  bool retry() {
    if (!has_star_ || star_at_ >= star_limit_) return false;
    ++star_at_;
    return leap();
  }

  bool leap() {
    segment_ = star_ + 1;
    const bool literal = segment_ < segments_.size() && segments_[segment_].kind == Part::kText && !fold_;
    if (literal) star_at_ = text_.find(segments_[segment_].text, star_at_);
    at_ = star_at_;
    // npos is past every limit.
    return star_at_ <= star_limit_;
  }

  [[nodiscard]] std::string_view text_of(const Segment& segment) const {
    return segment.kind == Part::kText ? std::string_view{segment.text} : values_[segment.ordinal];
  }

  std::span<const Segment> segments_;
  const std::string_view* values_;
  std::string_view text_;
  std::size_t colons_end_;
  bool fold_;
  std::size_t segment_ = 0, at_ = 0, star_ = 0, star_at_ = 0, star_limit_ = 0;
  bool has_star_ = false;
};

/// False when a variable has neither a value nor a default. A multivalued key is present, so its default is no use.
bool resolve(std::span<const Segment> segments, const Context& context, Values& values) {
  for (const Segment& segment : segments) {
    if (segment.kind != Part::kVariable) continue;
    const ContextValues* found = context.find({segment.id, segment.variable});
    if (found != nullptr && found->multivalued) return false;
    if (found == nullptr && !segment.has_default) return false;
    values[segment.ordinal] = found == nullptr ? std::string_view{segment.text} : found->values[0];
  }
  return true;
}

Match yes_if(bool condition) { return condition ? Match::kYes : Match::kNo; }

}  // namespace

Subject Subject::arn(std::string_view text) {
  if (!text.starts_with("arn:")) return plain(text);
  std::size_t at = 0;
  for (int colon = 0; colon < 5; ++colon) {
    const std::size_t next = text.find(':', at);
    if (next == std::string_view::npos) return plain(text);
    at = next + 1;
  }
  return {.text = text, .colons_end = at};
}

Result<std::vector<Segment>> read_segments(std::string_view text, PatternSyntax syntax) {
  if (text.size() > kPatternBytesMax) return fail(validation_error("longer than 4096 bytes"));
  std::vector<Segment> segments;
  std::size_t variables = 0;
  for (std::string_view rest = text; !rest.empty();) {
    if (syntax.variables && rest.starts_with("${")) {
      rest.remove_prefix(2);
      Segment segment = TRY(read_variable(rest));
      if (segment.kind == Part::kVariable) {
        if (variables == kVariablesPerPatternMax) {
          return fail(validation_error("more than 16 policy variables in one value"));
        }
        segment.ordinal = static_cast<std::uint8_t>(variables++);
      }
      append(segments, std::move(segment));
      continue;
    }
    const char c = rest.front();
    rest.remove_prefix(1);
    if (syntax.wildcards && c == '*') {
      append(segments, {.kind = Part::kAnyRun});
    } else if (syntax.wildcards && c == '?') {
      segments.push_back({.kind = Part::kAnyOne});
    } else {
      append(segments, {.kind = Part::kText, .text = std::string(1, c)});
    }
  }
  return segments;
}

Pattern Pattern::compile(std::string_view text, PatternSyntax syntax) {
  Result<std::vector<Segment>> segments = read_segments(text, syntax);
  CHECK(segments.has_value(), "a pattern that the parser should have refused");
  Pattern pattern;
  const std::size_t count = segments->size();
  const auto is = [&](std::size_t i, Part part) { return (*segments)[i].kind == part; };
  if (count == 0) return pattern;
  if (count == 1 && is(0, Part::kAnyRun)) {
    pattern.kind_ = Kind::kAll;
  } else if (is(0, Part::kText) && (count == 1 || (count == 2 && is(1, Part::kAnyRun)))) {
    pattern.kind_ = count == 1 ? Kind::kExact : Kind::kPrefix;
    pattern.text_ = std::move((*segments)[0].text);
  } else {
    const bool has_variables =
        std::ranges::any_of(*segments, [](const Segment& s) { return s.kind == Part::kVariable; });
    pattern.kind_ = has_variables ? Kind::kTemplate : Kind::kGeneral;
    for (Segment& segment : *segments) {
      if (segment.kind == Part::kVariable) segment.id = intern(segment.variable);
    }
    pattern.segments_ = std::move(*segments);
  }
  return pattern;
}

Match Pattern::match(const Subject& subject, const Context& context) const {
  switch (kind_) {
    case Kind::kAll:
      return Match::kYes;
    case Kind::kExact:
      return yes_if(same_text(subject.text, text_));
    case Kind::kPrefix:
      // An ARN's fields before the last must all be in the text: the final `*` takes none of their colons.
      return yes_if(text_.size() >= subject.colons_end && begins_with(subject.text, text_));
    case Kind::kGeneral:
    case Kind::kTemplate:
      break;
  }
  if (kind_ == Kind::kGeneral) return yes_if(Matcher(segments_, nullptr, subject, false).run());
  Values values;
  if (!resolve(segments_, context, values)) return Match::kUnresolved;
  return yes_if(Matcher(segments_, values.data(), subject, false).run());
}

Match Pattern::match_ignoring_case(std::string_view text, const Context& context) const {
  if (kind_ == Kind::kExact) return yes_if(iequals(text, text_));
  CHECK(kind_ == Kind::kTemplate, "a case-blind pattern has no wildcards");
  Values values;
  if (!resolve(segments_, context, values)) return Match::kUnresolved;
  return yes_if(Matcher(segments_, values.data(), Subject::plain(text), true).run());
}

}  // namespace warifu::policy
