#pragma once

#include <string_view>

#include "base/auth_failure.h"
#include "base/error.h"
#include "wire/operation.h"

namespace warifu::wire {

/// The exception's name on the wire and the HTTP status that goes with it. Static storage.
struct WireError {
  std::string_view name;
  int status = 500;
  std::string_view message_name = "message";  // as the exception's shape spells it
};

/// One switch over ErrorCode, without default. `error.aws_name` wins when the operation declares it or it is one of
/// AWS's common errors; otherwise the code decides, by what the operation declares (AgentCore's Memory operations say
/// ThrottledException and ServiceException where its tag operations say ThrottlingException and
/// InternalServerException). `service` nullptr counts as rest-json; `operation` may be nullptr.
[[nodiscard]] WireError map_error(const Service* service, const Operation* operation, const Error& error);

/// The same for refused authentication: a table of three columns (query, json 1.x, rest-json).
[[nodiscard]] WireError map_auth_failure(const Service* service, AuthFailureKind kind);

/// True when the fault is the caller's: `<Type>Sender</Type>`.
[[nodiscard]] inline bool is_sender_fault(const WireError& error) { return error.status < 500; }

}  // namespace warifu::wire
