#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"

/// Which headers and query parameters pass between clients and targets. Source: AgentCore developer guide, "Header
/// propagation with Gateway".
namespace warifu::services::gateway {

/// Longest value that passes, in bytes.
inline constexpr std::size_t kHeaderValueMax = 4096;

/// Those of `headers` that `allowed` names (without regard to case) and that are not denied (metadata_rules.h); values
/// of printable ASCII up to kHeaderValueMax. What an interceptor set wins over what came first, as it stands first in
/// `headers`.
[[nodiscard]] http::Headers propagated(const http::Headers& headers, const std::vector<std::string>& allowed);

/// `query` with nothing left but the parameters that `allowed` names, as they were encoded.
[[nodiscard]] std::string propagated_query(std::string_view query, const std::vector<std::string>& allowed);

}  // namespace warifu::services::gateway
