#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

/// The texts that clients of the gateway's control plane see.
namespace warifu::services::gateway {

/// ValidationException (FieldValidationFailed) about one member of the request; `field` is its path.
[[nodiscard]] Error invalid_field(std::string_view field, std::string message);
/// A member that the service knows and this server cannot honour.
[[nodiscard]] Error unsupported_member(std::string_view field);
[[nodiscard]] Error gateway_not_found(std::string_view id);
[[nodiscard]] Error target_not_found(std::string_view id);
/// ServiceQuotaExceededException (402).
[[nodiscard]] Error quota_exceeded(std::string message);
/// A row that does not parse: damage, or a format that is not ours.
[[nodiscard]] Error bad_row(std::string_view kind);

}  // namespace warifu::services::gateway
