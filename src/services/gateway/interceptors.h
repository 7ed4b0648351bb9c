#pragma once

#include <optional>
#include <string>

#include "api/call.h"
#include "services/gateway/admission.h"
#include "services/gateway/directory.h"
#include "services/gateway/outbound.h"

/// Lambda functions that see requests to a gateway before its targets do, and answers before its clients do. Source:
/// AgentCore developer guide, "Using interceptors with Gateway"; the shapes of HTTP requests also from functions that
/// are in use: bodies are base64, and an output that names no transformation changes nothing.
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

  /// The same for requests to HTTP targets, at `path` below the gateway. An answer of a REQUEST interceptor goes to the
  /// client as it is, without the RESPONSE interceptors.
  [[nodiscard]] Task<Result<std::optional<http::Response>>> on_http_request(const KnownGateway& gateway,
                                                                            const api::Visit& visit, std::string path,
                                                                            http::Request& request);
  [[nodiscard]] Task<Result<>> on_http_response(const KnownGateway& gateway, const api::Visit& visit,
                                                http::Response& response);

 private:
  /// What the function says under `kind` (`mcp`, `http`): an object.
  Task<Result<json::Value>> ask(const KnownGateway& gateway, std::string function_arn, std::string kind,
                                json::Value input, std::string client_context = "{}");

  const api::Environment& environment_;
  Outbound& outbound_;
};

}  // namespace warifu::services::gateway
