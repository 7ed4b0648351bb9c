#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace warifu {

/// Lower-case hexadecimal.
[[nodiscard]] std::string hex_encode(std::span<const std::byte> bytes);
/// Either case; nullopt on an odd length or a character outside hexadecimal.
[[nodiscard]] std::optional<std::string> hex_decode(std::string_view text);

/// RFC 4648 base 64 with padding.
[[nodiscard]] std::string base64_encode(std::string_view bytes);
/// Strict: padding required, no white space; nullopt otherwise.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);
/// RFC 4648 §5, without padding.
[[nodiscard]] std::string base64url_encode(std::string_view bytes);
/// Padding optional; nullopt on anything outside the alphabet.
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

/// RFC 3986: all but unreserved characters become %XX (upper-case hexadecimal).
[[nodiscard]] std::string percent_encode(std::string_view text);
/// As percent_encode, but `/` stays.
[[nodiscard]] std::string percent_encode_path(std::string_view path);
/// nullopt on a broken escape. `plus_is_space` for form bodies and query strings of HTML forms.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

/// The bytes of a string, for functions that take bytes.
[[nodiscard]] inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// True when `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
[[nodiscard]] bool is_utf8(std::string_view text);
/// Number of code points. REQUIRES: is_utf8(text).
[[nodiscard]] std::size_t utf8_length(std::string_view text);

/// ASCII only; other bytes pass through.
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] bool iequals(std::string_view a, std::string_view b);

}  // namespace warifu
