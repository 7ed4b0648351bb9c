#include <fmt/format.h>

#include "base/encoding.h"
#include "json/value.h"
#include "services/lambda/errors.h"
#include "services/lambda/limits.h"
#include "services/lambda/operations.h"

namespace warifu::services::lambda {
namespace {

constexpr int kOk = 200;
constexpr int kAccepted = 202;
constexpr int kNoContent = 204;
constexpr std::string_view kEmptyEvent = "{}";
const json::Limits kPayloadLimits{.bytes_max = kPayloadBytesMax};

/// What is in the header, decoded. It goes to the function as it is: it must be JSON.
Result<std::string> client_context(const std::optional<std::string>& header) {
  if (!header || header->empty()) return std::string();
  constexpr std::string_view kBad = "Client context must be a valid Base64-encoded JSON object.";
  if (header->size() > kClientContextBytesMax) {
    return fail(bad_content(fmt::format("Client context must be no more than {} bytes.", kClientContextBytesMax)));
  }
  auto text = base64_decode(*header);
  if (!text) return fail(bad_content(std::string(kBad)));
  const auto value = json::parse(*text);
  if (!value || !value->is_object()) return fail(bad_content(std::string(kBad)));
  return std::move(*text);
}

Result<std::string> payload_of(std::optional<std::string> payload, bool event) {
  std::string text = std::move(payload).value_or(std::string());
  if (event && text.size() > kEventPayloadBytesMax) {
    return fail(payload_too_large(text.size(), "Event", kEventPayloadBytesMax));
  }
  if (text.empty()) return std::string(kEmptyEvent);
  const auto parsed = json::check(text, kPayloadLimits);
  if (!parsed) {
    return fail(bad_content(fmt::format("Could not parse request body into json: {}", parsed.error().message)));
  }
  return text;
}

Result<> check_members(const m::InvokeInput& input) {
  if (input.durable_execution_name) return fail(unsupported_parameter("DurableExecutionName"));
  if (input.tenant_id) return fail(unsupported_parameter("TenantId"));
  return {};
}

}  // namespace

Task<Result<m::InvokeOutput>> invoke(api::Call& call, Service& service, m::InvokeInput input) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  CO_TRY(check_members(input));
  const std::string type = input.invocation_type.value_or("RequestResponse");
  const bool event = type == "Event";
  // A call that runs finds out by itself, and has no time to look twice.
  if (type != "RequestResponse") {
    CO_TRY(call.db().read([&](store::Reader& reader) { return rows::require_qualified(reader, ref); }));
  }
  InvokeRequest request{.request_id = call.request_id()};
  request.client_context = CO_TRY(client_context(input.client_context));
  request.payload = CO_TRY(payload_of(std::move(input.payload), event));
  if (type == "DryRun") co_return m::InvokeOutput{.status_code = kNoContent};
  if (event) {
    CO_TRY(co_await service.events().put(ref, {.qualifier = ref.qualifier,
                                               .request_id = std::move(request.request_id),
                                               .client_context = std::move(request.client_context),
                                               .payload = std::move(request.payload),
                                               .received = call.now()}));
    co_return m::InvokeOutput{.status_code = kAccepted};
  }
  InvokeResult answer = CO_TRY(co_await service.invoke(ref, std::move(request)));
  m::InvokeOutput output{
      .status_code = kOk, .payload = std::move(answer.payload), .executed_version = std::move(answer.executed_version)};
  if (!answer.function_error.empty()) output.function_error = std::move(answer.function_error);
  if (input.log_type == "Tail") output.log_result = base64_encode(answer.log_tail);
  co_return output;
}

}  // namespace warifu::services::lambda
