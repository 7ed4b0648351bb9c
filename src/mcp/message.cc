#include "mcp/message.h"

#include <array>
#include <utility>

#include "json/writer.h"

namespace warifu::mcp {
namespace {

constexpr std::string_view kProtocol = "2.0";

std::unexpected<Malformed> invalid(std::optional<Id> id, std::string message) {
  return std::unexpected(
      Malformed{.id = std::move(id), .error = {.code = rpc::kInvalidRequest, .message = std::move(message)}});
}

/// The members of an envelope, each at most once; nullopt: one of them stands twice.
struct Parts {
  json::Value *version = nullptr, *id = nullptr, *method = nullptr, *params = nullptr, *result = nullptr,
              *error = nullptr;

  static std::optional<Parts> of(json::Value& object) {
    Parts parts;
    const std::array<std::pair<std::string_view, json::Value**>, 6> slots = {{{"jsonrpc", &parts.version},
                                                                              {"id", &parts.id},
                                                                              {"method", &parts.method},
                                                                              {"params", &parts.params},
                                                                              {"result", &parts.result},
                                                                              {"error", &parts.error}}};
    for (auto& [name, value] : object.members()) {
      for (const auto& [slot_name, slot] : slots) {
        if (name != slot_name) continue;
        if (*slot != nullptr) return std::nullopt;
        *slot = &value;
      }
    }
    return parts;
  }
};

std::optional<RpcError> read_error(json::Value& value) {
  if (!value.is_object()) return std::nullopt;
  const json::Value* code = value.find("code");
  const json::Value* message = value.find("message");
  const std::optional<std::int64_t> number = code == nullptr ? std::nullopt : code->as_int64();
  if (!number || *number < INT32_MIN || *number > INT32_MAX) return std::nullopt;
  if (message == nullptr || !message->is_string()) return std::nullopt;
  RpcError error{.code = static_cast<int>(*number), .message = message->as_string()};
  if (const json::Value* data = value.find("data")) error.data = *data;
  return error;
}

std::expected<Message, Malformed> read_call(Parts& parts, std::optional<Id> id) {
  Message message;
  if (!parts.method->is_string()) return invalid(std::move(id), "`method` must be a string");
  if (parts.method->as_string().empty() || parts.method->as_string().size() > kMethodBytesMax)
    return invalid(std::move(id), "`method` is empty or too long");
  if (parts.result != nullptr || parts.error != nullptr)
    return invalid(std::move(id), "a request has no `result` or `error`");
  if (parts.params != nullptr && !parts.params->is_object())
    return invalid(std::move(id), "`params` must be an object");
  message.kind = id ? Message::Kind::kRequest : Message::Kind::kNotification;
  message.id = std::move(id);
  message.method = parts.method->as_string();
  if (parts.params != nullptr) message.params = std::move(*parts.params);
  return message;
}

std::expected<Message, Malformed> read_answer(Parts& parts, std::optional<Id> id) {
  if (parts.params != nullptr) return invalid(std::move(id), "an answer has no `params`");
  if (parts.result != nullptr && parts.error != nullptr)
    return invalid(std::move(id), "`result` and `error` exclude each other");
  if (parts.result != nullptr) {
    if (!id) return invalid({}, "a result needs an `id`");
    if (!parts.result->is_object()) return invalid(std::move(id), "`result` must be an object");
    return result(std::move(*id), std::move(*parts.result));
  }
  if (parts.error == nullptr) return invalid(std::move(id), "a message needs `method`, `result` or `error`");
  std::optional<RpcError> said = read_error(*parts.error);
  if (!said) return invalid(std::move(id), "`error` must have an integer `code` and a string `message`");
  return error(std::move(id), std::move(*said));
}

void write(json::Writer& writer, const Id& id) { writer.key("id").raw(id.value().dump()); }

}  // namespace

std::optional<Id> Id::from(const json::Value& value) {
  if (value.is_string() && value.as_string().size() <= kIdBytesMax) return Id(value.as_string());
  if (value.is_number()) {
    if (const auto number = value.as_int64()) return Id(*number);
  }
  return std::nullopt;
}

json::Value Id::value() const {
  if (const auto* number = std::get_if<std::int64_t>(&value_)) return json::Value::number(*number);
  return json::Value::string(std::get<std::string>(value_));
}

std::string Id::text() const {
  if (const auto* number = std::get_if<std::int64_t>(&value_)) return std::to_string(*number);
  return std::get<std::string>(value_);
}

const json::Value* Message::meta() const {
  const json::Value* found = params.find("_meta");
  return found != nullptr && found->is_object() ? found : nullptr;
}

Message request(Id id, std::string method, json::Value params) {
  Message message;
  message.kind = Message::Kind::kRequest;
  message.id = std::move(id);
  message.method = std::move(method);
  message.params = std::move(params);
  return message;
}

Message notification(std::string method, json::Value params) {
  Message message;
  message.method = std::move(method);
  message.params = std::move(params);
  return message;
}

Message result(Id id, json::Value value) {
  Message message;
  message.kind = Message::Kind::kResult;
  message.id = std::move(id);
  message.result = std::move(value);
  return message;
}

Message error(std::optional<Id> id, RpcError said) {
  Message message;
  message.kind = Message::Kind::kError;
  message.id = std::move(id);
  message.error = std::move(said);
  return message;
}

std::expected<Message, Malformed> read_message(json::Value value) {
  if (!value.is_object()) return invalid({}, "a message must be an object");
  std::optional<Parts> parts = Parts::of(value);
  if (!parts) return invalid({}, "a member of the message stands twice");
  std::optional<Id> id;
  if (parts->id != nullptr) id = Id::from(*parts->id);
  if (parts->version == nullptr || !parts->version->is_string() || parts->version->as_string() != kProtocol)
    return invalid(std::move(id), "`jsonrpc` must be \"2.0\"");
  // Only an error may leave open whom it answers.
  const bool open = parts->id != nullptr && parts->id->is_null() && parts->error != nullptr;
  if (parts->id != nullptr && !id && !open) return invalid({}, "`id` must be a string or an integer");
  return parts->method != nullptr ? read_call(*parts, std::move(id)) : read_answer(*parts, std::move(id));
}

std::expected<Body, Malformed> read_body(std::string_view text) {
  if (text.size() > kMessageBytesMax) return invalid({}, "the message is too large");
  Result<json::Value> parsed = json::parse(text, {.bytes_max = kMessageBytesMax, .depth_max = kMessageDepthMax});
  if (!parsed) {
    return std::unexpected(
        Malformed{.id = {}, .error = {.code = rpc::kParseError, .message = "Parse error: " + parsed.error().message}});
  }
  Body body;
  body.batch = parsed->is_array();
  if (!body.batch) {
    std::expected<Message, Malformed> message = read_message(std::move(*parsed));
    if (!message) return std::unexpected(std::move(message).error());
    body.messages.push_back(std::move(*message));
    return body;
  }
  if (parsed->items().empty()) return invalid({}, "a batch must not be empty");
  if (parsed->items().size() > kBatchMax) return invalid({}, "the batch holds too many messages");
  for (json::Value& item : parsed->items()) {
    std::expected<Message, Malformed> message = read_message(std::move(item));
    if (!message) return std::unexpected(std::move(message).error());
    body.messages.push_back(std::move(*message));
  }
  return body;
}

void append(std::string& out, const Message& message) {
  json::Writer writer(out);
  writer.begin_object().key("jsonrpc").string(kProtocol);
  if (message.id) write(writer, *message.id);
  switch (message.kind) {
    case Message::Kind::kRequest:
    case Message::Kind::kNotification:
      writer.key("method").string(message.method);
      if (!message.params.is_null()) writer.key("params").raw(message.params.dump());
      break;
    case Message::Kind::kResult:
      writer.key("result").raw(message.result.dump());
      break;
    case Message::Kind::kError:
      if (!message.id) writer.key("id").null();
      writer.key("error").begin_object();
      writer.key("code").integer(message.error.code).key("message").string(message.error.message);
      if (!message.error.data.is_null()) writer.key("data").raw(message.error.data.dump());
      writer.end_object();
      break;
  }
  writer.end_object();
}

std::string print(const Message& message) {
  std::string out;
  append(out, message);
  return out;
}

std::string print_result(const Id& id, std::string_view result_json) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("jsonrpc").string(kProtocol);
  write(writer, id);
  writer.key("result").raw(result_json).end_object();
  return out;
}

}  // namespace warifu::mcp
