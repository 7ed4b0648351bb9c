#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/client.h"
#include "base/http.h"
#include "base/result.h"
#include "base/task.h"
#include "net/client.h"
#include "net/destination.h"
#include "services/gateway/target.h"

namespace warifu::services::gateway {

class FrontDoor;  // front_door.h

/// How a gateway reaches what lies outside: HTTP that refuses private addresses, and the gateway's own identity.
/// Thread-safe; outlives the kinds of targets.
class Outbound {
 public:
  virtual ~Outbound() = default;

  /// The session of the target's gateway role, as sts:AssumeRole gave it. Kept until shortly before it ends; the role's
  /// policies are read at each call, so that a revocation counts at the next one. kAccessDenied: the role does not
  /// trust bedrock-agentcore.amazonaws.com, or is not there.
  virtual Task<Result<api::RoleSession>> role_session(const Target& target) = 0;

  /// Adds what the target's credential provider says: an API key, an OAuth token, a signature of the gateway's role.
  /// `url` may gain a query parameter. Call it last: a signature covers what the request has then. kAccessDenied: the
  /// gateway's role may not use the provider.
  virtual Task<Result<>> authorize(const Target& target, const Invocation* invocation, std::string& url,
                                   http::Request& request) = 0;

  /// Sends a request to a host outside. Private, loopback and link-local addresses are refused unless the operator
  /// allowed their network; the address that was judged is the one connected to. A URL that leads to this server's own
  /// services does not leave it, and needs a signature like anyone's. Of GET requests at most three
  /// redirects are followed, to the same host only, and never from https to http. Errors as net::Client; a refused
  /// address or redirect is kAccessDenied.
  virtual Task<Result<http::Response>> fetch(std::string url, http::Request request,
                                             std::chrono::milliseconds timeout) = 0;

  /// The same, its body as it comes (SSE); redirects are an error.
  virtual Task<Result<std::unique_ptr<net::ResponseStream>>> open(std::string url, http::Request request,
                                                                  net::StreamTimeouts timeouts) = 0;
};

/// What `make_outbound` needs to know.
struct OutboundOptions {
  FrontDoor* front_door = nullptr;  // null: everything lies outside
  net::DestinationPolicy destinations;
  std::size_t response_bytes_max = 6 * 1024 * 1024;
};

/// `environment` outlives it, and its `client` is set before the first use. Close it once no loop runs any more.
class ClosableOutbound : public Outbound {
 public:
  virtual void close() = 0;
};
[[nodiscard]] std::unique_ptr<ClosableOutbound> make_outbound(const api::Environment& environment,
                                                              OutboundOptions options);

}  // namespace warifu::services::gateway
