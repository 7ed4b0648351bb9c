#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/sealer.h"
#include "base/time.h"
#include "json/value.h"

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

/// Opens and closes sessions. A session is nothing but its id, which holds all of it, sealed: it outlives the server
/// and is known to every server of the same data. Ended ones are remembered until they would have expired, by this
/// process. Thread-safe.
class ClientSessions {
 public:
  /// `sealer` and `random` outlive this.
  ClientSessions(const Sealer& sealer, Random& random) : sealer_(sealer), random_(random) {}

  /// The session's id; `session.key` is set.
  [[nodiscard]] std::string begin(ClientSession& session) const;
  /// nullopt: not one of ours, of another gateway or caller, expired, or ended. All alike: 404.
  [[nodiscard]] std::optional<ClientSession> find(std::string_view id, std::string_view gateway,
                                                  std::string_view caller, Timestamp now) const;
  void end(const ClientSession& session, Timestamp now);

 private:
  const Sealer& sealer_;
  Random& random_;
  mutable std::mutex mutex_;
  std::map<std::string, Timestamp> ended_;  // key → when it would have expired
};

}  // namespace warifu::services::gateway
