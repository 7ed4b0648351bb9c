#pragma once

#include "base/result.h"
#include "gen/agentcore/memories.h"

/// What must hold of a memory beyond the model's constraints. Pure.
namespace warifu::services::memory::memory_rules {

/// kValidation naming the member, for what this server cannot honour yet: encryptionKeyArn, streamDeliveryResources,
/// a regexPattern of a namespace key. (selfManagedConfiguration: strategies.h.)
[[nodiscard]] Result<> check_supported(const model::agentcore::CreateMemoryInput& input);
[[nodiscard]] Result<> check_supported(const model::agentcore::UpdateMemoryInput& input);

/// kValidation unless indexed keys and namespace keys differ from each other and number within their bounds, and the
/// strategies are sound (strategies::check).
[[nodiscard]] Result<> check(const model::agentcore::Memory& memory);

/// Adds keys; one that is there already with the same type changes nothing. kValidation when the type differs.
[[nodiscard]] Result<> add_indexed_keys(model::agentcore::Memory& memory,
                                        const std::vector<model::agentcore::IndexedKey>& keys);

}  // namespace warifu::services::memory::memory_rules
