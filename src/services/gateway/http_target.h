#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "services/gateway/admission.h"
#include "services/gateway/outbound.h"
#include "services/gateway/target.h"

namespace warifu::services::gateway {

/// HTTP services behind a gateway, at `/{target}/…`: passed through, path and body as they are; and AgentCore runtimes,
/// at `/{target}/invocations`, through InvokeAgentRuntime as the gateway's role (or with the token that the target's
/// credential says). Thread-safe.
class HttpTargets {
 public:
  explicit HttpTargets(Outbound& outbound) : outbound_(outbound) {}

  /// Forwards an admitted request. `path` is what stands below the target's name, `/` at least. What the target allows
  /// passes (headers, query), and Content-Type and Accept; the body is bounded and whole, unless the answer is an event
  /// stream, which passes as it comes. 502: the target cannot be reached; 504: not in time. `authorization`: what an
  /// interceptor set, in the place of the target's credential; empty: none did.
  [[nodiscard]] Task<http::Response> forward(http::Request request, Guest guest, std::shared_ptr<const Target> target,
                                             std::string path, std::string authorization = {});

 private:
  Outbound& outbound_;
};

}  // namespace warifu::services::gateway
