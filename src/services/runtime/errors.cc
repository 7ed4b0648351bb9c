#include "services/runtime/errors.h"

#include <fmt/format.h>

namespace warifu::services::runtime {

Error invalid_field(std::string_view field, std::string message) {
  return {.code = ErrorCode::kValidation,
          .message = message,
          .reason = "FieldValidationFailed",
          .fields = {{.name = std::string(field), .message = message}}};
}

Error unsupported_member(std::string_view field) {
  return invalid_field(field, fmt::format("{} is not supported by this server yet", field));
}

Error runtime_not_found(std::string_view id) { return not_found(fmt::format("Agent runtime not found: {}", id)); }

Error version_not_found(std::string_view id, std::string_view version) {
  return not_found(fmt::format("Agent runtime {} has no version {}", id, version));
}

Error endpoint_not_found(std::string_view name, std::string_view id) {
  return not_found(fmt::format("Endpoint {} of agent runtime {} was not found", name, id));
}

Error quota_exceeded(std::string message) { return {.code = ErrorCode::kQuotaExceeded, .message = std::move(message)}; }

Error role_not_assumable(std::string_view role_arn) {
  return invalid_field("roleArn", fmt::format("Role validation failed for '{}'. Please verify that the role exists and "
                                              "its trust policy allows assumption by this service",
                                              role_arn));
}

Error agent_failed(std::string message) {
  return {.code = ErrorCode::kUnavailable, .message = std::move(message), .aws_name = "RuntimeClientError"};
}

Error bad_row(std::string_view kind) { return internal_error(fmt::format("{} row does not parse", kind)); }

}  // namespace warifu::services::runtime
