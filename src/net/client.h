#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/http.h"
#include "base/result.h"
#include "base/task.h"
#include "base/unique_fd.h"
#include "net/address.h"
#include "net/limits.h"

namespace warifu::net {

/// An absolute http or https URL, split; nothing decoded.
struct Url {
  bool secure = false;
  std::string host;  // without brackets
  std::uint16_t port = 80;
  std::string target = "/";  // path and query

  /// kValidation: another scheme, user info, an empty host, a bad port, or a character that may not stand in a URL.
  /// A fragment is dropped.
  [[nodiscard]] static Result<Url> parse(std::string_view text);
  /// Host as a Host field has it: brackets around IPv6, the port unless it is the scheme's own.
  [[nodiscard]] std::string authority() const;
};

struct ClientOptions {
  std::string ca_bundle_path;  // PEM; empty: the system's authorities
  std::size_t body_bytes_max = kClientBodyBytesMax;
  std::size_t pool_max = kClientPoolMax;  // idle connections kept; 0: close after each response
  std::chrono::milliseconds pool_idle{15'000};
  /// Makes a connection in place of resolving and connecting: a TCP socket, perhaps still connecting. Plain http only;
  /// `may_connect` is not asked.
  std::function<Task<Result<UniqueFd>>(const Url& url)> dial{};
  /// Judges each address, once its name is resolved and before it is connected to; a refusal has the reason
  /// kForbiddenAddress (destination.h). Empty: all may be connected to.
  std::function<bool(const IpAddress&)> may_connect{};
};

/// `reason` of an error that means: a deadline passed.
inline constexpr std::string_view kTimedOut = "TimedOut";

class ByteStream;
/// `connecting`, a TCP socket that is connected or will be, as a stream of the caller's event loop, once it is.
/// kUnavailable: it cannot be, within `timeout`.
[[nodiscard]] Task<Result<std::unique_ptr<ByteStream>>> adopt(UniqueFd connecting, std::chrono::milliseconds timeout);

/// A response while it comes. Used by one coroutine, on the event loop that it was opened on; destroying it before its
/// end closes the connection. What nobody asks for is not read.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  /// Status and fields; its body is empty.
  [[nodiscard]] virtual const http::Response& head() const = 0;
  /// The next bytes of the body, not empty, as they come; nullopt: it is whole. Errors as of `fetch`.
  virtual Task<Result<std::optional<std::string>>> next() = 0;
  /// Makes a `next` that waits, and all later ones, fail with kUnavailable. Idempotent.
  virtual void cancel() = 0;
};

/// How long a streamed response may keep us waiting.
struct StreamTimeouts {
  std::chrono::milliseconds head;  // until its head has been read
  std::chrono::milliseconds idle;  // for each of the pieces after that
};

/// An HTTP/1.1 client with TLS verification (chain and host name) that cannot be turned off.
///
/// Thread-safe. `fetch` runs on the awaiting coroutine's event loop; pooled connections stay with their loop, so a
/// Client must be closed or destroyed before the io_contexts that it was used on. Redirects are returned, not followed.
class Client {
 public:
  explicit Client(ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Sends `request` to `url` (which gives the target and, unless the request has one, the Host field) and reads the
  /// whole response within `timeout`. Content-Length, Transfer-Encoding and Connection are written by the client, the
  /// request's own are dropped. A request on a pooled connection that turns out closed before any byte of an answer is
  /// sent again once on a new one when its method is GET, HEAD, OPTIONS, PUT or DELETE.
  /// kValidation: bad URL or header; kUnavailable: resolve, connect, TLS, timeout, broken response;
  /// kTooLarge: the response passes a limit. Any status is a success. A passed deadline has the reason kTimedOut.
  [[nodiscard]] Task<Result<http::Response>> fetch(std::string url, http::Request request,
                                                   std::chrono::milliseconds timeout);

  /// The same, come back when the head has been read; `body_bytes_max` bounds the body as it is read. The request is
  /// never sent twice.
  [[nodiscard]] Task<Result<std::unique_ptr<ResponseStream>>> open(std::string url, http::Request request,
                                                                   StreamTimeouts timeouts);

  /// Closes the pooled connections and keeps none from here on. REQUIRES: no thread runs the loops that they belong to.
  void close();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

/// The same from plain code (the command line): runs an event loop of its own. REQUIRES: not on an event loop.
[[nodiscard]] Result<http::Response> fetch_blocking(std::string url, http::Request request,
                                                    std::chrono::milliseconds timeout, ClientOptions options = {});

}  // namespace warifu::net
