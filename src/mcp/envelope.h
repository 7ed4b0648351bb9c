#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "mcp/message.h"
#include "mcp/version.h"

/// The rules of one HTTP request at an MCP endpoint (Streamable HTTP), server side, for every version at once: pure
/// functions of the request. Source: MCP specification, "Streamable HTTP" of 2025-03-26, 2025-06-18, 2025-11-25 and
/// 2026-07-28.
namespace warifu::mcp {

/// What an endpoint says of itself.
struct ServerProfile {
  json::Value server_info;        // {name, version, title?}
  json::Value capabilities;       // of initialize and server/discover
  std::string instructions;       // empty: none
  std::vector<Version> versions;  // that it speaks; not empty
  bool sessions = false;          // handshake versions: requests after initialize need Mcp-Session-Id
  bool streaming = false;         // answers may be event streams
};

/// A request that keeps the rules.
struct Envelope {
  Version version = Version::k2025_11_25;
  std::vector<Message> messages;  // one, or a batch where the version has them
  bool batch = false;
  bool handshake = false;           // its message is `initialize`: there is no session yet
  bool may_stream = false;          // the endpoint streams and the client accepts text/event-stream
  std::string session_id;           // Mcp-Session-Id; empty: none, or a version that ignores it
  json::Value client_capabilities;  // stateless, or handshake: as declared; else null
  json::Value client_info;          // the same; null: not said
};

/// Judges a POST: media types, body, version, headers against body, `_meta`, removed methods, session id where one is
/// needed. The error is the HTTP answer to give, whole. Authentication comes before this, Origin (`origin_allowed`)
/// too.
[[nodiscard]] std::expected<Envelope, http::Response> open_envelope(const http::Request& request,
                                                                    const ServerProfile& profile);

/// The answer to another method than POST: 405 with Allow. A DELETE that ends a session is the caller's affair where
/// `session_delete` says so.
[[nodiscard]] http::Response wrong_method();
/// The session that a DELETE wants ended; nullopt: not such a request.
[[nodiscard]] std::optional<std::string> session_delete(const http::Request& request, const ServerProfile& profile);

/// False when a browser sends this on behalf of a page of another site: an Origin that is neither loopback (when the
/// request came to a loopback address) nor of `authorities` (`host[:port]`, lower case), or a Host outside of both when
/// it came to a loopback address (DNS rebinding). The answer is `foreign_origin`.
[[nodiscard]] bool origin_allowed(const http::Request& request, const std::vector<std::string>& authorities);
[[nodiscard]] http::Response foreign_origin();

/// The version that a handshake settles on: the one asked for where the endpoint speaks it, else its newest with a
/// handshake; nullopt when it speaks none of those.
[[nodiscard]] std::optional<Version> negotiate(std::string_view asked, const std::vector<Version>& spoken);
/// Results of `initialize` and of `server/discover` (not yet fitted).
[[nodiscard]] json::Value initialize_result(const ServerProfile& profile, Version version);
[[nodiscard]] json::Value discover_result(const ServerProfile& profile);
/// Errors that the protocol words.
[[nodiscard]] RpcError method_not_found(std::string_view method);
[[nodiscard]] RpcError unsupported_version(std::string_view asked, const std::vector<Version>& spoken);
/// `required` as ClientCapabilities: {"elicitation":{}}.
[[nodiscard]] RpcError missing_capability(json::Value required);

/// The HTTP status that carries an error: 200 for handshake versions; stateless 404 for kMethodNotFound, 400 for
/// kHeaderMismatch, kMissingClientCapability, kUnsupportedVersion, kParseError, kInvalidRequest and missing `_meta`
/// fields (that is open_envelope's), else 200.
[[nodiscard]] int error_status(Version version, int code);
/// One JSON-RPC message as an HTTP answer, its status by `error_status`.
[[nodiscard]] http::Response reply(Version version, const Message& answer);
/// The same from text: `answer_json` is a message, or an array of them.
[[nodiscard]] http::Response reply_text(int status, std::string answer_json);
/// 202 without a body: to notifications and answers.
[[nodiscard]] http::Response accepted();
/// Head of an answer that streams events.
[[nodiscard]] http::Response begin_events();

/// Header values: plain where that is safe, else `=?base64?…?=`.
[[nodiscard]] std::string encode_header_value(std::string_view value);
/// nullopt: broken base64, or not UTF-8.
[[nodiscard]] std::optional<std::string> decode_header_value(std::string_view header);

/// The `Mcp-Param-*` fields that a client adds to a tools/call, as the tool's inputSchema says (`x-mcp-header`).
[[nodiscard]] http::Headers param_headers(const json::Value& input_schema, const json::Value& arguments);
/// Compares the `Mcp-Param-*` headers of a tools/call with its arguments, as the tool's inputSchema says
/// (`x-mcp-header`). Stateless versions only. nullopt: they agree.
[[nodiscard]] std::optional<RpcError> check_param_headers(const http::Request& request, const json::Value& input_schema,
                                                          const json::Value& arguments);

}  // namespace warifu::mcp
