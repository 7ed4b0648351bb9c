#include "base/ids.h"

#include <algorithm>

namespace warifu {

std::optional<AccountId> AccountId::parse(std::string_view text) {
  if (text.size() != 12) return std::nullopt;
  if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  return AccountId(text);
}

std::optional<AccessKeyId> AccessKeyId::parse(std::string_view text) {
  if (text.size() < 4 || text.size() > 128) return std::nullopt;
  const auto word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  };
  if (!std::ranges::all_of(text, word)) return std::nullopt;
  return AccessKeyId(text);
}

}  // namespace warifu
