#pragma once

#include <string>
#include <string_view>

#include "base/http.h"
#include "services/gateway/admission.h"

namespace warifu::services::gateway {

inline constexpr std::string_view kRequestIdHeader = "x-amzn-RequestId";

/// The answer to one who may not come in: status and challenge, the exception's name as `x-amzn-errortype`, and a
/// JSON-RPC error that tells the sentence.
[[nodiscard]] http::Response refusal_response(const http::Request& request, const TurnedAway& away);

/// `{"message": …}` with a status: for what is no MCP.
[[nodiscard]] http::Response plain_error(int status, std::string_view name, std::string_view message);

}  // namespace warifu::services::gateway
