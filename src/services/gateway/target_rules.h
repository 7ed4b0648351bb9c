#pragma once

#include "base/result.h"
#include "services/gateway/targets_store.h"

/// What must hold of a target beyond the model's constraints. Pure.
namespace warifu::services::gateway::target_rules {

/// kValidation naming the member: for kinds and members that this server cannot honour; for a configuration, tools or a
/// schema at fault; for a credential provider that does not fit the kind of target (facts: gateway.md §2.7) or the
/// gateway's authorizer; for headers that never pass.
[[nodiscard]] Result<> check(const TargetRow& target, const Gateway& gateway);

/// True when requests to the target are made as the gateway's role.
[[nodiscard]] bool uses_gateway_role(const TargetRow& target);

}  // namespace warifu::services::gateway::target_rules
