#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "policy/document.h"

/// What AgentCore asks of a resource policy beyond the policy language. Pure.
namespace warifu::services::memory::policy_rules {

/// The actions that a policy on a memory may speak of (facts of AgentCore's resource policies).
[[nodiscard]] std::span<const std::string_view> memory_actions();

/// The policy, parsed. kValidation unless `document` is a resource policy of at most kPolicyCharactersMax characters
/// and kPolicyStatementsMax statements, has a Version, and in each statement: Resource is exactly `arn`; every action
/// matches at least one of `actions` (letter case aside, wildcards allowed); principals are `*`, AWS or Service.
[[nodiscard]] Result<policy::Policy> check(std::string_view document, std::string_view arn,
                                           std::span<const std::string_view> actions);

/// True when `pattern`, with `*` and `?`, matches all of `text`, letter case aside.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace warifu::services::memory::policy_rules
