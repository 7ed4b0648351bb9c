#include "services/gateway/control_errors.h"

#include <fmt/format.h>

namespace warifu::services::gateway {

Error invalid_field(std::string_view field, std::string message) {
  return {.code = ErrorCode::kValidation,
          .message = message,
          .reason = "FieldValidationFailed",
          .fields = {{.name = std::string(field), .message = message}}};
}

Error unsupported_member(std::string_view field) {
  return invalid_field(field, fmt::format("{} is not supported by this server yet", field));
}

Error gateway_not_found(std::string_view id) { return not_found(fmt::format("Gateway not found: {}", id)); }

Error target_not_found(std::string_view id) { return not_found(fmt::format("Target not found: {}", id)); }

Error quota_exceeded(std::string message) { return {.code = ErrorCode::kQuotaExceeded, .message = std::move(message)}; }

Error bad_row(std::string_view kind) { return internal_error(fmt::format("{} row does not parse", kind)); }

}  // namespace warifu::services::gateway
