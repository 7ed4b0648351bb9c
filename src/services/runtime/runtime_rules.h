#pragma once

#include "services/runtime/runtimes.h"

/// What must hold of a runtime's configuration, beyond the model's constraints. Pure.
namespace warifu::services::runtime::runtime_rules {

/// kValidation, naming the member. What the server cannot honour is refused by name and never stored.
[[nodiscard]] Result<> check(const Runtime& runtime, const AccountId& owner);

/// A header that callers may be allowed to send to the agent. Source: developer guide, "Pass custom headers to Amazon
/// Bedrock AgentCore Runtime". `bearer`: callers come with tokens, so `Authorization` may pass.
[[nodiscard]] bool may_pass(std::string_view header, bool bearer);

}  // namespace warifu::services::runtime::runtime_rules
