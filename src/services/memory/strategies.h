#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "gen/agentcore/memories.h"

/// Strategies of a memory: how a request's become the stored ones, and what must hold of all of them. Pure; `field`
/// arguments are paths in the request, as AWS writes them (`memoryStrategies.1.member`).
namespace warifu::services::memory::strategies {

using model::agentcore::Memory;
using model::agentcore::MemoryStrategy;

inline constexpr std::string_view kActive = "ACTIVE";
inline constexpr std::string_view kCreating = "CREATING";

/// The random half of a strategy's or memory's id: ten letters and digits. Draw it before the transaction.
[[nodiscard]] std::string new_id_suffix(Random& random);

/// The strategy that is stored for `input`, ACTIVE, with default namespaces where none are given. kValidation, naming
/// the member, for what is malformed or not supported yet (selfManagedConfiguration).
[[nodiscard]] Result<MemoryStrategy> build(const model::agentcore::MemoryStrategyInput& input,
                                           std::string_view id_suffix, Timestamp now, std::string_view field);

/// Changes the members that `input` gives. kValidation when one does not fit the strategy's type.
[[nodiscard]] Result<> modify(MemoryStrategy& strategy, const model::agentcore::ModifyMemoryStrategyInput& input,
                              Timestamp now, std::string_view field);

/// What must hold of a memory's strategies together, and of each within its memory: names differ, at most
/// kStrategiesMax (kQuotaExceeded), variables declared, schemas sound, custom ones have an execution role, expiry of
/// records is one per group (semantic and preference; summary and episodic).
[[nodiscard]] Result<> check(const Memory& memory);

}  // namespace warifu::services::memory::strategies
