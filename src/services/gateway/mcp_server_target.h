#pragma once

#include <memory>

#include "services/gateway/outbound.h"
#include "services/gateway/target.h"

namespace warifu::services::gateway {

/// MCP servers as targets: pooled sessions with each of them, one for every session of a client with the gateway, and
/// where the gateway has none, for every caller. What the server says and asks on the way reaches the client; what it
/// asks without the client's having declared that it can be asked is refused with -32601. `outbound` outlives it.
[[nodiscard]] std::unique_ptr<TargetKind> make_mcp_server_kind(Outbound& outbound);

}  // namespace warifu::services::gateway
