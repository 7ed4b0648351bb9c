#include "services/gateway/openapi_target.h"

#include <fmt/format.h>

#include <mutex>
#include <unordered_map>

#include "base/encoding.h"
#include "openapi/openapi.h"

namespace warifu::services::gateway {
namespace {

using Tools = std::vector<openapi::Tool>;

constexpr std::size_t kDocumentsMax = 256;
constexpr std::size_t kShownMax = 4096;  // of an answer that tells of a failure

json::Value text(std::string_view value) { return json::Value::string(std::string(value)); }

class OpenApiKind final : public TargetKind {
 public:
  explicit OpenApiKind(Outbound& outbound) : outbound_(outbound) {}

  Task<Result<Catalogue>> discover(std::shared_ptr<const Target> target) override {
    const auto tools = CO_TRY(tools_of(*target));
    Catalogue out;
    for (const openapi::Tool& tool : *tools) {
      json::Value shown = json::Value::object();
      shown.set("name", text(tool.name));
      if (!tool.description.empty()) shown.set("description", text(tool.description));
      shown.set("inputSchema", tool.input_schema);
      out.tools.push_back(std::move(shown));
    }
    co_return out;
  }

  Task<Answer> invoke(Invocation invocation) override {
    const Target& target = *invocation.target;
    const auto tools = tools_of(target);
    if (!tools) co_return failed_result(target.debug, tools.error().message);
    const openapi::Tool* tool = nullptr;
    for (const openapi::Tool& one : **tools) {
      if (one.name == invocation.name) tool = &one;
    }
    if (tool == nullptr || invocation.method != "tools/call") {
      co_return std::unexpected(RpcError{.code = mcp::rpc::kInvalidParams, .message = "Unknown tool", .data = {}});
    }
    const auto wanted = openapi::request_for(*tool, invocation.arguments());
    if (!wanted) {
      co_return std::unexpected(
          RpcError{.code = mcp::rpc::kInvalidParams, .message = wanted.error().message, .data = {}});
    }
    invocation.sign_service = tool->signing_name;
    co_return co_await send(invocation, *wanted);
  }

 private:
  Task<Answer> send(const Invocation& invocation, openapi::Request wanted) {
    const Target& target = *invocation.target;
    http::Request request;
    request.method = std::move(wanted.method);
    request.headers = invocation.headers;
    for (auto& [name, value] : wanted.headers) request.headers.add(std::move(name), std::move(value));
    request.body = std::move(wanted.body);
    std::string url = std::move(wanted.url);
    if (const auto authorized = co_await outbound_.authorize(target, &invocation, url, request); !authorized) {
      co_return failed_result(target.debug, authorized.error().message);
    }
    const auto response = co_await outbound_.fetch(std::move(url), std::move(request), invocation.timeout);
    if (!response) co_return failed_result(target.debug, response.error().message);
    if (response->status >= 400) {
      co_return failed_result(target.debug, fmt::format("The API answered {}: {}", response->status,
                                                        std::string_view(response->body).substr(0, kShownMax)));
    }
    if (!is_utf8(response->body)) co_return failed_result(target.debug, "The API's answer is not text.");
    co_return text_result(response->body);
  }

  Result<std::shared_ptr<const Tools>> tools_of(const Target& target) {
    const auto* place = std::get_if<OpenApiPlace>(&target.place);
    if (place == nullptr) return fail(internal_error("not a target of this kind"));
    {
      const std::lock_guard lock(mutex_);
      const auto found = documents_.find(target.version);
      if (found != documents_.end()) return found->second;
    }
    auto tools = std::make_shared<const Tools>(TRY(openapi::read(place->document, {.region = target.region})));
    const std::lock_guard lock(mutex_);
    if (documents_.size() >= kDocumentsMax) documents_.clear();
    documents_.insert_or_assign(target.version, tools);
    return std::shared_ptr<const Tools>(std::move(tools));
  }

  Outbound& outbound_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const Tools>> documents_;  // by version of the target
};

}  // namespace

std::unique_ptr<TargetKind> make_openapi_kind(Outbound& outbound) { return std::make_unique<OpenApiKind>(outbound); }

}  // namespace warifu::services::gateway
