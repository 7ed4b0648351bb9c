#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace warifu::search {

/// A code point as text is read; kBroken for a byte that belongs to no well-formed UTF-8 sequence.
using CodePoint = std::int32_t;
inline constexpr CodePoint kBroken = -1;

/// The code point at `at`, which moves behind it. REQUIRES: at < text.size().
[[nodiscard]] CodePoint next_code_point(std::string_view text, std::size_t& at);

/// Appends `code_point` in UTF-8. REQUIRES: a valid code point.
void append_utf8(std::string& out, CodePoint code_point);

}  // namespace warifu::search
