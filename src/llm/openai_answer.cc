#include "llm/openai_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/encoding.h"
#include "base/random.h"
#include "json/value.h"
#include "llm/error.h"
#include "llm/openai.h"

namespace warifu::llm {
namespace {

constexpr std::size_t kDepthMax = 32;
constexpr std::size_t kToolNameMax = 256;
constexpr std::size_t kCallsMax = 128;
constexpr std::size_t kErrorTextMax = 300;

std::unexpected<Error> rubbish(std::string message) {
  return fail(failure_error(Failure::kModelError, std::move(message)));
}

Result<json::Value> read_object(std::string_view text) {
  auto parsed = json::parse(text, {.depth_max = kDepthMax});
  if (!parsed || !parsed->is_object()) return rubbish("the model endpoint's answer is not a JSON object");
  // Some endpoints say 200 and send an error all the same.
  if (const json::Value* error = parsed->find("error"); error != nullptr && !error->is_null()) {
    const std::string said = error_text(text);
    return rubbish("the model endpoint answered with an error" + (said.empty() ? said : ": " + said));
  }
  return std::move(*parsed);
}

std::int64_t count_at(const json::Value& object, std::string_view name) {
  const json::Value* found = object.find(name);
  return found == nullptr ? 0 : std::max<std::int64_t>(0, found->as_int64().value_or(0));
}

Usage usage_of(const json::Value& answer) {
  const json::Value* usage = answer.find("usage");
  if (usage == nullptr) return {};
  return {.input_tokens = count_at(*usage, "prompt_tokens"), .output_tokens = count_at(*usage, "completion_tokens")};
}

/// Text, or a list of parts of which the texts count.
std::string content_of(const json::Value* content) {
  if (content == nullptr) return {};
  if (content->is_string()) return content->as_string();
  std::string text;
  if (!content->is_array()) return text;
  for (const json::Value& part : content->items()) text += part.find_string("text").value_or("");
  return text;
}

StopReason stop_of(std::string_view finish_reason, bool calls, bool stop_sequence) {
  if (finish_reason == "length") return StopReason::kMaxTokens;
  if (finish_reason == "content_filter") return StopReason::kContentFiltered;
  // Some endpoints say `stop` although the model asks for a tool.
  if (calls) return StopReason::kToolUse;
  return stop_sequence ? StopReason::kStopSequence : StopReason::kEndTurn;
}

/// vLLM and llama.cpp tell which stop sequence was met; others do not tell that from an end.
bool met_stop_sequence(const json::Value& choice) {
  if (const json::Value* reason = choice.find("stop_reason"); reason != nullptr && reason->is_string()) return true;
  const auto stopping_word = choice.find_string("stopping_word");
  return stopping_word && !stopping_word->empty();
}

Result<> check_name(std::string_view name) {
  if (!name.empty() && name.size() <= kToolNameMax) return {};
  return rubbish("the model asked for a tool without a usable name");
}

Result<> check_arguments(std::string_view name, std::string_view arguments) {
  const auto parsed = json::parse(arguments, {.depth_max = kDepthMax});
  if (parsed && parsed->is_object()) return {};
  return rubbish(fmt::format("the model's arguments for tool `{}` are not a JSON object", name));
}

/// The text of the arguments; some endpoints send the object itself.
std::string arguments_of(const json::Value& function) {
  const json::Value* found = function.find("arguments");
  if (found == nullptr || found->is_null()) return {};
  return found->is_string() ? found->as_string() : found->dump();
}

Result<std::vector<ToolCall>> calls_of(const json::Value& message) {
  std::vector<ToolCall> calls;
  const json::Value* list = message.find("tool_calls");
  if (list == nullptr || !list->is_array()) return calls;
  if (list->items().size() > kCallsMax) return rubbish("the model asked for too many tools at once");
  for (const json::Value& entry : list->items()) {
    const json::Value* function = entry.find("function");
    if (function == nullptr) return rubbish("the model endpoint's tool call has no function");
    ToolCall call{.id = usable_call_id(entry.find_string("id").value_or("")),
                  .name = function->find_string("name").value_or(""),
                  .arguments = arguments_of(*function)};
    if (call.arguments.empty()) call.arguments = "{}";
    TRY(check_name(call.name));
    TRY(check_arguments(call.name, call.arguments));
    calls.push_back(std::move(call));
  }
  return calls;
}

const json::Value* first_choice(const json::Value& answer) {
  const json::Value* choices = answer.find("choices");
  if (choices == nullptr || !choices->is_array() || choices->items().empty()) return nullptr;
  const json::Value& choice = choices->items().front();
  return choice.is_object() ? &choice : nullptr;
}

Result<std::vector<float>> vector_of(const json::Value& entry) {
  const json::Value* numbers = entry.find("embedding");
  if (numbers == nullptr || !numbers->is_array() || numbers->items().empty() ||
      numbers->items().size() > kEmbeddingDimensionsMax) {
    return rubbish("the embedding endpoint's answer holds no vector");
  }
  std::vector<float> vector;
  vector.reserve(numbers->items().size());
  for (const json::Value& number : numbers->items()) {
    const auto value = static_cast<float>(number.as_double().value_or(std::nan("")));
    if (!std::isfinite(value)) return rubbish("the embedding endpoint's vector holds what is no number");
    vector.push_back(value);
  }
  return vector;
}

}  // namespace

std::string usable_call_id(std::string_view id) {
  constexpr std::size_t kIdMax = 64;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == ':' || c == '-';
  };
  if (!id.empty() && id.size() <= kIdMax && std::ranges::all_of(id, allowed)) return std::string(id);
  SystemRandom random;
  return "call_" + random.uuid();
}

std::string error_text(std::string_view body) {
  const auto parsed = json::parse(body, {.depth_max = kDepthMax});
  if (!parsed || !parsed->is_object()) return {};
  const json::Value* error = parsed->find("error");
  std::string text;
  if (error != nullptr && error->is_string()) {
    text = error->as_string();
  } else {
    text = (error != nullptr && error->is_object() ? *error : *parsed).find_string("message").value_or("");
  }
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  if (text.size() <= kErrorTextMax) return text;
  std::size_t cut = kErrorTextMax;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0U) == 0x80) --cut;
  return text.substr(0, cut) + "…";
}

Result<ChatAnswer> read_answer(std::string_view body) {
  const json::Value answer = TRY(read_object(body));
  const json::Value* choice = first_choice(answer);
  const json::Value* message = choice == nullptr ? nullptr : choice->find("message");
  if (message == nullptr || !message->is_object()) return rubbish("the model endpoint's answer holds no message");
  ChatAnswer out{.text = content_of(message->find("content")), .tool_calls = {}, .stop = {}, .usage = usage_of(answer)};
  out.tool_calls = TRY(calls_of(*message));
  out.stop =
      stop_of(choice->find_string("finish_reason").value_or(""), !out.tool_calls.empty(), met_stop_sequence(*choice));
  return out;
}

Result<std::vector<std::vector<float>>> read_embeddings(std::string_view body, std::size_t count) {
  const json::Value answer = TRY(read_object(body));
  const json::Value* data = answer.find("data");
  if (data == nullptr || !data->is_array() || data->items().size() != count) {
    return rubbish(fmt::format("the embedding endpoint did not answer {} vectors to {} texts", count, count));
  }
  std::vector<std::vector<float>> vectors(count);
  for (std::size_t i = 0; i < count; ++i) {
    const json::Value& entry = data->items()[i];
    const json::Value* index = entry.find("index");
    const auto at =
        static_cast<std::size_t>(index == nullptr ? static_cast<std::int64_t>(i) : index->as_int64().value_or(-1));
    if (at >= count || !vectors[at].empty()) return rubbish("the embedding endpoint's vectors are out of order");
    vectors[at] = TRY(vector_of(entry));
  }
  const auto differs = [&](const std::vector<float>& v) { return v.size() != vectors.front().size(); };
  if (std::ranges::any_of(vectors, differs)) return rubbish("the embedding endpoint's vectors differ in length");
  return vectors;
}

/// One entry of a chunk's `tool_calls`.
struct ChunkReader::Piece {
  std::optional<std::int64_t> index;
  std::string id;
  std::string name;
  std::string arguments;
};

Result<> ChunkReader::feed(std::string_view data, std::vector<ChatEvent>& events) {
  if (data == "[DONE]") return finish(events);
  const json::Value chunk = TRY(read_object(data));
  if (const json::Value* usage = chunk.find("usage"); usage != nullptr && usage->is_object()) usage_ = usage_of(chunk);
  const json::Value* choice = first_choice(chunk);
  if (choice == nullptr) return {};
  answered_ = true;
  if (const auto reason = choice->find_string("finish_reason"); reason && !reason->empty()) finish_reason_ = *reason;
  stop_sequence_ = stop_sequence_ || met_stop_sequence(*choice);
  const json::Value* delta = choice->find("delta");
  if (delta == nullptr || !delta->is_object()) return {};
  if (std::string text = content_of(delta->find("content")); !text.empty()) {
    TRY(close_call(events));
    events.emplace_back(TextDelta{std::move(text)});
  }
  const json::Value* calls = delta->find("tool_calls");
  if (calls == nullptr || !calls->is_array()) return {};
  for (const json::Value& entry : calls->items()) {
    const json::Value* index = entry.find("index");
    Piece piece{.index = index == nullptr ? std::nullopt : index->as_int64(),
                .id = entry.find_string("id").value_or(""),
                .name = {},
                .arguments = {}};
    if (const json::Value* function = entry.find("function"); function != nullptr) {
      piece.name = function->find_string("name").value_or("");
      piece.arguments = arguments_of(*function);
    }
    TRY(take_call(piece, events));
  }
  return {};
}

Result<> ChunkReader::take_call(const Piece& piece, std::vector<ChatEvent>& events) {
  const bool goes_on =
      call_index_ && (!piece.index || *piece.index == *call_index_) && (piece.id.empty() || piece.id == call_id_);
  if (!goes_on) {
    TRY(close_call(events));
    TRY(check_name(piece.name));
    if (++calls_ > kCallsMax) return rubbish("the model asked for too many tools at once");
    call_index_ = piece.index.value_or(static_cast<std::int64_t>(calls_));
    call_id_ = piece.id;
    call_name_ = piece.name;
    events.emplace_back(ToolStart{.id = usable_call_id(piece.id), .name = piece.name});
  }
  if (piece.arguments.empty()) return {};
  arguments_ += piece.arguments;
  events.emplace_back(ToolDelta{piece.arguments});
  return {};
}

Result<> ChunkReader::close_call(std::vector<ChatEvent>& events) {
  if (!call_index_) return {};
  call_index_.reset();
  const std::string arguments = std::exchange(arguments_, {});
  if (!arguments.empty()) return check_arguments(call_name_, arguments);
  events.emplace_back(ToolDelta{"{}"});
  return {};
}

Result<> ChunkReader::finish(std::vector<ChatEvent>& events) {
  if (std::exchange(done_, true)) return {};
  if (!answered_ || finish_reason_.empty()) return rubbish("the model's answer ended before it was whole");
  TRY(close_call(events));
  events.emplace_back(Finished{.stop = stop_of(finish_reason_, calls_ > 0, stop_sequence_), .usage = usage_});
  return {};
}

}  // namespace warifu::llm
