#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "services/gateway/admission.h"
#include "services/gateway/outbound.h"
#include "services/gateway/target.h"

namespace warifu::services::gateway {

/// HTTP services behind a gateway, at `/{target}/…`: passed through, path and body as they are. Thread-safe.
class HttpTargets {
 public:
  explicit HttpTargets(Outbound& outbound) : outbound_(outbound) {}

  /// Forwards an admitted request. `path` is what stands below the target's name, `/` at least. What the target allows
  /// passes (headers, query), and Content-Type and Accept; the body is bounded and whole, unless the answer is an event
  /// stream, which passes as it comes. 502: the target cannot be reached; 504: not in time.
  [[nodiscard]] Task<http::Response> forward(http::Request request, Guest guest, std::shared_ptr<const Target> target,
                                             std::string path);

 private:
  Outbound& outbound_;
};

}  // namespace warifu::services::gateway
