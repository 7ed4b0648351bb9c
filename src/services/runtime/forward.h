#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/http.h"
#include "base/result.h"
#include "services/runtime/runtimes.h"

/// Which headers pass between callers and agents. Source: developer guide, "Pass custom headers to Amazon Bedrock
/// AgentCore Runtime"; AWS's model of InvokeAgentRuntime. Pure.
namespace warifu::services::runtime {

inline constexpr std::string_view kSessionHeader = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id";
inline constexpr std::string_view kUserHeader = "X-Amzn-Bedrock-AgentCore-Runtime-User-Id";
inline constexpr std::string_view kMcpSessionHeader = "Mcp-Session-Id";

/// What the platform adds of its own.
struct Escort {
  std::string session_id, request_id;
  std::string workload_token;  // empty: nobody vouches for a user
  bool bearer = false;         // the runtime's callers come with tokens
};

/// The headers that the agent gets. kValidation: a value that may pass is too long or no printable text.
[[nodiscard]] Result<http::Headers> to_agent(const http::Request& request, const Runtime& runtime,
                                             const Escort& escort);
/// The headers that the caller gets beside the session's; the trace of the request is answered with.
[[nodiscard]] http::Headers to_caller(const http::Headers& from_agent, const http::Request& request);

/// The session that a request names: nullopt when it names none. kValidation: what it names is no session id.
[[nodiscard]] Result<std::optional<std::string>> session_of(const http::Request& request);

}  // namespace warifu::services::runtime
