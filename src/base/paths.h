#pragma once

#include <string>
#include <string_view>

namespace warifu {

/// A slash before, after and between segments, one each: `actors//alice` → `/actors/alice/`; nothing but slashes → `/`.
/// Nothing else is special: no `.`, no `*`. The form in which namespaces of memory records are stored and compared.
[[nodiscard]] std::string slashed(std::string_view text);

}  // namespace warifu
