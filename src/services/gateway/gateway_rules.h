#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "policy/document.h"
#include "services/gateway/gateways.h"

/// What must hold of a gateway beyond the model's constraints. Pure.
namespace warifu::services::gateway::gateway_rules {

/// The versions of MCP that this server's gateways speak.
[[nodiscard]] bool known_version(std::string_view version);

/// kValidation naming the member: for what this server cannot honour (keys, policy engines, domains, firewalls, private
/// endpoints), and for what contradicts itself: an authorizer without its configuration or with another's, a role of
/// another account, claims whose operator does not fit their type, two interceptors of one point.
[[nodiscard]] Result<> check(const Gateway& gateway, const AccountId& owner);

/// kValidation unless the gateway may have that resource policy: whom a token proves is nobody that a policy could
/// name, so that with authorizerType CUSTOM_JWT every principal must be `*`. `field` is what the request calls the
/// culprit.
[[nodiscard]] Result<> check_policy(const Gateway& gateway, const policy::Policy& policy, std::string_view field);

}  // namespace warifu::services::gateway::gateway_rules
