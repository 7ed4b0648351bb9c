#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "access/principal.h"
#include "base/http.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/task.h"
#include "json/value.h"
#include "mcp/message.h"

/// What a gateway forwards to: the contract between its endpoint, which speaks with clients, and the kinds of targets.
namespace warifu::services::gateway {

/// A Lambda function: `arn:aws:lambda:…:function:name[:qualifier]`, and the tools that it was declared to have.
struct LambdaPlace {
  std::string function_arn;
  std::vector<json::Value> tools;  // ToolDefinition as the API has it: {name, description, inputSchema, outputSchema?}
};

/// A server that speaks MCP itself.
struct McpServerPlace {
  std::string endpoint;            // URL, used verbatim
  bool dynamic = false;            // listingMode DYNAMIC: its catalogue is asked for at every list
  std::vector<json::Value> tools;  // mcpToolSchema: a static catalogue of tools; empty: the server is asked
  std::int64_t resource_priority = 1000;
};

/// An OpenAPI document whose operations are tools.
struct OpenApiPlace {
  std::string document;  // JSON or YAML, as it was given
};

/// An HTTP service that requests are passed through to, path below the target's name and all.
struct HttpPlace {
  std::string endpoint;     // `https://…`, or empty for an AgentCore runtime
  std::string runtime_arn;  // set: an AgentCore runtime, invoked through InvokeAgentRuntime
  std::string qualifier;
};

/// What a target is told who asks: the credential provider of its configuration.
struct OutboundCredential {
  enum class Kind : std::uint8_t { kNone, kGatewayRole, kApiKey, kOauth, kCallerIam, kJwtPassthrough };
  Kind kind = Kind::kNone;
  std::string provider_arn;                       // kApiKey, kOauth
  std::string parameter_name;                     // kApiKey: header or query parameter; empty: `Authorization`
  std::string prefix;                             // kApiKey: put before the key with a space
  bool in_query = false;                          // kApiKey
  std::vector<std::string> scopes;                // kOauth
  std::map<std::string, std::string> parameters;  // kOauth: customParameters
  std::string grant_type;                         // kOauth: CLIENT_CREDENTIALS | AUTHORIZATION_CODE | TOKEN_EXCHANGE
  std::string sign_service;                       // kGatewayRole with an iamCredentialProvider: the service to sign for
  std::string sign_region;                        // and the region; empty: the gateway's
};

/// One target of one gateway, as its rows state it, with what serves all kinds. Immutable; shared by running calls.
struct Target {
  std::string id, name;
  std::string gateway_id, gateway_arn, gateway_role_arn, region;
  AccountId account;   // the gateway's
  bool debug = false;  // exceptionLevel DEBUG: errors tell why
  std::variant<std::monostate, LambdaPlace, McpServerPlace, OpenApiPlace, HttpPlace> place;
  OutboundCredential credential;
  /// Names that may pass (metadataConfiguration), as they were given.
  std::vector<std::string> request_headers, query_parameters, response_headers;
  /// Changes whenever the target, its catalogue or the gateway's role changes: what caches go by.
  std::string version;
};

/// What a target offers, names without the target's prefix. Each element is an object as MCP lists it.
struct Catalogue {
  std::vector<json::Value> tools, prompts, resources, templates;
};

using mcp::RpcError;

/// The text of a JSON-RPC `result`, or an error.
using Answer = std::expected<std::string, RpcError>;

/// What a target may say to the client while it works. Lives as long as the invocation; used on its event loop.
class Upcalls {
 public:
  virtual ~Upcalls() = default;
  /// A notification (`notifications/progress`, `notifications/message` …): sent where the client streams, else dropped.
  virtual Task<> notify(json::Value notification) = 0;
  /// A request to the client (`elicitation/create`, `sampling/createMessage`): the client's answer. An error of code
  /// -32601 where the client cannot be asked.
  virtual Task<Answer> ask(json::Value request) = 0;
};

/// Ends an invocation from outside: the client sent notifications/cancelled, or has gone. Lives on one event loop.
class Cancellation {
 public:
  void cancel() {
    cancelled_ = true;
    for (std::function<void()>* slot : {&then_, &upcall_}) {
      if (auto then = std::exchange(*slot, {})) then();
    }
  }
  [[nodiscard]] bool cancelled() const { return cancelled_; }
  /// For kinds of targets: `then` runs at once when it is cancelled already. The last one set counts; empty clears it.
  void on_cancel(std::function<void()> then) { set(then_, std::move(then)); }
  /// The same for who waits for the client's answer meanwhile.
  void on_cancel_upcall(std::function<void()> then) { set(upcall_, std::move(then)); }

 private:
  void set(std::function<void()>& slot, std::function<void()> then) {
    if (cancelled_ && then) return then();
    slot = std::move(then);
  }

  bool cancelled_ = false;
  std::function<void()> then_, upcall_;
};

/// Who asks, and how.
struct Invocation {
  std::shared_ptr<const Target> target;
  std::string method;               // `tools/call`, `prompts/get`, `resources/read`
  std::string name;                 // tool's or prompt's name without prefix, or the resource's URI
  std::string prefixed;             // `target___tool`, as the client has it
  json::Value params;               // as the client sent them; `name` still has its prefix
  std::string rpc_id;               // the JSON-RPC id, as a string
  std::string request_id;           // x-amzn-requestid
  std::string protocol;             // `2025-06-18`
  std::string session;              // Mcp-Session-Id of the gateway; empty: it has no sessions
  std::string caller;               // what sessions are bound to: principal ARN or token's subject; empty: nobody
  std::string bearer;               // the client's verified token, for kJwtPassthrough; empty: none
  std::string sign_service;         // whom a kGatewayRole signs for where its credential names none; empty: nobody
  std::string sign_region;          // and where; empty: in the gateway's region
  json::Value client_capabilities;  // of its initialize, or of this request's _meta; null: unknown
  http::Headers headers;            // those that may pass, and none else
  std::shared_ptr<Upcalls> upcalls;
  std::shared_ptr<Cancellation> cancellation;
  std::chrono::milliseconds timeout{900'000};

  /// params.arguments, or an empty object.
  [[nodiscard]] const json::Value& arguments() const;
};

/// One kind of target. One object serves all gateways; thread-safe. A failure of the target itself is not a JSON-RPC
/// error but a result with isError, worded by `failed_result`.
class TargetKind {
 public:
  virtual ~TargetKind() = default;

  /// Asks the target for its catalogue: at creation and synchronization, and at each list of dynamic targets. Errors
  /// are a sentence for statusReasons.
  virtual Task<Result<Catalogue>> discover(std::shared_ptr<const Target> target) = 0;

  /// Performs `method`. REQUIRES: arguments have been validated against the tool's schema.
  virtual Task<Answer> invoke(Invocation invocation) = 0;

  /// A gateway's session ended: what is kept for it goes. Called for every kind.
  virtual void end_session(std::string_view gateway_id, std::string_view session) {
    (void)gateway_id;
    (void)session;
  }
};

/// What every kind may use. Outlives the kinds.
class Outbound;  // outbound.h: role sessions, credentials, guarded HTTP

/// `{"isError":true,"content":[{"type":"text","text":…}]}`: `why` under DEBUG (and again in _meta.debug), else AWS's
/// generic sentence. A function's or upstream's failure reaches the client so, with status 200.
[[nodiscard]] std::string failed_result(bool debug, std::string_view why);
inline constexpr std::string_view kGenericFailure = "An internal error occurred. Please retry later.";

/// `{"isError":false,"content":[{"type":"text","text":<text>}]}`, and `structuredContent` where given (JSON text).
[[nodiscard]] std::string text_result(std::string_view text, std::string_view structured = {});

}  // namespace warifu::services::gateway
