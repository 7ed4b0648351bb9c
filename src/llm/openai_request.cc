#include "llm/openai_request.h"

#include <algorithm>

#include "base/encoding.h"
#include "json/value.h"
#include "json/writer.h"
#include "llm/error.h"

namespace warifu::llm {
namespace {

std::unexpected<Error> invalid(std::string message) {
  return fail(failure_error(Failure::kValidation, std::move(message)));
}

Result<> check_object(std::string_view text, std::string_view what) {
  const auto parsed = json::parse(text);
  if (parsed && parsed->is_object()) return {};
  return invalid(std::string(what) + " must be a JSON object");
}

template <class Kind>
bool any_of_kind(const Message& message) {
  return std::ranges::any_of(message.parts, [](const Part& part) { return std::holds_alternative<Kind>(part); });
}

std::string text_of(const Message& message) {
  std::string text;
  for (const Part& part : message.parts) {
    const auto* found = std::get_if<Text>(&part);
    if (found == nullptr) continue;
    if (!text.empty()) text += "\n";
    text += found->text;
  }
  return text;
}

void write_text_message(json::Writer& out, std::string_view role, std::string_view text) {
  out.begin_object().key("role").string(role).key("content").string(text).end_object();
}

/// Text and pictures in their order; a lone text as plain text, which every endpoint reads.
void write_user_content(json::Writer& out, const Message& message) {
  if (!any_of_kind<Image>(message)) {
    write_text_message(out, "user", text_of(message));
    return;
  }
  out.begin_object().key("role").string("user").key("content").begin_array();
  for (const Part& part : message.parts) {
    if (const auto* text = std::get_if<Text>(&part)) {
      out.begin_object().key("type").string("text").key("text").string(text->text).end_object();
    } else if (const auto* image = std::get_if<Image>(&part)) {
      const std::string url = "data:" + image->media_type + ";base64," + base64_encode(image->bytes);
      out.begin_object().key("type").string("image_url").key("image_url").begin_object();
      out.key("url").string(url).end_object().end_object();
    }
  }
  out.end_array().end_object();
}

Result<> write_user(json::Writer& out, const Message& message) {
  if (any_of_kind<ToolCall>(message)) return invalid("a user's turn holds a tool call");
  // Endpoints want a call's result right after the call, before anything else of the user's.
  for (const Part& part : message.parts) {
    const auto* result = std::get_if<ToolResult>(&part);
    if (result == nullptr) continue;
    out.begin_object().key("role").string("tool").key("tool_call_id").string(result->call_id);
    out.key("content").string(result->failed ? "error: " + result->text : result->text).end_object();
  }
  if (any_of_kind<Text>(message) || any_of_kind<Image>(message)) write_user_content(out, message);
  return {};
}

Result<> write_assistant(json::Writer& out, const Message& message) {
  if (any_of_kind<ToolResult>(message)) return invalid("an assistant's turn holds a tool result");
  if (any_of_kind<Image>(message)) return invalid("an assistant's turn holds an image");
  if (!any_of_kind<ToolCall>(message)) {
    write_text_message(out, "assistant", text_of(message));
    return {};
  }
  out.begin_object().key("role").string("assistant").key("content");
  const std::string text = text_of(message);
  if (text.empty())
    out.null();
  else
    out.string(text);
  out.key("tool_calls").begin_array();
  for (const Part& part : message.parts) {
    const auto* call = std::get_if<ToolCall>(&part);
    if (call == nullptr) continue;
    TRY(check_object(call->arguments, "a tool call's arguments"));
    out.begin_object().key("id").string(call->id).key("type").string("function").key("function").begin_object();
    out.key("name").string(call->name).key("arguments").string(call->arguments).end_object().end_object();
  }
  out.end_array().end_object();
  return {};
}

Result<> write_messages(json::Writer& out, const ChatRequest& request) {
  out.key("messages").begin_array();
  if (!request.system.empty()) write_text_message(out, "system", request.system);
  for (const Message& message : request.messages) {
    TRY(message.role == Role::kUser ? write_user(out, message) : write_assistant(out, message));
  }
  out.end_array();
  return {};
}

void write_tool_choice(json::Writer& out, const ChatRequest& request) {
  switch (request.tool_choice) {
    case ToolChoice::kAuto:
      return;
    case ToolChoice::kAny:
      out.key("tool_choice").string("required");
      return;
    case ToolChoice::kNamed:
      out.key("tool_choice").begin_object().key("type").string("function").key("function").begin_object();
      out.key("name").string(request.tool_name).end_object().end_object();
      return;
  }
}

Result<> write_tools(json::Writer& out, const ChatRequest& request) {
  if (request.tools.empty()) return {};
  out.key("tools").begin_array();
  for (const Tool& tool : request.tools) {
    TRY(check_object(tool.parameters, "a tool's schema"));
    out.begin_object().key("type").string("function").key("function").begin_object().key("name").string(tool.name);
    if (!tool.description.empty()) out.key("description").string(tool.description);
    out.key("parameters").raw(tool.parameters).end_object().end_object();
  }
  out.end_array();
  write_tool_choice(out, request);
  return {};
}

void write_sampling(json::Writer& out, const ChatRequest& request) {
  if (request.max_tokens) out.key("max_tokens").integer(*request.max_tokens);
  if (request.temperature) out.key("temperature").number(*request.temperature);
  if (request.top_p) out.key("top_p").number(*request.top_p);
  if (request.stop.empty()) return;
  out.key("stop").begin_array();
  for (const std::string& text : request.stop) out.string(text);
  out.end_array();
}

Result<> write_response_format(json::Writer& out, const ChatRequest& request) {
  if (!request.response_schema) return {};
  TRY(check_object(request.response_schema->schema, "a response's schema"));
  out.key("response_format").begin_object().key("type").string("json_schema").key("json_schema").begin_object();
  out.key("name").string(request.response_schema->name).key("strict").boolean(true);
  out.key("schema").raw(request.response_schema->schema).end_object().end_object();
  return {};
}

}  // namespace

Result<std::string> chat_body(const ChatRequest& request, std::string_view model, bool stream) {
  std::string body;
  json::Writer out(body);
  out.begin_object().key("model").string(model);
  TRY(write_messages(out, request));
  TRY(write_tools(out, request));
  write_sampling(out, request);
  TRY(write_response_format(out, request));
  if (stream) {
    out.key("stream").boolean(true).key("stream_options").begin_object().key("include_usage").boolean(true);
    out.end_object();
  }
  out.end_object();
  return body;
}

std::string embeddings_body(std::span<const std::string> texts, std::string_view model) {
  std::string body;
  json::Writer out(body);
  out.begin_object().key("model").string(model).key("encoding_format").string("float").key("input").begin_array();
  for (const std::string& text : texts) out.string(text);
  out.end_array().end_object();
  return body;
}

}  // namespace warifu::llm
