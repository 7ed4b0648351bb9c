#pragma once

#include <string_view>

#include "base/auth_failure.h"
#include "base/error.h"
#include "base/http.h"
#include "wire/operation.h"

namespace warifu::wire {

/// The success response of `operation`, with `x-amzn-RequestId`. `output` is the operation's output struct.
[[nodiscard]] http::Response encode(const Operation& operation, const void* output, std::string_view request_id);

/// The error response, in the envelope of the service's protocol. `service` is nullptr when the request names no
/// service of ours: it is answered as rest-json; `operation` is nullptr before routing.
[[nodiscard]] http::Response encode_error(const Service* service, const Operation* operation, const Error& error,
                                          std::string_view request_id);

/// The answer to a request that could not be authenticated (facts of AWS: code and status differ by protocol).
[[nodiscard]] http::Response encode_auth_failure(const Service* service, const AuthFailure& failure,
                                                 std::string_view request_id);

}  // namespace warifu::wire
