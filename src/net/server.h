#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "base/result.h"
#include "base/task.h"
#include "base/unique_fd.h"
#include "net/large_bodies.h"
#include "net/limits.h"

namespace warifu::net {

/// Answers one request. Runs on the connection's own event loop, so it must not block: hop to a pool and come back.
/// A handler that throws answers 500. Called from several threads at once, one call per connection at a time.
using Handler = std::function<Task<http::Response>(http::Request)>;

/// The most bytes of body that a request may have, judged by its head (`body` is empty). Runs on event loops.
using BodyLimit = std::function<std::size_t(const http::Request& head)>;

/// Whether a request's body is handed over as it comes (`Request::stream`) instead of whole, judged by its head. Such a
/// body takes no room but its current piece; BodyLimit holds for it too. Runs on event loops.
using StreamsBody = std::function<bool(const http::Request& head)>;

/// Renders an answer that `net` itself gives: a malformed, oversized or late request, a handler that threw.
/// `message` is short and safe to show. Default: `{"message":"…"}` as application/json.
using ErrorPage = std::function<http::Response(int status, std::string_view message)>;

/// A bound TCP address.
struct Endpoint {
  std::string host;  // textual IP address; without brackets
  std::uint16_t port = 0;
  /// `127.0.0.1:4566`, `[::1]:4566`.
  [[nodiscard]] std::string str() const;
  /// Reads `HOST:PORT`, `[V6]:PORT`; HOST is an IP address, `localhost` (127.0.0.1) or `*` (0.0.0.0); port 0: any.
  [[nodiscard]] static Result<Endpoint> parse(std::string_view text);
  [[nodiscard]] bool loopback() const;
  bool operator==(const Endpoint&) const = default;
};

struct ServerOptions {
  std::vector<Endpoint> listen{{.host = "127.0.0.1", .port = 0}};
  std::size_t threads = 0;  // event loops; 0: one per core

  std::size_t header_bytes_max = kHeaderBytesMax;
  std::size_t header_count_max = kHeaderCountMax;
  std::size_t body_bytes_max = kBodyBytesMax;
  /// When set, replaces body_bytes_max. What it allows past that must state its length, and takes its room from
  /// `large_bodies`; where there is none: 503.
  BodyLimit body_limit;
  std::shared_ptr<LargeBodies> large_bodies;
  StreamsBody streams_body;  // empty: none
  std::size_t connections_max = kConnectionsMax;

  std::chrono::milliseconds idle_timeout = kIdleTimeout;
  std::chrono::milliseconds request_timeout = kRequestTimeout;
  std::chrono::milliseconds write_timeout = kWriteTimeout;

  std::string tls_cert_path;  // PEM chain, leaf first; both empty: plain text
  std::string tls_key_path;

  /// CIDR blocks or addresses whose X-Forwarded-For and X-Forwarded-Proto are believed. Empty: nobody's are.
  std::vector<std::string> trusted_proxies;
  ErrorPage error_page;
};

/// Counters since start; a snapshot, each value on its own consistent.
struct ServerMetrics {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_total = 0;
  std::uint64_t connections_refused = 0;  // past the cap
  std::uint64_t requests = 0;             // given to the handler
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t parse_errors = 0;  // 4xx that net itself answered, timeouts apart
  std::uint64_t timeouts = 0;      // idle, request and write deadlines that passed
};

/// A listening socket that a server has taken on: while this lives, what connects to it is served. Afterwards nothing
/// new is accepted; connections that are open go on. Thread-safe. REQUIRES: goes before its Server.
class Attachment {
 public:
  virtual ~Attachment() = default;
};

/// Another handler for an attached socket, and its own bound on bodies.
struct AttachedHandler {
  Handler handler;
  std::size_t body_bytes_max = kBodyBytesMax;
};

/// How an attached socket is served, where not as the server's own. Opaque.
struct AttachedService;

/// An HTTP/1.1 server (RFC 9110, 9112): keep-alive, pipelining with answers in order, chunked bodies,
/// `Expect: 100-continue`, HEAD, TLS. One event loop a thread; a connection stays on its loop for life.
///
/// What reaches the handler: a head that parsed strictly (no obs-fold, no bare CR or LF, one framing only, one Host),
/// target in origin-form (an absolute-form target is cut, its authority must equal Host), the body whole and
/// un-chunked, trailers dropped. `aws-chunked` bodies are left as they are.
///
/// Thread-safe: `attach`, `stop` and `metrics` from any thread. Everything that a handler awaits must end before
/// ~Server.
class Server {
 public:
  Server(ServerOptions options, Handler handler);
  ~Server();  // stop() with no time to drain
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds, listens, starts the threads. kValidation: an option is malformed (address, CIDR, certificate);
  /// kUnavailable: an address cannot be bound. REQUIRES: called once.
  [[nodiscard]] Result<> start();
  /// Where it listens, ports resolved, in the order of `options.listen`. Empty before start.
  [[nodiscard]] std::vector<Endpoint> endpoints() const;
  /// Serves what connects to `listening`, a TCP socket that listens already (in another network namespace, say), as the
  /// server's own: same limits, same TLS. With `other`, in plain text and by that handler. kUnavailable: not such a
  /// socket, or the server has stopped. REQUIRES: started.
  [[nodiscard]] Result<std::unique_ptr<Attachment>> attach(UniqueFd listening);
  [[nodiscard]] Result<std::unique_ptr<Attachment>> attach(UniqueFd listening, AttachedHandler other);
  [[nodiscard]] Result<std::unique_ptr<Attachment>> attach(UniqueFd listening,
                                                           std::shared_ptr<const AttachedService> other);
  /// As the server's own, but with TLS under this certificate (files as in ServerOptions). kValidation: it is none.
  [[nodiscard]] Result<std::shared_ptr<const AttachedService>> under(const std::string& cert_path,
                                                                     const std::string& key_path) const;
  /// Stops accepting, closes idle connections, lets requests that were begun finish (their answers say
  /// `Connection: close`), and after `drain` cuts the rest. Blocks until the threads have ended; later calls return
  /// at once. True: nothing had to be cut. REQUIRES: not called on one of the server's own threads.
  bool stop(std::chrono::milliseconds drain);
  [[nodiscard]] ServerMetrics metrics() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace warifu::net
