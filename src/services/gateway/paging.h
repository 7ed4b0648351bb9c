#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/call.h"
#include "services/gateway/control_limits.h"

namespace warifu::services::gateway {

/// A page of a short list that is read as a whole: `items` after the position that the token names. `position` gives an
/// item's place in the order of the list, as text.
template <class T, class Position>
struct ShortPage {
  std::vector<T> items;
  std::optional<std::string> next_token;

  static Result<ShortPage> of(const api::Call& call, std::vector<T> all, const std::optional<std::string>& token,
                              const std::optional<std::int32_t>& max_results, Position position) {
    std::string after;
    if (token) after = TRY(call.page_position(*token));
    const auto limit = static_cast<std::size_t>(max_results.value_or(kPageDefault));
    ShortPage page;
    for (T& item : all) {
      if (!after.empty() && position(item) <= after) continue;
      if (page.items.size() == limit) {
        page.next_token = call.page_token(position(page.items.back()));
        break;
      }
      page.items.push_back(std::move(item));
    }
    return page;
  }
};

}  // namespace warifu::services::gateway
