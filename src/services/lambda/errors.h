#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

/// Lambda's exceptions with its texts. Sources: Lambda API reference; the live service's answers as issues of SDKs,
/// Terraform's provider and the AWS CLI quote them.
namespace warifu::services::lambda {

[[nodiscard]] Error invalid_parameter(std::string message);
/// A member that Lambda knows and this server cannot honour.
[[nodiscard]] Error unsupported_parameter(std::string_view name);
/// As a constraint of the model, for bounds that the model states wider than the service holds them.
[[nodiscard]] Error at_most(std::string_view member, std::int64_t value, std::int64_t bound);
[[nodiscard]] Error resource_conflict(std::string message);
[[nodiscard]] Error resource_not_found(std::string message);
/// `Function not found: <arn>`.
[[nodiscard]] Error function_not_found(std::string_view arn);
[[nodiscard]] Error function_exists(std::string_view name);
[[nodiscard]] Error revision_mismatch();
[[nodiscard]] Error role_not_assumable();
[[nodiscard]] Error bad_content(std::string message);
[[nodiscard]] Error payload_too_large(std::size_t bytes, std::string_view invocation_type, std::size_t bytes_max);
[[nodiscard]] Error throttled(bool reserved);
[[nodiscard]] Error bad_row(std::string_view what);

}  // namespace warifu::services::lambda
