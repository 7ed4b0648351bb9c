#pragma once

#include <optional>
#include <string>

#include "api/call.h"
#include "services/gateway/admission.h"
#include "services/gateway/directory.h"
#include "services/gateway/outbound.h"

/// Lambda functions that see requests to a gateway before its targets do, and answers before its clients do. Source:
/// AgentCore developer guide, "Using interceptors with Gateway". Here: of MCP requests.
namespace warifu::services::gateway {

/// Thread-safe; its parts outlive it.
class Interceptors {
 public:
  Interceptors(const api::Environment& environment, Outbound& outbound)
      : environment_(environment), outbound_(outbound) {}

  /// `REQUEST` or `RESPONSE`.
  [[nodiscard]] static bool has(const Gateway& gateway, std::string_view point);

  /// Lets the REQUEST interceptors, in order, change body and headers of an admitted request; or answer it, and then
  /// its answer is returned. What an interceptor sets stands first among the headers. An error: an interceptor failed,
  /// and the request must not go on.
  [[nodiscard]] Task<Result<std::optional<http::Response>>> on_request(const KnownGateway& gateway,
                                                                       http::Request& request);
  /// Lets the RESPONSE interceptors change an answer. `request` is what came in.
  [[nodiscard]] Task<Result<>> on_response(const KnownGateway& gateway, const http::Request& request,
                                           http::Response& response);

 private:
  Task<Result<json::Value>> ask(const KnownGateway& gateway, std::string function_arn, json::Value input);

  const api::Environment& environment_;
  Outbound& outbound_;
};

}  // namespace warifu::services::gateway
