#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "json/value.h"

/// JSON-RPC 2.0 as MCP uses it: bytes to messages and back. Pure.
namespace warifu::mcp {

/// One body or one event: AgentCore's payload quota.
inline constexpr std::size_t kMessageBytesMax = 6 * 1024 * 1024;
inline constexpr std::size_t kMessageDepthMax = 64;
/// Messages of one batch (2025-03-26 only).
inline constexpr std::size_t kBatchMax = 100;
/// A text id, a method's name.
inline constexpr std::size_t kIdBytesMax = 512;
inline constexpr std::size_t kMethodBytesMax = 256;

/// Error codes: JSON-RPC's own, then MCP's. Source: MCP specification, "Error codes", of each version.
namespace rpc {
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternalError = -32603;
inline constexpr int kServerError = -32000;              // 2025 versions: what their SDKs say of transport faults
inline constexpr int kResourceNotFound = -32002;         // up to 2025-11-25; then kInvalidParams
inline constexpr int kUrlElicitationRequired = -32042;   // 2025-11-25 only
inline constexpr int kHeaderMismatch = -32020;           // from 2026-07-28 on
inline constexpr int kMissingClientCapability = -32021;  // from 2026-07-28 on
inline constexpr int kUnsupportedVersion = -32022;       // from 2026-07-28 on
}  // namespace rpc

/// A request's id: text or an integer, never null (MCP is stricter than JSON-RPC). Value type, ordered for maps.
class Id {
 public:
  explicit Id(std::int64_t number) : value_(number) {}
  explicit Id(std::string text) : value_(std::move(text)) {}
  /// nullopt: neither text of at most kIdBytesMax nor an integer.
  [[nodiscard]] static std::optional<Id> from(const json::Value& value);
  [[nodiscard]] json::Value value() const;
  /// As text, whichever it is: for logs, and for AgentCore's `bedrockAgentCoreMcpMessageId`.
  [[nodiscard]] std::string text() const;
  auto operator<=>(const Id&) const = default;

 private:
  std::variant<std::int64_t, std::string> value_;
};

/// A JSON-RPC error object.
struct RpcError {
  int code = rpc::kInternalError;
  std::string message;
  json::Value data{};  // null: none
  bool operator==(const RpcError&) const = default;
};

/// One message. Which members count follows from `kind`.
struct Message {
  enum class Kind : std::uint8_t { kRequest, kNotification, kResult, kError };
  Kind kind = Kind::kNotification;
  std::optional<Id> id;  // kRequest, kResult: set; kError: unset where the request's could not be read
  std::string method;    // kRequest, kNotification
  json::Value params;    // of those: an object, or null when absent
  json::Value result;    // kResult: an object
  RpcError error;        // kError

  [[nodiscard]] bool is_answer() const { return kind == Kind::kResult || kind == Kind::kError; }
  /// params._meta where that is an object, else nullptr.
  [[nodiscard]] const json::Value* meta() const;
};

[[nodiscard]] Message request(Id id, std::string method, json::Value params);
[[nodiscard]] Message notification(std::string method, json::Value params);
[[nodiscard]] Message result(Id id, json::Value result);
[[nodiscard]] Message error(std::optional<Id> id, RpcError error);

/// A message that could not be taken: what to answer, with the id where that could be read.
struct Malformed {
  std::optional<Id> id;
  RpcError error;  // kParseError or kInvalidRequest
};

/// One body: a message, or a batch of them.
struct Body {
  std::vector<Message> messages;  // at least one
  bool batch = false;
};

/// Reads one message. Unknown members are tolerated; doubled `jsonrpc`, `id`, `method`, `params`, `result`, `error` are
/// not, since two parsers could read them in two ways.
[[nodiscard]] std::expected<Message, Malformed> read_message(json::Value value);
/// The same from text, one message or a batch; past a bound, kInvalidRequest.
[[nodiscard]] std::expected<Body, Malformed> read_body(std::string_view text);

/// Appends the message as compact JSON text without line breaks.
void append(std::string& out, const Message& message);
[[nodiscard]] std::string print(const Message& message);
/// An answer whose result is JSON text already.
[[nodiscard]] std::string print_result(const Id& id, std::string_view result_json);

}  // namespace warifu::mcp
