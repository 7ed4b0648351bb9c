#pragma once

#include <string>

#include "base/error.h"

/// The exceptions of CloudWatch Logs with its texts.
namespace warifu::services::logs {

[[nodiscard]] inline Error named(ErrorCode code, std::string_view name, std::string message) {
  return {.code = code, .message = std::move(message), .aws_name = name, .reason = {}, .fields = {}};
}
[[nodiscard]] inline Error invalid_parameter(std::string message) {
  return named(ErrorCode::kValidation, "InvalidParameterException", std::move(message));
}
[[nodiscard]] inline Error no_group() {
  return named(ErrorCode::kNotFound, "ResourceNotFoundException", "The specified log group does not exist.");
}
[[nodiscard]] inline Error no_stream() {
  return named(ErrorCode::kNotFound, "ResourceNotFoundException", "The specified log stream does not exist.");
}
[[nodiscard]] inline Error group_exists() {
  return named(ErrorCode::kConflict, "ResourceAlreadyExistsException", "The specified log group already exists");
}
[[nodiscard]] inline Error stream_exists() {
  return named(ErrorCode::kConflict, "ResourceAlreadyExistsException", "The specified log stream already exists");
}
[[nodiscard]] inline Error bad_token() { return invalid_parameter("The specified nextToken is invalid."); }
[[nodiscard]] inline Error bad_row() { return internal_error("a row of CloudWatch Logs does not decode"); }

}  // namespace warifu::services::logs
