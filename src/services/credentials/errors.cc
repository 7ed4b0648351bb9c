#include "services/credentials/errors.h"

#include <fmt/format.h>

namespace warifu::services::credentials {

Error invalid_field(std::string_view field, std::string message) {
  return {.code = ErrorCode::kValidation,
          .message = message,
          .reason = "FieldValidationFailed",
          .fields = {{.name = std::string(field), .message = message}}};
}

Error unsupported_member(std::string_view field) {
  return invalid_field(field, fmt::format("{} is not supported by this server yet", field));
}

Error provider_exists(std::string_view name) {
  return invalid_field("name", fmt::format("Credential provider with name: {} already exists", name));
}

Error provider_not_found(std::string_view name) {
  return not_found(fmt::format("Credential provider with name: {} not found", name));
}

Error workload_exists(std::string_view name) {
  return invalid_field("name", fmt::format("WorkloadIdentity with name: {} already exists", name));
}

Error workload_not_found(std::string_view name) {
  return not_found(fmt::format("WorkloadIdentity with name: {} not found", name));
}

Error bad_workload_token(std::string message) {
  return {.code = ErrorCode::kUnauthenticated, .message = std::move(message), .aws_name = "UnauthorizedException"};
}

Error bad_row(std::string_view kind) { return internal_error(fmt::format("{} row does not parse", kind)); }

}  // namespace warifu::services::credentials
