#include "services/runtime/failure.h"

#include <array>
#include <optional>

#include "agents/sessions.h"
#include "json/value.h"
#include "json/writer.h"

namespace warifu::services::runtime {
namespace {

/// Of a stranger's body no more is read than it takes to find an id.
constexpr std::size_t kLookedAtMax = 64 * 1024;

struct Code {
  std::string_view name;
  int a2a_code, a2a_status;  // 0: as HTTP has it
  int mcp_code, mcp_status;
  std::string_view agui_code;
  int agui_status;
};
constexpr std::array<Code, 9> kCodes{{
    {"UnauthorizedException", 0, 401, -32001, 401, "UNAUTHORIZED", 401},
    {"AccessDeniedException", 0, 403, -32002, 403, "ACCESS_DENIED", 403},
    {"ResourceNotFoundException", -32051, 404, -32004, 200, "INTERNAL_ERROR", 500},
    {"ValidationException", -32052, 400, -32006, 200, "VALIDATION_ERROR", 400},
    {"ThrottlingException", -32053, 429, -32003, 200, "RATE_LIMIT_EXCEEDED", 429},
    {"ServiceQuotaExceededException", -32053, 429, -32003, 200, "SERVICE_QUOTA_EXCEEDED", 429},
    {"ConflictException", -32054, 409, -32005, 200, "SESSION_BUSY", 409},
    {"RetryableConflictException", -32054, 409, -32005, 200, "SESSION_BUSY", 409},
    {"RuntimeClientError", -32055, 424, -32010, 200, "AGENT_ERROR", 200},
}};
constexpr Code kOther{"InternalServerException", -32603, 500, -32603, 200, "INTERNAL_ERROR", 500};

Code code_of(const Failure& failure) {
  for (const Code& code : kCodes) {
    if (code.name == failure.name) return code;
  }
  // What authentication itself refuses has names of its own.
  if (failure.status == 401) return kCodes[0];
  if (failure.status == 403) return kCodes[1];
  return kOther;
}

std::string id_of(std::string_view body) {
  if (body.size() > kLookedAtMax) return "null";
  const auto parsed = json::parse(body, {.bytes_max = kLookedAtMax, .depth_max = 64});
  if (!parsed || !parsed->is_object()) return "null";
  const json::Value* id = parsed->find("id");
  return id != nullptr && (id->is_string() || id->is_number()) ? id->dump() : "null";
}

http::Response json_rpc(int status, int code, const std::string& message, std::string_view body) {
  http::Response response{.status = status, .headers = {}, .body = {}};
  response.body = R"({"jsonrpc":"2.0","id":)" + id_of(body) + R"(,"error":)";
  json::Writer(response.body).begin_object().key("code").integer(code).key("message").string(message).end_object();
  response.body += '}';
  response.headers.add("Content-Type", "application/json");
  return response;
}

http::Response event(int status, std::string_view code, const std::string& message) {
  http::Response response{.status = status, .headers = {}, .body = "data: "};
  json::Writer writer(response.body);
  writer.begin_object().key("type").string("RUN_ERROR").key("code").string(code).key("message").string(message);
  writer.end_object();
  response.body += "\n\n";
  response.headers.add("Content-Type", "text/event-stream");
  return response;
}

http::Response native(const Failure& failure) {
  http::Response response{.status = failure.status, .headers = {}, .body = {}};
  json::Writer(response.body).begin_object().key("message").string(failure.message).end_object();
  response.headers.add("Content-Type", "application/json");
  return response;
}

http::Response enveloped(const Failure& failure, std::string_view protocol, std::string_view body) {
  const Code code = code_of(failure);
  if (protocol == "MCP") return json_rpc(code.mcp_status, code.mcp_code, failure.message, body);
  if (protocol == "AGUI") return event(code.agui_status, code.agui_code, failure.message);
  if (protocol == "A2A" && code.a2a_code != 0) return json_rpc(code.a2a_status, code.a2a_code, failure.message, body);
  return native(failure);
}

Failure of_agent(const Error& error) {
  if (error.reason == agents::kNoAnswer) {
    return {.status = 504, .name = "GatewayTimeoutException", .message = error.message};
  }
  return {.status = 424, .name = "RuntimeClientError", .message = error.message};
}

}  // namespace

Failure failure_of(const Error& error) {
  const bool agents_doing = error.reason == agents::kAgentExited || error.reason == agents::kNotHealthy ||
                            error.reason == agents::kNoAnswer || error.reason == agents::kBrokenAnswer;
  if (agents_doing || error.aws_name == "RuntimeClientError") return of_agent(error);
  switch (error.code) {
    case ErrorCode::kValidation:
    case ErrorCode::kTooLarge:
      return {.status = 400, .name = "ValidationException", .message = error.message};
    case ErrorCode::kUnauthenticated:
      return {.status = 401, .name = "UnauthorizedException", .message = error.message};
    case ErrorCode::kAccessDenied:
      return {.status = 403, .name = "AccessDeniedException", .message = error.message};
    case ErrorCode::kNotFound:
      return {.status = 404, .name = "ResourceNotFoundException", .message = error.message};
    case ErrorCode::kConflict:
      return {.status = 409, .name = "RetryableConflictException", .message = error.message};
    case ErrorCode::kThrottled:
      return {.status = 429, .name = "ThrottlingException", .message = error.message};
    case ErrorCode::kQuotaExceeded:
      return {.status = 402, .name = "ServiceQuotaExceededException", .message = error.message};
    case ErrorCode::kUnsupported:
    case ErrorCode::kUnavailable:
      // What cannot run here is said as it is: whoever calls can act on it.
      return {.status = 500, .name = "InternalServerException", .message = error.message};
    case ErrorCode::kInternal:
      break;
  }
  return {.status = 500, .name = "InternalServerException", .message = "An internal error occurred."};
}

http::Response failed(const Failure& failure, std::string_view protocol, std::string_view body) {
  http::Response response = enveloped(failure, protocol, body);
  response.headers.add("x-amzn-ErrorType", std::string(failure.name));
  return response;
}

}  // namespace warifu::services::runtime
