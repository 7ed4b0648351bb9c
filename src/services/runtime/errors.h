#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

/// The texts that clients of the runtime's operations see.
namespace warifu::services::runtime {

/// ValidationException (FieldValidationFailed) about one member of the request; `field` is its path.
[[nodiscard]] Error invalid_field(std::string_view field, std::string message);
/// A member that the service knows and this server cannot honour.
[[nodiscard]] Error unsupported_member(std::string_view field);
[[nodiscard]] Error runtime_not_found(std::string_view id);
[[nodiscard]] Error version_not_found(std::string_view id, std::string_view version);
[[nodiscard]] Error endpoint_not_found(std::string_view name, std::string_view id);
/// ServiceQuotaExceededException (402).
[[nodiscard]] Error quota_exceeded(std::string message);
/// `Role validation failed for '<arn>'. …`: what Terraform's provider tries again on.
[[nodiscard]] Error role_not_assumable(std::string_view role_arn);
/// RuntimeClientError (424): the agent's doing.
[[nodiscard]] Error agent_failed(std::string message);
/// A row that does not parse: damage, or a format that is not ours.
[[nodiscard]] Error bad_row(std::string_view kind);

}  // namespace warifu::services::runtime
