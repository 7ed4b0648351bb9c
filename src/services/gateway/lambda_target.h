#pragma once

#include <memory>
#include <string>

#include "api/call.h"
#include "services/gateway/outbound.h"
#include "services/gateway/target.h"

namespace warifu::services::gateway {

/// Lambda functions as targets: lambda:InvokeFunction as the gateway's role. The event is the tool's arguments and
/// nothing else; the tool's name goes in the client context. `environment` and `outbound` outlive it.
[[nodiscard]] std::unique_ptr<TargetKind> make_lambda_kind(const api::Environment& environment, Outbound& outbound);

/// The `X-Amz-Client-Context` of an invocation, before base64: the keys that functions behind a gateway read.
[[nodiscard]] std::string client_context_of(const Invocation& invocation);

/// What a function returned, as the result of a tools/call. `structured`: the tool declares an output schema.
[[nodiscard]] std::string lambda_result(std::string_view payload, bool structured);

/// One invocation of a function by a role's session: its payload. Errors as lambda:InvokeFunction; a function that
/// failed is kUnavailable with its message.
[[nodiscard]] Task<Result<std::string>> invoke_function(const api::Client& client, std::string function_arn,
                                                        std::string payload, std::string client_context, api::As as);

}  // namespace warifu::services::gateway
