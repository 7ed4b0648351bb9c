#pragma once

#include "base/result.h"
#include "gen/agentcore/gateway_targets.h"

/// Which headers and query parameters a target may be told of, or tell. Pure.
namespace warifu::services::gateway::metadata_rules {

/// True for headers that never pass, whatever a target's configuration says (facts: gateway.md §2.8), letter case
/// aside.
[[nodiscard]] bool never_passes(std::string_view name);
/// kValidation naming the entry: a name of other characters than `[a-zA-Z0-9_-]`, a header that never passes, a name
/// that stands twice.
[[nodiscard]] Result<> check(const model::agentcore::MetadataConfiguration& configuration);

}  // namespace warifu::services::gateway::metadata_rules
