#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace warifu::llm {

/// What can go wrong with a model, as both Bedrock's exceptions and AgentCore's extraction jobs class it.
enum class Failure : std::uint8_t {
  kAccessDenied,        // 401, 403: the key is missing or wrong
  kThrottling,          // 429, after the retries
  kModelTimeout,        // nothing, or not all, within the deadline
  kResourceNotFound,    // 404, or no endpoint or model configured for the id
  kServiceUnavailable,  // cannot connect, or 502, 503, 504
  kValidation,          // other 4xx, or the request is more than an endpoint takes
  kInternal,            // 500 and what is our own fault
  kModelError,          // the answer is no answer: not JSON, not a completion, past a bound
};

/// An Error whose `aws_name` is the exception of bedrock-runtime for `failure`. `message`: one lower-case sentence.
[[nodiscard]] Error failure_error(Failure failure, std::string message);
/// The class of an error of this module; kInternal for any other.
[[nodiscard]] Failure failure_of(const Error& error);
/// `MODEL_TIMEOUT`, `THROTTLING` …: the failure code of ListMemoryExtractionJobs. Static storage.
[[nodiscard]] std::string_view failure_code(const Error& error);

}  // namespace warifu::llm
