#pragma once

#include <string_view>

#include "wire/shape.h"

namespace warifu::wire {

/// True when all of `text` matches. Compiled at first use by whichever thread comes first, and kept; sequences of
/// character classes, which most patterns of AWS's models are, are matched without RE2. Thread-safe.
/// REQUIRES: the pattern's RE2 text is valid (tables are: a test compiles each).
[[nodiscard]] bool matches(const Pattern& pattern, std::string_view text);

/// True when the pattern is matched without RE2: what the tests look at.
[[nodiscard]] bool is_simple(const Pattern& pattern);

}  // namespace warifu::wire
