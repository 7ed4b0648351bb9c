#pragma once

#include <memory>

#include "services/gateway/outbound.h"
#include "services/gateway/target.h"

namespace warifu::services::gateway {

/// HTTP APIs that a document describes (OpenAPI, Smithy) as targets: each operation is a tool, and a call of it one
/// HTTP request. The answer's body is the text of the result; a status of 400 or more is a failure. `outbound` outlives
/// it.
[[nodiscard]] std::unique_ptr<TargetKind> make_openapi_kind(Outbound& outbound);

}  // namespace warifu::services::gateway
