#include "policy/operators.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/encoding.h"
#include "policy/pattern.h"
#include "policy/values.h"

namespace warifu::policy {
namespace {

struct Row {
  std::string_view name;
  Family family;
  Comparison comparison = Comparison::kEqual;
  bool negated = false;
};

constexpr std::array kOperators = std::to_array<Row>({
    {"StringEquals", Family::kString},
    {"StringNotEquals", Family::kString, Comparison::kEqual, true},
    {"StringEqualsIgnoreCase", Family::kStringIgnoreCase},
    {"StringNotEqualsIgnoreCase", Family::kStringIgnoreCase, Comparison::kEqual, true},
    {"StringLike", Family::kStringLike},
    {"StringNotLike", Family::kStringLike, Comparison::kEqual, true},
    {"ArnEquals", Family::kArn},
    {"ArnLike", Family::kArn},
    {"ArnNotEquals", Family::kArn, Comparison::kEqual, true},
    {"ArnNotLike", Family::kArn, Comparison::kEqual, true},
    {"NumericEquals", Family::kNumeric},
    {"NumericNotEquals", Family::kNumeric, Comparison::kEqual, true},
    {"NumericLessThan", Family::kNumeric, Comparison::kLess},
    {"NumericLessThanEquals", Family::kNumeric, Comparison::kLessOrEqual},
    {"NumericGreaterThan", Family::kNumeric, Comparison::kGreater},
    {"NumericGreaterThanEquals", Family::kNumeric, Comparison::kGreaterOrEqual},
    {"DateEquals", Family::kDate},
    {"DateNotEquals", Family::kDate, Comparison::kEqual, true},
    {"DateLessThan", Family::kDate, Comparison::kLess},
    {"DateLessThanEquals", Family::kDate, Comparison::kLessOrEqual},
    {"DateGreaterThan", Family::kDate, Comparison::kGreater},
    {"DateGreaterThanEquals", Family::kDate, Comparison::kGreaterOrEqual},
    {"Bool", Family::kBool},
    {"BinaryEquals", Family::kBinary},
    {"IpAddress", Family::kIp},
    {"NotIpAddress", Family::kIp, Comparison::kEqual, true},
    {"Null", Family::kNull},
});

bool readable(Family family, std::string_view value) {
  switch (family) {
    case Family::kNumeric:
      return is_decimal(value);
    case Family::kDate:
      return read_date(value).has_value();
    case Family::kBool:
    case Family::kNull:
      return read_bool(value).has_value();
    case Family::kBinary:
      return base64_decode(value).has_value();
    case Family::kIp:
      return read_ip_range(value).has_value();
    case Family::kString:
    case Family::kStringIgnoreCase:
    case Family::kStringLike:
    case Family::kArn:
      return true;
  }
  return false;
}

}  // namespace

std::optional<Operator> read_operator(std::string_view name) {
  constexpr std::string_view kForAll = "ForAllValues:";
  constexpr std::string_view kForAny = "ForAnyValue:";
  constexpr std::string_view kIfExists = "IfExists";
  Operator result;
  const std::string_view whole = name;
  if (name.starts_with(kForAll)) {
    result.quantifier = Quantifier::kForAll;
    name.remove_prefix(kForAll.size());
  } else if (name.starts_with(kForAny)) {
    result.quantifier = Quantifier::kForAny;
    name.remove_prefix(kForAny.size());
  }
  if (name.ends_with(kIfExists)) {
    result.if_exists = true;
    name.remove_suffix(kIfExists.size());
  }
  const auto* const row = std::ranges::find(kOperators, name, &Row::name);
  if (row == kOperators.end()) return std::nullopt;
  if (row->family == Family::kNull && name.size() != whole.size()) return std::nullopt;
  result.family = row->family;
  result.comparison = row->comparison;
  result.negated = row->negated;
  return result;
}

bool takes_variables(Family family) {
  return family == Family::kString || family == Family::kStringIgnoreCase || family == Family::kStringLike ||
         family == Family::kArn;
}

Result<> check_value(Family family, std::string_view value, bool variables) {
  if (takes_variables(family)) {
    TRY(read_segments(value, {.wildcards = false, .variables = variables}));
    return {};
  }
  if (!readable(family, value)) {
    return fail(validation_error("the operator cannot read `" + std::string(value) + "`"));
  }
  return {};
}

}  // namespace warifu::policy
