#include "services/lambda/errors.h"

#include <fmt/format.h>

namespace warifu::services::lambda {
namespace {

Error named(ErrorCode code, std::string_view name, std::string message, std::string_view reason = {}) {
  return {.code = code, .message = std::move(message), .aws_name = name, .reason = reason, .fields = {}};
}

}  // namespace

Error invalid_parameter(std::string message) {
  return named(ErrorCode::kValidation, "InvalidParameterValueException", std::move(message));
}
Error unsupported_parameter(std::string_view name) {
  return invalid_parameter(fmt::format("{} is not supported by this server yet", name));
}
Error at_most(std::string_view member, std::int64_t value, std::int64_t bound) {
  return validation_error(
      fmt::format("1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must have "
                  "value less than or equal to {}",
                  value, member, bound));
}
Error resource_conflict(std::string message) {
  return named(ErrorCode::kConflict, "ResourceConflictException", std::move(message));
}
Error resource_not_found(std::string message) {
  return named(ErrorCode::kNotFound, "ResourceNotFoundException", std::move(message));
}
Error function_not_found(std::string_view arn) {
  return resource_not_found(fmt::format("Function not found: {}", arn));
}
Error function_exists(std::string_view name) {
  return resource_conflict(fmt::format("Function already exist: {}", name));
}
Error revision_mismatch() {
  return named(ErrorCode::kConflict, "PreconditionFailedException",
               "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to "
               "retrieve the latest Revision Id");
}
Error role_not_assumable() {
  return invalid_parameter("The role defined for the function cannot be assumed by Lambda.");
}
Error bad_content(std::string message) {
  return named(ErrorCode::kValidation, "InvalidRequestContentException", std::move(message));
}
Error payload_too_large(std::size_t bytes, std::string_view invocation_type, std::size_t bytes_max) {
  return named(ErrorCode::kTooLarge, "RequestTooLargeException",
               fmt::format("{} byte payload is too large for the {} invocation type (limit {} bytes)", bytes,
                           invocation_type, bytes_max));
}
Error throttled(bool reserved) {
  return named(ErrorCode::kThrottled, "TooManyRequestsException", "Rate Exceeded.",
               reserved ? "ReservedFunctionConcurrentInvocationLimitExceeded" : "ConcurrentInvocationLimitExceeded");
}
Error bad_row(std::string_view what) { return internal_error(fmt::format("a row of {} does not decode", what)); }

}  // namespace warifu::services::lambda
