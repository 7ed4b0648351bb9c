#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/http.h"

/// Which gateway a request is for, and what of it.
namespace warifu::services::gateway {

/// The path that every gateway lies below.
inline constexpr std::string_view kPathRoot = "/_gateway/";

/// Where a request goes. Nothing of it is proven.
struct Addressee {
  std::string gateway_id;
  std::string path;      // below the gateway, raw: `/mcp`, `/target/invocations`; `/` at least
  bool by_host = false;  // the Host named the gateway, so `path` is the whole path
};

/// nullopt: the request is not for a gateway. Forms: `/_gateway/{id}/…`, and Host
/// `{id}.gateway.bedrock-agentcore.{region}.{domain}` for `amazonaws.com` and `domain` (may be empty).
[[nodiscard]] std::optional<Addressee> addressee_of(const http::Request& request, std::string_view domain);

}  // namespace warifu::services::gateway
