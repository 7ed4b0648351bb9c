#pragma once

#include <optional>

#include "base/result.h"
#include "gen/agentcore/events.h"
#include "services/memory/event_rows.h"
#include "services/memory/memories.h"

/// Values that a request gives for a memory's namespaceKeys (`extractionConfig.namespaceVariables`). Pure.
namespace warifu::services::memory {

[[nodiscard]] NamedValues namespace_variables_of(const std::optional<model::agentcore::ExtractionConfig>& config);

/// kValidation unless each is declared on the memory, and its value allowed there.
[[nodiscard]] Result<> check_namespace_variables(const memories::Memory& memory, const NamedValues& variables);

}  // namespace warifu::services::memory
