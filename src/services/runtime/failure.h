#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/http.h"

/// How callers of the data plane are told what went wrong: one error, an envelope for each protocol. Source: developer
/// guide, "Runtime error codes" of HTTP, MCP, A2A and AG-UI. Pure.
namespace warifu::services::runtime {

struct Failure {
  int status = 500;
  std::string_view name;  // `RuntimeClientError`; static storage, or the refusal's own
  std::string message;
};

/// Of an error that a handler or the sessions gave.
[[nodiscard]] Failure failure_of(const Error& error);

/// `protocol`: `HTTP`, `MCP`, `A2A` or `AGUI`. `body`: of the request, whose JSON-RPC id is answered.
[[nodiscard]] http::Response failed(const Failure& failure, std::string_view protocol, std::string_view body);

}  // namespace warifu::services::runtime
