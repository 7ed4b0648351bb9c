#pragma once

#include <string_view>

#include "base/result.h"
#include "policy/document.h"

/// Checks of single values in a policy document. Errors are kValidation with IAM's text where one is known.
namespace warifu::policy {

/// `*`, or `service:Name` with one colon.
[[nodiscard]] Result<> check_action(std::string_view action);
/// `*`, or an ARN whose service is spelled out; variables right of the fifth colon only. `may_be_short`: an ARN may
/// end early, as long as its service is there.
[[nodiscard]] Result<> check_resource(std::string_view resource, bool variables, bool may_be_short);
/// A principal other than `*`. Groups, partial wildcards and unknown forms are refused.
[[nodiscard]] Result<> check_principal(PrincipalType type, std::string_view value);
/// `service:name`, bounded.
[[nodiscard]] Result<> check_condition_key(std::string_view key);

}  // namespace warifu::policy
