#include "services/bedrock/converse_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/encoding.h"
#include "json/value.h"
#include "llm/error.h"

namespace warifu::services::bedrock {
namespace {

namespace model = warifu::model::bedrock;

std::unexpected<Error> refused(std::string message) {
  Error error = validation_error(std::move(message));
  error.aws_name = "ValidationException";
  error.reason = "FieldValidationFailed";
  return fail(std::move(error));
}

std::unexpected<Error> unsupported(std::string_view member) {
  return refused(fmt::format("{} is not supported by this server's model endpoint", member));
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

/// The first member that is set of those that cannot be carried; empty: none.
struct Refusable {
  bool set;
  std::string_view name;
};
std::string_view first_set(std::initializer_list<Refusable> members) {
  const auto found = std::ranges::find_if(members, &Refusable::set);
  return found == members.end() ? std::string_view{} : found->name;
}

Result<llm::Part> image_of(const model::ImageBlock& image, const std::string& at) {
  if (!image.source.bytes) return unsupported(at + ".image.source.s3Location");
  return llm::Part(llm::Image{.media_type = "image/" + image.format, .bytes = *image.source.bytes});
}

Result<llm::Part> tool_result_of(const model::ToolResultBlock& result, const std::string& at) {
  llm::ToolResult out{.call_id = result.tool_use_id, .text = {}, .failed = result.status == "error"};
  for (std::size_t i = 0; i < result.content.size(); ++i) {
    const model::ToolResultContentBlock& block = result.content[i];
    if (!block.text && !block.json) {
      const std::string_view name = first_set({{block.image.has_value(), "image"},
                                               {block.document.has_value(), "document"},
                                               {block.video.has_value(), "video"},
                                               {block.search_result.has_value(), "searchResult"}});
      return unsupported(fmt::format("{}.toolResult.content.{}.{}", at, i, name));
    }
    if (!out.text.empty()) out.text += "\n";
    out.text += block.text ? *block.text : block.json->json;
  }
  return llm::Part(std::move(out));
}

/// Nothing: a block that only hints.
Result<std::optional<llm::Part>> part_of(const model::ContentBlock& block, const std::string& at) {
  if (block.text) {
    if (!is_blank(*block.text)) return llm::Part(llm::Text{*block.text});
    return refused(
        fmt::format("The text field in the ContentBlock object at {} is blank. Add text to the text field, "
                    "and try again.",
                    at));
  }
  if (block.image) return TRY(image_of(*block.image, at));
  if (block.tool_use) {
    const model::ToolUseBlock& call = *block.tool_use;
    return llm::Part(llm::ToolCall{.id = call.tool_use_id, .name = call.name, .arguments = call.input.json});
  }
  if (block.tool_result) return TRY(tool_result_of(*block.tool_result, at));
  if (block.cache_point || block.reasoning_content) return std::nullopt;
  const std::string_view name = first_set({{block.document.has_value(), "document"},
                                           {block.video.has_value(), "video"},
                                           {block.audio.has_value(), "audio"},
                                           {block.guard_content.has_value(), "guardContent"},
                                           {block.citations_content.has_value(), "citationsContent"},
                                           {block.search_result.has_value(), "searchResult"},
                                           {block.tool_addition.has_value(), "toolAddition"},
                                           {block.tool_removal.has_value(), "toolRemoval"}});
  return unsupported(fmt::format("{}.{}", at, name));
}

Result<llm::Message> message_of(const model::Message& message, std::size_t index) {
  const std::string at = fmt::format("messages.{}", index);
  if (message.role == "system") return unsupported(at + ".role system; put it into `system`: it");
  if (message.content.empty()) {
    return refused(
        fmt::format("The content field in the Message object at {} is empty. Add a ContentBlock object to "
                    "the content field and try again.",
                    at));
  }
  llm::Message out{.role = message.role == "user" ? llm::Role::kUser : llm::Role::kAssistant, .parts = {}};
  for (std::size_t i = 0; i < message.content.size(); ++i) {
    auto part = TRY(part_of(message.content[i], fmt::format("{}.content.{}", at, i)));
    if (part) out.parts.push_back(std::move(*part));
  }
  return out;
}

bool has_tool_part(const llm::ChatRequest& request) {
  const auto is_tool = [](const llm::Part& part) {
    return std::holds_alternative<llm::ToolCall>(part) || std::holds_alternative<llm::ToolResult>(part);
  };
  return std::ranges::any_of(request.messages,
                             [&](const llm::Message& m) { return std::ranges::any_of(m.parts, is_tool); });
}

Result<> add_messages(const std::vector<model::Message>& messages, llm::ChatRequest& out) {
  if (messages.empty() || messages.front().role == "assistant") {
    return refused(
        "A conversation must start with a user message. Try again with a conversation that starts with a user "
        "message.");
  }
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (i > 0 && messages[i].role == messages[i - 1].role) {
      return refused(
          "A conversation must alternate between user and assistant roles. Make sure the conversation "
          "alternates between user and assistant roles and try again.");
    }
    out.messages.push_back(TRY(message_of(messages[i], i)));
  }
  return {};
}

Result<> add_system(const std::vector<model::SystemContentBlock>& blocks, llm::ChatRequest& out) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (blocks[i].guard_content) return unsupported(fmt::format("system.{}.guardContent", i));
    if (!blocks[i].text) continue;
    if (!out.system.empty()) out.system += "\n\n";
    out.system += *blocks[i].text;
  }
  return {};
}

Result<> add_tools(const model::ToolConfiguration& config, llm::ChatRequest& out) {
  for (std::size_t i = 0; i < config.tools.size(); ++i) {
    const model::Tool& tool = config.tools[i];
    if (tool.system_tool) return unsupported(fmt::format("toolConfig.tools.{}.systemTool", i));
    if (!tool.tool_spec) continue;
    if (!tool.tool_spec->input_schema.json)
      return unsupported(fmt::format("toolConfig.tools.{}.toolSpec.inputSchema", i));
    out.tools.push_back({.name = tool.tool_spec->name,
                         .description = tool.tool_spec->description.value_or(""),
                         .parameters = tool.tool_spec->input_schema.json->json});
  }
  if (!config.tool_choice) return {};
  if (config.tool_choice->any) out.tool_choice = llm::ToolChoice::kAny;
  if (config.tool_choice->tool) {
    out.tool_choice = llm::ToolChoice::kNamed;
    out.tool_name = config.tool_choice->tool->name;
  }
  return {};
}

void add_sampling(const model::InferenceConfiguration& config, llm::ChatRequest& out) {
  out.max_tokens = config.max_tokens;
  out.temperature = config.temperature;
  out.top_p = config.top_p;
  out.stop = config.stop_sequences.value_or(std::vector<std::string>{});
}

Result<> add_output(const model::OutputConfig& config, llm::ChatRequest& out) {
  if (config.effort) return unsupported("outputConfig.effort");
  if (!config.text_format) return {};
  const auto& schema = config.text_format->structure.json_schema;
  if (!schema) return unsupported("outputConfig.textFormat");
  out.response_schema = llm::ResponseSchema{.name = schema->name.value_or("answer"), .schema = schema->schema};
  return {};
}

/// An empty document asks for nothing.
bool asks_for_something(const std::optional<wire::Document>& document) {
  if (!document) return false;
  const auto parsed = json::parse(document->json);
  return !parsed || !parsed->is_object() || !parsed->members().empty();
}

template <class Input>
Result<llm::ChatRequest> request_of(const Input& input) {
  const std::string_view name =
      first_set({{input.guardrail_config.has_value(), "guardrailConfig"},
                 {input.prompt_variables.has_value(), "promptVariables"},
                 {asks_for_something(input.additional_model_request_fields), "additionalModelRequestFields"},
                 {input.performance_config && input.performance_config->latency == "optimized",
                  "performanceConfig.latency optimized"}});
  if (!name.empty()) return unsupported(name);
  llm::ChatRequest out{.model = input.model_id};
  TRY(add_messages(input.messages.value_or(std::vector<model::Message>{}), out));
  if (input.system) TRY(add_system(*input.system, out));
  if (input.tool_config) TRY(add_tools(*input.tool_config, out));
  if (input.inference_config) add_sampling(*input.inference_config, out);
  if (input.output_config) TRY(add_output(*input.output_config, out));
  if (!input.tool_config && has_tool_part(out)) {
    return refused("The toolConfig field must be defined when using toolUse and toolResult content blocks.");
  }
  return out;
}

std::int32_t clamped(std::int64_t count) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(count, 0, std::numeric_limits<std::int32_t>::max()));
}

}  // namespace

Result<llm::ChatRequest> chat_request(const model::ConverseInput& input) { return request_of(input); }
Result<llm::ChatRequest> chat_request(const model::ConverseStreamInput& input) { return request_of(input); }

std::string_view stop_reason(llm::StopReason reason) {
  switch (reason) {
    case llm::StopReason::kEndTurn:
      return "end_turn";
    case llm::StopReason::kToolUse:
      return "tool_use";
    case llm::StopReason::kMaxTokens:
      return "max_tokens";
    case llm::StopReason::kStopSequence:
      return "stop_sequence";
    case llm::StopReason::kContentFiltered:
      return "content_filtered";
  }
  return "end_turn";
}

model::TokenUsage token_usage(const llm::Usage& usage) {
  const std::int32_t in = clamped(usage.input_tokens);
  const std::int32_t out = clamped(usage.output_tokens);
  return {.input_tokens = in, .output_tokens = out, .total_tokens = clamped(std::int64_t{in} + out)};
}

Error answered(Error error) {
  if (llm::failure_of(error) != llm::Failure::kAccessDenied) return error;
  return llm::failure_error(llm::Failure::kModelError, std::move(error.message));
}

Error answered_in_stream(Error error) {
  error = answered(std::move(error));
  const llm::Failure failure = llm::failure_of(error);
  if (failure == llm::Failure::kModelError || failure == llm::Failure::kModelTimeout) {
    error.aws_name = "ModelStreamErrorException";
  }
  return error;
}

Error not_configured() {
  return llm::failure_error(llm::Failure::kResourceNotFound,
                            "this server has no model endpoint: start it with --llm-url http://127.0.0.1:11434/v1 "
                            "--llm-model NAME (any OpenAI-compatible endpoint)");
}

}  // namespace warifu::services::bedrock
