#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "services/gateway/gateways.h"

/// What must hold of a gateway beyond the model's constraints. Pure.
namespace warifu::services::gateway::gateway_rules {

/// The versions of MCP that this server's gateways speak.
[[nodiscard]] bool known_version(std::string_view version);

/// kValidation naming the member: for what this server cannot honour (keys, policy engines, domains, firewalls, private
/// endpoints), and for what contradicts itself: an authorizer without its configuration or with another's, a role of
/// another account, claims whose operator does not fit their type, two interceptors of one point.
[[nodiscard]] Result<> check(const Gateway& gateway, const AccountId& owner);

}  // namespace warifu::services::gateway::gateway_rules
