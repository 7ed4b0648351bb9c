#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

/// Equality of the short texts that a decision compares by the dozen: account numbers, names, ARNs. Calls to memcmp
/// were a fifth of it.
namespace warifu::policy {

[[nodiscard]] inline std::uint64_t eight_bytes(const char* at) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}

[[nodiscard]] inline bool same_text(std::string_view a, std::string_view b) {
  std::size_t left = a.size();
  if (left != b.size()) return false;
  const char *x = a.data(), *y = b.data();
  if (left < 8) {
    while (left > 0 && x[left - 1] == y[left - 1]) --left;
    return left == 0;
  }
  for (; left > 8; left -= 8, x += 8, y += 8) {
    if (eight_bytes(x) != eight_bytes(y)) return false;
  }
  // The last eight overlap what was compared before.
  return eight_bytes(x + left - 8) == eight_bytes(y + left - 8);
}

[[nodiscard]] inline bool begins_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && same_text(text.substr(0, prefix.size()), prefix);
}

}  // namespace warifu::policy
