#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gen/agentcore/memories.h"
#include "gen/agentcore/memory_records.h"
#include "records/filter.h"
#include "records/record.h"
#include "records/rows.h"

/// Memory records between their wire shapes and `records`. Pure.
namespace warifu::services::memory::record_shapes {

using model::agentcore::Memory;

/// What answers say is the strategy of a record that has none: the member is required. Requests may say it too.
inline constexpr std::string_view kNoStrategy = "none";

[[nodiscard]] model::agentcore::MemoryRecord record_output(const records::Record& record);
/// `score`: of a search.
[[nodiscard]] model::agentcore::MemoryRecordSummary summary_output(const records::Record& record,
                                                                   std::optional<float> score);

using MetadataMap = std::map<std::string, model::agentcore::MemoryRecordMetadataValue>;
/// Metadata of a request. With `strategy` only keys of its schema stay, as on the service. kValidation: a system key, a
/// dateTimeValue (only the service has those), a number that is none, a value of another type than its indexed key.
[[nodiscard]] Result<records::Metadata> metadata_of(const MetadataMap& input, const Memory& memory,
                                                    const model::agentcore::MemoryStrategy* strategy);

/// nullptr: no such strategy.
[[nodiscard]] const model::agentcore::MemoryStrategy* find_strategy(const Memory& memory, std::string_view id);

/// The namespace or path that a request names. kValidation unless it names exactly one of them.
[[nodiscard]] Result<records::Scope> scope_of(const std::optional<std::string>& name_space,
                                              const std::optional<std::string>& path,
                                              const std::optional<std::string>& strategy);

using Filters = std::vector<model::agentcore::MemoryMetadataFilterExpression>;
/// kValidation: a key that is neither indexed nor the service's, an operator that does not fit its type, a missing or
/// needless right side. `field` is where the filters stand in the request.
[[nodiscard]] Result<records::Conditions> conditions_of(const std::optional<Filters>& filters, const Memory& memory,
                                                        std::string_view field);

}  // namespace warifu::services::memory::record_shapes
