#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warifu {

/// What went wrong, in terms a caller can act on. `wire/error_map.cc` turns each code into one HTTP status and one
/// AWS exception name, in a switch without default, so that the compiler finds the gap.
enum class ErrorCode : std::uint8_t {
  kValidation,
  kUnauthenticated,
  kAccessDenied,
  kNotFound,
  kConflict,
  kThrottled,
  kQuotaExceeded,
  kTooLarge,
  kUnsupported,
  kUnavailable,
  kInternal,
};

/// One member of a request that failed a check: its path in the request, and why.
struct FieldError {
  std::string name;
  std::string message;
};

/// An expected failure. Value type; thread-compatible.
///
/// `message` is lower-case and without a full stop, except where AWS's exact text is on the wire.
/// `aws_name` is set where the service's own exception is more precise than the code (`NoSuchEntity`): it must
/// have static storage, and be an error that the operation's model declares or one of AWS's common errors.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::string_view aws_name{};
  /// ValidationException's `reason` member (`FieldValidationFailed` …); static storage, empty when unset.
  std::string_view reason{};
  std::vector<FieldError> fields{};
};

/// Shorthands for the codes that handlers use most.
[[nodiscard]] inline Error validation_error(std::string message) {
  return {.code = ErrorCode::kValidation, .message = std::move(message)};
}
[[nodiscard]] inline Error not_found(std::string message) {
  return {.code = ErrorCode::kNotFound, .message = std::move(message)};
}
[[nodiscard]] inline Error conflict(std::string message) {
  return {.code = ErrorCode::kConflict, .message = std::move(message)};
}
[[nodiscard]] inline Error unavailable(std::string message) {
  return {.code = ErrorCode::kUnavailable, .message = std::move(message)};
}
[[nodiscard]] inline Error internal_error(std::string message) {
  return {.code = ErrorCode::kInternal, .message = std::move(message)};
}

}  // namespace warifu
