#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "gen/agentcore/gateway_targets.h"

/// What must hold of the tools that a target declares inline. Pure.
namespace warifu::services::gateway::tool_schemas {

namespace m = model::agentcore;

/// kValidation, `field` being the path of the list, unless it has 1 to kToolsMax tools of different names, which fit
/// kToolNameMax with the prefix of `target`, and whose schemas are objects at the top, nest at most kSchemaDepthMax
/// deep, have items only where they are arrays, properties only where they are objects, and require only what they
/// have.
[[nodiscard]] Result<> check(const std::vector<m::ToolDefinition>& tools, std::string_view target,
                             std::string_view field);

}  // namespace warifu::services::gateway::tool_schemas
