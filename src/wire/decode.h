#pragma once

#include "base/http.h"
#include "base/result.h"
#include "wire/route.h"

namespace warifu::wire {

/// Bounds on what a request may hold, whatever its operation. Past any of them: kValidation.
inline constexpr std::size_t kDepthMax = 48;                // nesting of structures, lists, maps and documents
inline constexpr std::size_t kFormFieldsMax = 4096;         // query protocol and query strings: pairs
inline constexpr std::size_t kCollectionItemsMax = 10'000;  // of a list or map that the model does not bound
inline constexpr std::size_t kValidationErrorsMax = 16;     // reported at once

/// Reads a request into `input` and checks every constraint of the model.
///
/// kValidation with AWS's text (`1 validation error detected: Value at 'maxResults' failed to satisfy constraint: …`,
/// several joined by `; `), `reason` and `fields` for rest-json; kValidation with reason `CannotParse` or aws_name
/// `SerializationException` when the body cannot be read; kTooLarge past the operation's `body_bytes_max`.
/// Unknown members are ignored, null is absent; sensitive values are never in a message.
/// REQUIRES: `input` was made by `make_input(operation)` and `routed` by a Router for this request.
[[nodiscard]] Result<> decode(const Operation& operation, const http::Request& request, const Routed& routed,
                              void* input);

/// Checks a value against its shape as `decode` does, for values that were not read from a request.
[[nodiscard]] Result<> validate(const Operation& operation, const void* input);

}  // namespace warifu::wire
