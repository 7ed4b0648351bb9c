#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/sealer.h"
#include "base/time.h"
#include "json/value.h"
#include "services/gateway/gateways.h"
#include "store/store.h"

/// Sessions of MCP clients with a gateway (versions with a handshake).
namespace warifu::services::gateway {

/// What an Mcp-Session-Id stands for.
struct ClientSession {
  std::string key;      // random: under which targets keep theirs
  std::string gateway;  // id
  std::string caller;   // whom it is bound to; empty: nobody (NONE)
  Timestamp expires;    // absolute
  std::string protocol;
  json::Value capabilities;  // of the client; null where they were too long to keep
};

/// Opens sessions and finds them. A session is nothing but its id, which holds all of it, sealed: it outlives the
/// server and is known to every server of the same data. One that was ended is a row until it would have expired.
/// Thread-safe.
class ClientSessions {
 public:
  /// `sealer` and `random` outlive this.
  ClientSessions(const Sealer& sealer, Random& random) : sealer_(sealer), random_(random) {}

  /// The session's id; `session.key` is set.
  [[nodiscard]] std::string begin(ClientSession& session) const;
  /// nullopt: not one of ours, of another gateway or caller, expired, or ended. All alike: 404.
  [[nodiscard]] Result<std::optional<ClientSession>> find(store::Reader& reader, std::string_view id,
                                                          const GatewayPlace& gateway, std::string_view caller,
                                                          Timestamp now) const;
  /// Ends it for all servers, and forgets a few that have expired.
  [[nodiscard]] static Result<> end(store::Txn& txn, const GatewayPlace& gateway, const ClientSession& session,
                                    Timestamp now);

 private:
  [[nodiscard]] std::optional<ClientSession> open(std::string_view id) const;

  const Sealer& sealer_;
  Random& random_;
};

}  // namespace warifu::services::gateway
