#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Namespace templates of strategies (`/strategies/{memoryStrategyId}/actors/{actorId}/`): where a strategy's records
/// will lie. Pure. The model's pattern has been checked before anything comes here.
namespace warifu::services::memory::namespaces {

using Templates = std::vector<std::string>;

inline constexpr std::string_view kPerActor = "/strategies/{memoryStrategyId}/actors/{actorId}/";
inline constexpr std::string_view kPerSession = "/strategies/{memoryStrategyId}/actors/{actorId}/sessions/{sessionId}/";

/// What a request means by its two members `namespaces` (deprecated) and `namespaceTemplates`: whichever is given, or
/// `fallback`. kValidation when both are given and differ. `field` is the path of the structure that has them.
[[nodiscard]] Result<Templates> choose(const std::optional<Templates>& namespaces,
                                       const std::optional<Templates>& templates, std::string_view fallback,
                                       std::string_view field);

/// The names in braces, in order.
[[nodiscard]] std::vector<std::string> variables(std::string_view text);

/// kValidation unless every variable is actorId, sessionId, memoryStrategyId or one of `declared`.
[[nodiscard]] Result<> check_variables(const Templates& templates, const std::vector<std::string>& declared,
                                       std::string_view field);

/// True when every path that `inner` can name lies under (or is) the path that `outer` names: segment by segment.
[[nodiscard]] bool contains(std::string_view outer, std::string_view inner);

}  // namespace warifu::services::memory::namespaces
