#pragma once

#include <optional>

#include "api/host.h"
#include "base/http.h"
#include "net/server.h"
#include "server/metrics.h"

namespace warifu::server {

/// The routes below `/_warifu/`, which need no signature: `health` and `metrics`. nullopt: the request is not one of
/// ours, and takes the pipeline's way. Read-only; they tell nothing about accounts.
[[nodiscard]] std::optional<http::Response> internal_route(const http::Request& request, const api::HostPolicy& hosts,
                                                           Metrics& metrics, const net::ServerMetrics& transport);

}  // namespace warifu::server
