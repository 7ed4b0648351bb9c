#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "gen/agentcore/memories.h"

/// Metadata schemas of strategies' records: what each key of a record's metadata is and where it comes from. Pure.
namespace warifu::services::memory::record_schemas {

/// kValidation unless: keys are different; an extraction's validation fits its type; STRICTLY_CONSISTENT keys are at
/// most kStrictKeysMax, STRING, without extractionConfig, among `indexed`, and `strict_allowed` (not on summaries).
/// `field` is the path of the schema in the request.
[[nodiscard]] Result<> check(const model::agentcore::MemoryRecordSchema& schema,
                             const std::vector<model::agentcore::IndexedKey>& indexed, bool strict_allowed,
                             std::string_view field);

}  // namespace warifu::services::memory::record_schemas
