#include "llm/error.h"

#include <array>
#include <utility>

namespace warifu::llm {
namespace {

struct Class {
  Failure failure;
  ErrorCode code;
  std::string_view aws_name;
  std::string_view failure_code;
};

constexpr std::array kClasses = {
    Class{Failure::kAccessDenied, ErrorCode::kAccessDenied, "AccessDeniedException", "ACCESS_DENIED"},
    Class{Failure::kThrottling, ErrorCode::kThrottled, "ThrottlingException", "THROTTLING"},
    Class{Failure::kModelTimeout, ErrorCode::kUnavailable, "ModelTimeoutException", "MODEL_TIMEOUT"},
    Class{Failure::kResourceNotFound, ErrorCode::kNotFound, "ResourceNotFoundException", "RESOURCE_NOT_FOUND"},
    Class{Failure::kServiceUnavailable, ErrorCode::kUnavailable, "ServiceUnavailableException", "SERVICE_UNAVAILABLE"},
    Class{Failure::kValidation, ErrorCode::kValidation, "ValidationException", "VALIDATION_EXCEPTION"},
    Class{Failure::kInternal, ErrorCode::kInternal, "InternalServerException", "INTERNAL_ERROR"},
    Class{Failure::kModelError, ErrorCode::kUnavailable, "ModelErrorException", "MODEL_ERROR"},
};

const Class& class_of(Failure failure) { return kClasses[static_cast<std::size_t>(failure)]; }

constexpr bool in_order() {
  for (std::size_t i = 0; i < kClasses.size(); ++i) {
    if (static_cast<std::size_t>(kClasses[i].failure) != i) return false;
  }
  return true;
}
static_assert(in_order(), "the table is indexed by Failure");

}  // namespace

Error failure_error(Failure failure, std::string message) {
  const Class& found = class_of(failure);
  return {.code = found.code, .message = std::move(message), .aws_name = found.aws_name, .reason = {}, .fields = {}};
}

Failure failure_of(const Error& error) {
  for (const Class& entry : kClasses) {
    if (entry.aws_name == error.aws_name) return entry.failure;
  }
  return Failure::kInternal;
}

std::string_view failure_code(const Error& error) { return class_of(failure_of(error)).failure_code; }

}  // namespace warifu::llm
