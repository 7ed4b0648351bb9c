#include <algorithm>

#include "mcp/envelope.h"

/// What an endpoint answers, as the protocol words it.
namespace warifu::mcp {
namespace {

json::Value names(const std::vector<Version>& versions) {
  json::Value list = json::Value::array();
  for (const Version version : versions) list.items().push_back(json::Value::string(std::string(name(version))));
  return list;
}

void add_common(json::Value& result, const ServerProfile& profile) {
  const json::Value& capabilities = profile.capabilities;
  result.set("capabilities", capabilities.is_object() ? capabilities : json::Value::object());
  result.set("serverInfo", profile.server_info);
  if (!profile.instructions.empty()) result.set("instructions", json::Value::string(profile.instructions));
}

}  // namespace

std::optional<Version> negotiate(std::string_view asked, const std::vector<Version>& spoken) {
  const std::optional<Version> wanted = version_named(asked);
  std::optional<Version> newest;
  for (const Version version : spoken) {
    if (is_stateless(version)) continue;
    if (wanted == version) return wanted;
    newest = newest ? std::max(*newest, version) : version;
  }
  return newest;
}

json::Value initialize_result(const ServerProfile& profile, Version version) {
  json::Value result = json::Value::object();
  result.set("protocolVersion", json::Value::string(std::string(name(version))));
  add_common(result, profile);
  return result;
}

json::Value discover_result(const ServerProfile& profile) {
  json::Value result = json::Value::object();
  result.set("supportedVersions", names(profile.versions));
  add_common(result, profile);
  return result;
}

RpcError method_not_found(std::string_view method) {
  return {.code = rpc::kMethodNotFound, .message = "Method not found: " + std::string(method)};
}

RpcError unsupported_version(std::string_view asked, const std::vector<Version>& spoken) {
  json::Value data = json::Value::object();
  data.set("supported", names(spoken)).set("requested", json::Value::string(std::string(asked)));
  return {.code = rpc::kUnsupportedVersion, .message = "Unsupported protocol version", .data = std::move(data)};
}

RpcError missing_capability(json::Value required) {
  json::Value data = json::Value::object();
  data.set("requiredCapabilities", std::move(required));
  return {.code = rpc::kMissingClientCapability,
          .message = "The client did not declare a capability that this request requires",
          .data = std::move(data)};
}

int error_status(Version version, int code) {
  if (!is_stateless(version)) return 200;
  switch (code) {
    case rpc::kMethodNotFound:
      return 404;
    case rpc::kHeaderMismatch:
    case rpc::kMissingClientCapability:
    case rpc::kUnsupportedVersion:
    case rpc::kParseError:
    case rpc::kInvalidRequest:
      return 400;
    default:
      return 200;
  }
}

http::Response reply_text(int status, std::string answer_json) {
  http::Response response{.status = status, .body = std::move(answer_json)};
  response.headers.add("Content-Type", "application/json");
  return response;
}

http::Response reply(Version version, const Message& answer) {
  const int status = answer.kind == Message::Kind::kError ? error_status(version, answer.error.code) : 200;
  return reply_text(status, print(answer));
}

http::Response accepted() { return {.status = 202}; }

http::Response begin_events() {
  http::Response response;
  response.headers.add("Content-Type", "text/event-stream");
  response.headers.add("Cache-Control", "no-cache, no-transform");
  response.headers.add("X-Accel-Buffering", "no");
  return response;
}

http::Response wrong_method() {
  const Message refused = error({}, {.code = rpc::kServerError, .message = "Method not allowed."});
  http::Response response = reply_text(405, print(refused));
  response.headers.add("Allow", "POST");
  return response;
}

}  // namespace warifu::mcp
