#include "services/gateway/lambda_target.h"

#include <fmt/format.h>

#include "base/arn.h"
#include "base/encoding.h"
#include "gen/lambda/invocations.h"
#include "json/writer.h"

namespace warifu::services::gateway {
namespace {

namespace lm = model::lambda;

/// `arn:…:function:name:qualifier` in two; nullopt: not a function's ARN.
struct FunctionName {
  std::string arn;        // unqualified
  std::string qualifier;  // empty: none
  std::string region;
};

std::optional<FunctionName> function_name(std::string_view text) {
  const auto arn = ArnView::parse(text);
  constexpr std::string_view kType = "function:";
  if (!arn || arn->service != "lambda" || !arn->resource.starts_with(kType)) return std::nullopt;
  const std::size_t colon = arn->resource.find(':', kType.size());
  FunctionName out{.arn = std::string(text), .qualifier = {}, .region = std::string(arn->region)};
  if (colon == std::string_view::npos) return out;
  out.qualifier = std::string(arn->resource.substr(colon + 1));
  out.arn.resize(text.size() - out.qualifier.size() - 1);
  return out;
}

/// `{errorType, errorMessage}` as one line.
std::string error_line(std::string_view payload) {
  const auto parsed = json::parse(payload);
  if (!parsed || !parsed->is_object()) return std::string(payload.substr(0, 1024));
  const std::string type = parsed->find_string("errorType").value_or("");
  const std::string message = parsed->find_string("errorMessage").value_or("");
  if (type.empty()) return message;
  return message.empty() ? type : type + ": " + message;
}

std::string denied_text(const Target& target, std::string_view function_arn, std::string_view sentence) {
  return fmt::format(
      "Access denied while invoking Lambda function {}. Check the permissions on the Lambda function and Gateway "
      "execution role {}, and retry the request. ({})",
      function_arn, target.gateway_role_arn, sentence);
}

bool declares_output(const LambdaPlace& place, std::string_view name) {
  for (const json::Value& tool : place.tools) {
    if (tool.find_string("name") == name) return tool.find("outputSchema") != nullptr;
  }
  return false;
}

class LambdaKind final : public TargetKind {
 public:
  LambdaKind(const api::Environment& environment, Outbound& outbound)
      : environment_(environment), outbound_(outbound) {}

  Task<Result<Catalogue>> discover(std::shared_ptr<const Target> target) override {
    Catalogue out;
    if (const auto* place = std::get_if<LambdaPlace>(&target->place)) out.tools = place->tools;
    co_return out;
  }

  Task<Answer> invoke(Invocation invocation) override {
    const Target& target = *invocation.target;
    const auto* place = std::get_if<LambdaPlace>(&target.place);
    if (place == nullptr || invocation.method != "tools/call") {
      co_return std::unexpected(RpcError{.code = -32601, .message = "Method not found: " + invocation.method});
    }
    const auto session = co_await outbound_.role_session(target);
    if (!session) {
      co_return failed_result(target.debug, fmt::format("The gateway's role {} cannot be assumed. ({})",
                                                        target.gateway_role_arn, session.error().message));
    }
    const auto payload =
        co_await invoke_function(*environment_.client, place->function_arn, invocation.arguments().dump(),
                                 client_context_of(invocation), api::as_session(session->principal));
    if (payload) co_return lambda_result(*payload, declares_output(*place, invocation.name));
    const Error& error = payload.error();
    if (error.code == ErrorCode::kAccessDenied) {
      co_return failed_result(target.debug, denied_text(target, place->function_arn, error.message));
    }
    co_return failed_result(target.debug,
                            fmt::format("Lambda function {} failed: {}", place->function_arn, error.message));
  }

 private:
  const api::Environment& environment_;
  Outbound& outbound_;
};

}  // namespace

std::unique_ptr<TargetKind> make_lambda_kind(const api::Environment& environment, Outbound& outbound) {
  return std::make_unique<LambdaKind>(environment, outbound);
}

std::string client_context_of(const Invocation& invocation) {
  const Target& target = *invocation.target;
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("custom").begin_object();
  writer.key("bedrockAgentCoreMessageVersion").string("1.0");
  writer.key("bedrockAgentCoreAwsRequestId").string(invocation.request_id);
  writer.key("bedrockAgentCoreMcpMessageId").string(invocation.rpc_id);
  writer.key("bedrockAgentCoreGatewayId").string(target.gateway_id);
  writer.key("bedrockAgentCoreTargetId").string(target.id);
  writer.key("bedrockAgentCoreToolName").string(invocation.prefixed);
  if (!invocation.headers.fields().empty()) {
    writer.key("bedrockAgentCorePropagatedHeaders").begin_object();
    for (const auto& [name, value] : invocation.headers.fields()) writer.key(name).string(value);
    writer.end_object();
  }
  writer.end_object().end_object();
  return out;
}

std::string lambda_result(std::string_view payload, bool structured) {
  const auto value = json::parse(payload, {.bytes_max = 8 * 1024 * 1024, .depth_max = 256});
  // A text that a function returns is meant to be read, not to be quoted.
  if (value && value->is_string()) return text_result(value->as_string());
  const bool object = value && value->is_object();
  return text_result(payload, structured && object ? payload : std::string_view{});
}

Task<Result<std::string>> invoke_function(const api::Client& client, std::string function_arn, std::string payload,
                                          std::string client_context, api::As as) {
  const auto name = function_name(function_arn);
  if (!name) co_return fail(validation_error(fmt::format("`{}` is not the ARN of a function", function_arn)));
  lm::InvokeInput input;
  input.function_name = name->arn;
  if (!name->qualifier.empty()) input.qualifier = name->qualifier;
  input.invocation_type = "RequestResponse";
  input.client_context = base64_encode(client_context);
  input.payload = std::move(payload);
  auto answer = co_await client.invoke(lm::ops::kInvoke, std::move(input), std::move(as), name->region);
  if (!answer) co_return fail(answer.error());
  if (answer->function_error) co_return fail(unavailable(error_line(answer->payload.value_or(""))));
  co_return answer->payload.value_or("null");
}

}  // namespace warifu::services::gateway
