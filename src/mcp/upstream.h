#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "base/result.h"
#include "base/task.h"
#include "mcp/message.h"
#include "mcp/version.h"
#include "net/client.h"

/// An MCP client over Streamable HTTP: what a gateway speaks with the servers behind it.
namespace warifu::mcp {

/// Sends one HTTP request to the server, credentials added, destination judged. Its body is bounded by whoever made it.
/// Thread-safe; runs on the awaiting coroutine's event loop.
class Carrier {
 public:
  virtual ~Carrier() = default;
  virtual Task<Result<std::unique_ptr<net::ResponseStream>>> open(http::Request request,
                                                                  net::StreamTimeouts timeouts) = 0;
};

/// A Carrier over a net::Client, which gives the URL, the limits and the guarded addresses.
class ClientCarrier final : public Carrier {
 public:
  /// Adds headers, or signs what the request has then. Runs last before it is sent. May be empty.
  using Authorize = std::function<Task<Result<>>(std::string& url, http::Request& request)>;

  /// `client` outlives this.
  ClientCarrier(net::Client& client, std::string url, Authorize authorize = {})
      : client_(client), url_(std::move(url)), authorize_(std::move(authorize)) {}
  Task<Result<std::unique_ptr<net::ResponseStream>>> open(http::Request request, net::StreamTimeouts timeouts) override;

 private:
  net::Client& client_;
  const std::string url_;
  const Authorize authorize_;
};

inline constexpr std::size_t kSessionsPerUpstreamMax = 1000;
inline constexpr std::size_t kPagesMax = 200;
inline constexpr std::size_t kItemsMax = 10'000;
inline constexpr std::size_t kListingBytesMax = 32 * 1024 * 1024;

struct UpstreamOptions {
  json::Value client_info;                            // {name, version}: who we say we are
  std::vector<Version> versions;                      // that we may speak, oldest first; empty: all
  std::chrono::milliseconds connect_timeout{30'000};  // until an answer's head, but for calls
  std::chrono::milliseconds idle_timeout{300'000};    // between two pieces of an answer
  std::size_t sessions_max = kSessionsPerUpstreamMax;
  std::size_t message_bytes_max = kMessageBytesMax;
};

/// What was settled with the server, once for each session key. Immutable.
struct Session {
  Version version = Version::k2025_11_25;
  std::string id;            // Mcp-Session-Id; empty: it has no sessions
  json::Value server_info;   // null: not said
  json::Value capabilities;  // of the server
  std::string instructions;
};

/// Ends one call from outside: the server is told (notifications/cancelled, or its stream closed), and the call fails
/// with the reason kCancelled. Lives on the call's event loop; `cancel` from any other must be posted there.
class CallHandle {
 public:
  void cancel() {
    cancelled_ = true;
    if (auto stop = std::exchange(stop_, {})) stop();
  }
  [[nodiscard]] bool cancelled() const { return cancelled_; }
  /// What `cancel` does beside; it is the call's own.
  void on_cancel(std::function<void()> stop) { stop_ = std::move(stop); }

 private:
  bool cancelled_ = false;
  std::function<void()> stop_;
};

/// `reason` of an error that means: its handle was cancelled.
inline constexpr std::string_view kCancelled = "Cancelled";

/// One request to the server, and who listens meanwhile.
struct Call {
  std::string session_key;          // calls of one key share a session: "" is everyone's
  json::Value client_capabilities;  // declared to the server for this key; null: none
  std::string method;
  json::Value params;     // an object, or null; its progress token is replaced on the way and put back
  http::Headers headers;  // sent along
  std::chrono::milliseconds timeout{900'000};
  /// A notification of this call (progress, logging). May be empty.
  std::function<Task<>(Message notification)> on_notification{};
  /// A request of the server (elicitation, sampling): the answer to give it. Empty: refused with kMethodNotFound.
  std::function<Task<std::expected<json::Value, RpcError>>(Message request)> on_request{};
  std::shared_ptr<CallHandle> handle{};  // may be null
  /// The caller's own peer shakes hands: where the server can do both, so does this call's session. Sessions of the two
  /// manners need keys of their own.
  bool prefers_handshake = false;
  /// The caller takes `resultType: input_required` itself. False: its requests go through on_request, and the call is
  /// made again with the answers.
  bool takes_input_required = false;
};

/// Kinds of things that a server lists.
enum class Listing : std::uint8_t { kTools, kPrompts, kResources, kTemplates };

/// One server. Thread-safe; each call runs on the event loop of whoever awaits it. Must outlive its calls.
///
/// Sessions are made when first needed (server/discover for 2026-07-28, else initialize; a call may ask for the other
/// order), kept by key, and made anew when the server has forgotten them (404), once a call. What a server turned out
/// not to speak is remembered.
class Upstream {
 public:
  class Impl;

  /// The carrier lives as long as anything that was begun goes on, this object's end notwithstanding.
  Upstream(std::shared_ptr<Carrier> carrier, UpstreamOptions options);
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  /// The `result` object, or the server's JSON-RPC error. The outer failure: kUnavailable (no connection, broken
  /// answer, time-out: reason net::kTimedOut), kTooLarge, kUnauthenticated and kAccessDenied (HTTP 401, 403),
  /// kValidation (it speaks no version of ours; a redirect), or what the carrier failed with.
  Task<Result<std::expected<json::Value, RpcError>>> call(Call call);

  /// All pages of a listing. Empty where the server says that it has no such thing. kTooLarge past kItemsMax,
  /// kPagesMax.
  Task<Result<std::vector<json::Value>>> list(Listing what, std::string session_key = {},
                                              json::Value client_capabilities = {}, http::Headers headers = {});

  /// What was settled; makes the session where there is none.
  Task<Result<std::shared_ptr<const Session>>> session(std::string session_key, json::Value client_capabilities,
                                                       http::Headers headers = {});
  /// Forgets a session, and tells the server (DELETE).
  Task<> end(std::string session_key);
  /// The same from plain code: the server is told beside the next call.
  void drop(const std::string& session_key);
  /// Sends `notifications/…` on a session that exists; nothing happens otherwise.
  Task<Result<>> notify(std::string session_key, Message notification);

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace warifu::mcp
