#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace warifu::policy {

/// What a condition operator reads its values as.
enum class Family : std::uint8_t {
  kString,
  kStringIgnoreCase,
  kStringLike,
  kArn,
  kNumeric,
  kDate,
  kBool,
  kBinary,
  kIp,
  kNull
};

/// How the request's value stands to a policy's value.
enum class Comparison : std::uint8_t { kEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

/// Which of a multivalued key's values must match.
enum class Quantifier : std::uint8_t { kSingle, kForAll, kForAny };

/// A condition operator with its prefix and suffix taken apart: `ForAnyValue:StringNotLikeIfExists`.
struct Operator {
  Family family = Family::kString;
  Comparison comparison = Comparison::kEqual;
  bool negated = false;
  bool if_exists = false;
  Quantifier quantifier = Quantifier::kSingle;
};

/// nullopt: no such operator. Names compare with their letters' case; Null takes neither prefix nor suffix.
[[nodiscard]] std::optional<Operator> read_operator(std::string_view name);

/// Whether `value` is one that an operator of `family` can hold against a request. kValidation says why not.
[[nodiscard]] Result<> check_value(Family family, std::string_view value, bool variables);

/// Policy variables are read in the values of these families only.
[[nodiscard]] bool takes_variables(Family family);

}  // namespace warifu::policy
