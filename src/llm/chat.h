#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/task.h"

/// Language models as Warifu sees them: a conversation goes in, an answer comes out, whole or as it is made. Values of
/// no vendor's wire format; `openai.h` speaks to OpenAI-compatible endpoints.
namespace warifu::llm {

/// Text of a turn.
struct Text {
  std::string text;
};
/// A picture, its bytes as they are in the file.
struct Image {
  std::string media_type;  // `image/png`
  std::string bytes;
};
/// The model asks for a tool. `arguments` is the text of one JSON object.
struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;
};
/// What a tool answered to the call of that id.
struct ToolResult {
  std::string call_id;
  std::string text;
  bool failed = false;
};
using Part = std::variant<Text, Image, ToolCall, ToolResult>;

enum class Role : std::uint8_t { kUser, kAssistant };

/// One turn. Tool calls stand in the assistant's turns, tool results and images in the user's.
struct Message {
  Role role = Role::kUser;
  std::vector<Part> parts;
};

/// A tool that the model may ask for. `parameters` is the text of a JSON schema.
struct Tool {
  std::string name;
  std::string description;
  std::string parameters;
};
enum class ToolChoice : std::uint8_t { kAuto, kAny, kNamed };

/// Makes the answer's text one JSON value of `schema` (the text of a JSON schema), where the endpoint knows
/// `response_format`; the caller checks it all the same.
struct ResponseSchema {
  std::string name;
  std::string schema;
};

/// One question to a model.
struct ChatRequest {
  std::string model;   // a Bedrock model id, profile id or ARN, or the endpoint's own name; empty: the default model
  std::string system;  // empty: none
  std::vector<Message> messages;
  std::vector<Tool> tools;
  ToolChoice tool_choice = ToolChoice::kAuto;
  std::string tool_name;  // of kNamed
  std::optional<ResponseSchema> response_schema;
  std::optional<std::int64_t> max_tokens;
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::vector<std::string> stop;
};

enum class StopReason : std::uint8_t { kEndTurn, kToolUse, kMaxTokens, kStopSequence, kContentFiltered };

/// Tokens, as the endpoint counts them; all 0 when it does not say.
struct Usage {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
};

/// A whole answer. `tool_calls` have ids and names that are not empty and arguments that are a JSON object.
struct ChatAnswer {
  std::string text;
  std::vector<ToolCall> tool_calls;
  StopReason stop = StopReason::kEndTurn;
  Usage usage;
};

/// What a stream hands out, in this order: any number of TextDelta, ToolStart and ToolDelta, then one Finished.
struct TextDelta {
  std::string text;
};
/// A tool call begins. The pieces of its arguments follow; calls never interleave.
struct ToolStart {
  std::string id;
  std::string name;
};
struct ToolDelta {
  std::string arguments;  // a piece of JSON text
};
struct Finished {
  StopReason stop = StopReason::kEndTurn;
  Usage usage;
};
using ChatEvent = std::variant<TextDelta, ToolStart, ToolDelta, Finished>;

/// An answer while it is made. Used by one coroutine, on one event loop; destroying it ends the call upstream, and
/// while nobody asks for the next event nothing is read, so that a slow reader slows the model, not the memory.
class ChatStream {
 public:
  virtual ~ChatStream() = default;
  /// The next event; nullopt after Finished. An error ends the stream (`error.h`).
  virtual Task<Result<std::optional<ChatEvent>>> next() = 0;
  /// Makes a `next` that waits fail soon. Called on the same event loop, at any time, repeatedly.
  virtual void cancel() = 0;
};

/// A model to talk to. Thread-safe. Outlives its calls and streams.
///
/// Every wait has a deadline and every answer a bound. Every error is one of `error.h`: `failure_code` classes it.
class ChatModel {
 public:
  virtual ~ChatModel() = default;
  /// The whole answer. Runs on the awaiting coroutine's event loop.
  virtual Task<Result<ChatAnswer>> complete(ChatRequest request) = 0;
  /// The answer as it is made; comes back when the endpoint has begun to answer.
  virtual Task<Result<std::unique_ptr<ChatStream>>> stream(ChatRequest request) = 0;
  /// `complete` for plain code on a thread of its own. Once `stop` is requested it answers at once
  /// with an error that is none of `error.h`. REQUIRES: not on an event loop.
  virtual Result<ChatAnswer> complete_blocking(ChatRequest request, const std::stop_token& stop) = 0;
  Result<ChatAnswer> complete_blocking(ChatRequest request) { return complete_blocking(std::move(request), {}); }
  /// Closes the connections that were kept, and keeps none from here on; calls still work. Once the threads of the
  /// event loops that it was used on have ended, and before those loops go.
  virtual void close() {}
};

}  // namespace warifu::llm
