#include "services/bedrock/converse.h"

#include <chrono>
#include <utility>

#include "services/bedrock/converse_request.h"

namespace warifu::services::bedrock {
namespace {

using model::bedrock::ContentBlock;

std::vector<ContentBlock> content_of(llm::ChatAnswer& answer) {
  std::vector<ContentBlock> content;
  if (!answer.text.empty()) content.emplace_back().text = std::move(answer.text);
  for (llm::ToolCall& call : answer.tool_calls) {
    content.emplace_back().tool_use = model::bedrock::ToolUseBlock{
        .tool_use_id = std::move(call.id), .name = std::move(call.name), .input = {std::move(call.arguments)}};
  }
  return content;
}

}  // namespace

Task<Result<model::bedrock::ConverseOutput>> converse(api::Call&, llm::ChatModel* model,
                                                      model::bedrock::ConverseInput input) {
  if (model == nullptr) co_return fail(not_configured());
  const auto begun = std::chrono::steady_clock::now();
  llm::ChatRequest request = CO_TRY(chat_request(input));
  Result<llm::ChatAnswer> answer = co_await model->complete(std::move(request));
  if (!answer) co_return fail(answered(std::move(answer).error()));

  model::bedrock::ConverseOutput output;
  output.stop_reason = stop_reason(answer->stop);
  output.usage = token_usage(answer->usage);
  output.output.message = model::bedrock::Message{.role = "assistant", .content = content_of(*answer)};
  const auto spent = std::chrono::steady_clock::now() - begun;
  output.metrics.latency_ms = std::chrono::duration_cast<std::chrono::milliseconds>(spent).count();
  co_return output;
}

}  // namespace warifu::services::bedrock
