#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"
#include "net/address.h"
#include "net/server.h"

namespace warifu::net {

/// A proxy for those who have no network: it answers `CONNECT host:port` (RFC 9110 §9.3.6) with a tunnel to an address
/// that it resolves itself and that `may_connect` allows, and nothing else. Runs a thread with an event loop of its
/// own. Thread-safe.
class TunnelProxy {
 public:
  explicit TunnelProxy(std::function<bool(const IpAddress&)> may_connect);
  ~TunnelProxy();  // stop()
  TunnelProxy(const TunnelProxy&) = delete;
  TunnelProxy& operator=(const TunnelProxy&) = delete;

  /// Serves what connects to `listening`, while the attachment lives; tunnels that are open go on until an end of
  /// theirs goes. kUnavailable: no listening socket.
  [[nodiscard]] Result<std::unique_ptr<Attachment>> attach(UniqueFd listening);
  /// Cuts everything. Idempotent.
  void stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace warifu::net
