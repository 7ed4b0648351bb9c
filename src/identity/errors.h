#pragma once

#include <string>
#include <utility>

#include "base/result.h"

/// IAM's own error names over the house's codes, so that texts stand beside the rules that they speak of.
namespace warifu::identity {

[[nodiscard]] inline Error no_such_entity(std::string text) {
  return {.code = ErrorCode::kNotFound, .message = std::move(text), .aws_name = "NoSuchEntity"};
}
[[nodiscard]] inline Error already_exists(std::string text) {
  return {.code = ErrorCode::kConflict, .message = std::move(text), .aws_name = "EntityAlreadyExists"};
}
[[nodiscard]] inline Error delete_conflict(std::string text) {
  return {.code = ErrorCode::kConflict, .message = std::move(text), .aws_name = "DeleteConflict"};
}
[[nodiscard]] inline Error limit_exceeded(std::string text) {
  return {.code = ErrorCode::kConflict, .message = std::move(text), .aws_name = "LimitExceeded"};
}
[[nodiscard]] inline Error malformed_policy(std::string text) {
  return {.code = ErrorCode::kValidation, .message = std::move(text), .aws_name = "MalformedPolicyDocument"};
}
[[nodiscard]] inline Error invalid_input(std::string text) {
  return {.code = ErrorCode::kValidation, .message = std::move(text), .aws_name = "InvalidInput"};
}
[[nodiscard]] inline Error unmodifiable(std::string text) {
  return {.code = ErrorCode::kValidation, .message = std::move(text), .aws_name = "UnmodifiableEntity"};
}

}  // namespace warifu::identity
