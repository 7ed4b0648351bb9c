#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace warifu::services::logs {

/// A filter pattern of CloudWatch Logs (user guide, "Filter pattern syntax"): terms that all must be there, `?a ?b` any
/// of which must, `-a` none, `"quoted phrases"`, `%regular expressions%`, and `{ $.field = value && … }` over JSON.
/// Space-delimited patterns (`[a, b]`) are refused. Immutable; any thread.
class FilterPattern {
 public:
  /// An empty pattern matches everything. InvalidParameterException: no pattern, or one of a form that is not there.
  [[nodiscard]] static Result<FilterPattern> parse(std::string_view text);
  ~FilterPattern();
  FilterPattern(FilterPattern&&) noexcept;
  FilterPattern& operator=(FilterPattern&&) noexcept;

  [[nodiscard]] bool matches(std::string_view message) const;

 private:
  struct Impl;
  explicit FilterPattern(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace warifu::services::logs
