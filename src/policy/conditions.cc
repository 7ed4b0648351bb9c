#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"
#include "base/paths.h"
#include "policy/program.h"

namespace warifu::policy {
namespace {

Operator known_operator(std::string_view name) {
  const auto found = read_operator(name);
  CHECK(found.has_value(), "a condition operator that the parser should have refused");
  return *found;
}

/// `order`: how the request's value stands to the policy's.
bool satisfies(Comparison comparison, int order) {
  switch (comparison) {
    case Comparison::kEqual:
      return order == 0;
    case Comparison::kLess:
      return order < 0;
    case Comparison::kLessOrEqual:
      return order <= 0;
    case Comparison::kGreater:
      return order > 0;
    case Comparison::kGreaterOrEqual:
      return order >= 0;
  }
  return false;
}

/// Namespaces of records are supplied as they are stored, `/actors/alice/`: a policy may leave out slashes that a
/// request may leave out too. Where a wildcard or a variable stands at an end, nothing but the last slash is added.
std::string as_namespaces_are_stored(std::string_view text, PatternSyntax syntax) {
  const bool template_text = syntax.variables && text.find("${") != std::string_view::npos;
  if (!syntax.wildcards && !template_text)
    return text.size() + 2 > kPatternBytesMax ? std::string(text) : slashed(text);
  const auto wild = [&](char c) { return syntax.wildcards && (c == '*' || c == '?'); };
  std::string out;
  if (!text.empty() && text.front() != '/' && !wild(text.front()) && !(template_text && text.starts_with("${"))) {
    out += '/';
  }
  for (const char c : text) {
    if (c != '/' || !out.ends_with('/') || template_text) out += c;
  }
  if (!out.empty() && out.back() != '/' && !wild(out.back())) out += '/';
  return out.size() > kPatternBytesMax ? std::string(text) : out;
}

bool is_namespace(KeyId id) {
  return id == key("bedrock-agentcore:namespace") || id == key("bedrock-agentcore:namespacePath");
}

int order_of(Timestamp a, Timestamp b) { return a < b ? -1 : a == b ? 0 : 1; }

}  // namespace

Condition::Condition(const ConditionEntry& entry, bool variables)
    : operator_(known_operator(entry.operator_name)), id_(intern(entry.key)), key_(entry.key) {
  for (const std::string& value : entry.values) add_value(value, variables);
}

void Condition::add_value(const std::string& text, bool variables) {
  const Family family = operator_.family;
  switch (family) {
    case Family::kString:
    case Family::kStringIgnoreCase:
    case Family::kStringLike:
    case Family::kArn: {
      const bool wildcards = family == Family::kStringLike || family == Family::kArn;
      const PatternSyntax syntax{.wildcards = wildcards, .variables = variables};
      const bool stored = is_namespace(id_) && family != Family::kArn;
      patterns_.push_back(Pattern::compile(stored ? as_namespaces_are_stored(text, syntax) : text, syntax));
      break;
    }
    case Family::kNumeric:
      texts_.push_back(text);
      break;
    case Family::kBinary:
      texts_.push_back(base64_decode(text).value_or(""));
      break;
    case Family::kDate:
      dates_.push_back(read_date(text).value_or(Timestamp{}));
      break;
    case Family::kIp:
      ranges_.push_back(read_ip_range(text).value_or(IpRange{}));
      break;
    case Family::kBool:
    case Family::kNull:
      (read_bool(text).value_or(false) ? has_true_ : has_false_) = true;
      break;
  }
}

bool Condition::any_pattern_matches(std::string_view value, const Context& context) const {
  if (operator_.family == Family::kStringIgnoreCase) {
    return std::ranges::any_of(
        patterns_, [&](const Pattern& pattern) { return pattern.match_ignoring_case(value, context) == Match::kYes; });
  }
  const bool is_arn = operator_.family == Family::kArn;
  const Subject subject = is_arn ? Subject::arn(value) : Subject::plain(value);
  if (is_arn && !subject.is_arn()) return false;
  return std::ranges::any_of(patterns_,
                             [&](const Pattern& pattern) { return pattern.match(subject, context) == Match::kYes; });
}

bool Condition::any_number_matches(std::string_view value) const {
  return std::ranges::any_of(texts_, [&](const std::string& text) {
    const auto order = compare_decimal(value, text);
    return order && satisfies(operator_.comparison, *order);
  });
}

bool Condition::any_date_matches(std::string_view value) const {
  const auto date = read_date(value);
  return date && std::ranges::any_of(dates_, [&](Timestamp wanted) {
           return satisfies(operator_.comparison, order_of(*date, wanted));
         });
}

bool Condition::any_matches(std::string_view value, const Context& context) const {
  switch (operator_.family) {
    case Family::kString:
    case Family::kStringIgnoreCase:
    case Family::kStringLike:
    case Family::kArn:
      return any_pattern_matches(value, context);
    case Family::kNumeric:
      return any_number_matches(value);
    case Family::kDate:
      return any_date_matches(value);
    case Family::kBinary:
      return std::ranges::any_of(texts_, [&](const std::string& bytes) { return base64_equals(value, bytes); });
    case Family::kIp: {
      const auto ip = read_ip(value);
      return ip && std::ranges::any_of(ranges_, [&](const IpRange& range) { return range.contains(*ip); });
    }
    case Family::kBool: {
      const auto flag = read_bool(value);
      return flag && (*flag ? has_true_ : has_false_);
    }
    case Family::kNull:
      break;
  }
  return false;
}

bool Condition::holds(const Context& context) const {
  const ContextValues* found = context.find({id_, key_});
  if (operator_.family == Family::kNull) return found == nullptr ? has_true_ : has_false_;
  const bool for_all = operator_.quantifier == Quantifier::kForAll;
  const bool single = operator_.quantifier == Quantifier::kSingle;
  if (found == nullptr) return operator_.if_exists || for_all || (single && operator_.negated);

  const auto matches = [&](std::string_view value) { return any_matches(value, context) != operator_.negated; };
  if (single) return !found->multivalued && matches(found->values[0]);
  return for_all ? std::ranges::all_of(found->values, matches) : std::ranges::any_of(found->values, matches);
}

}  // namespace warifu::policy
