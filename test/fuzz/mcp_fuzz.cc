// Any bytes from an MCP peer, by their first byte: a message is read alike after it was written; a stream is cut into
// the same events however it comes in pieces; a schema and an instance are judged twice alike and within their bounds;
// a request that an endpoint takes agrees with its headers.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "mcp/envelope.h"
#include "mcp/message.h"
#include "mcp/schema.h"
#include "mcp/sse.h"

namespace {

using namespace warifu::mcp;
namespace json = warifu::json;
namespace http = warifu::http;

constexpr std::size_t kEventMax = 4096;

void require(bool holds) {
  if (!holds) std::abort();
}

void try_message(std::string_view bytes) {
  const auto body = read_body(bytes);
  if (!body) return require(!body.error().error.message.empty());
  require(!body->messages.empty() && (body->batch || body->messages.size() == 1));
  for (const Message& message : body->messages) {
    const std::string text = print(message);
    require(text.find('\n') == std::string::npos);
    const auto again = read_body(text);
    require(again.has_value() && print(again->messages.at(0)) == text);
  }
}

std::vector<std::string> cut(std::string_view bytes, std::size_t step) {
  EventReader reader(kEventMax);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    reader.feed(bytes.substr(at, step));
    for (;;) {
      auto event = reader.next();
      if (!event) return out;
      if (!*event) break;
      require((*event)->data.size() <= kEventMax);
      out.push_back((*event)->type + "|" + (*event)->id + "|" + (*event)->data);
    }
  }
  return out;
}

void try_events(std::string_view bytes) {
  const std::vector<std::string> whole = cut(bytes, bytes.size() + 1);
  if (bytes.size() <= kEventMax) require(cut(bytes, 1) == whole && cut(bytes, 7) == whole);
  if (bytes.size() > kEventMax / 2) return;
  std::string text;
  append_event(text, bytes);
  require(cut(text, 5).size() == 1);
}

void try_schema(std::string_view bytes) {
  const auto both = json::parse(bytes);
  const json::Value* schema = both ? both->find("schema") : nullptr;
  const json::Value* instance = both ? both->find("instance") : nullptr;
  if (schema == nullptr || instance == nullptr) return;
  const SchemaLimits limits{.subschemas_max = 500, .depth_max = 64, .steps_max = 5000, .violations_max = 5};
  const auto compiled = Schema::compile(*schema, limits);
  if (!compiled) return require(!compiled.error().message.empty());
  const auto first = compiled->validate(*instance);
  require(first.size() <= limits.violations_max + 1);
  require(sentence(compiled->validate(*instance)) == sentence(first));
}

/// Header lines `name: value`, an empty line, the body.
void try_envelope(std::string_view bytes) {
  http::Request request{.method = "POST"};
  request.headers.add("Content-Type", "application/json");
  while (!bytes.empty() && bytes.front() != '\n') {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) break;
    request.headers.add(std::string(line.substr(0, colon)), std::string(line.substr(colon + 2)));
    bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
  }
  request.body = bytes.substr(std::min<std::size_t>(1, bytes.size()));
  const ServerProfile profile{.server_info = json::Value::object(),
                              .versions = {all_versions().begin(), all_versions().end()},
                              .sessions = request.body.size() % 2 == 0,
                              .streaming = true};
  const auto envelope = open_envelope(request, profile);
  if (!envelope) return require(envelope.error().status >= 400 && envelope.error().status < 500);
  require(!envelope->messages.empty());
  require(envelope->batch ? has_batches(envelope->version) : envelope->messages.size() == 1);
  if (!is_stateless(envelope->version)) return;
  const Message& message = envelope->messages.at(0);
  require(!message.is_answer() && envelope->session_id.empty());
  require(request.headers.get("mcp-protocol-version") == name(envelope->version));
  const auto method = request.headers.get("mcp-method");
  require(message.kind == Message::Kind::kNotification || method == message.method);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'e':
      try_events(bytes);
      break;
    case 's':
      try_schema(bytes);
      break;
    case 'h':
      try_envelope(bytes);
      break;
    default:
      try_message(bytes);
  }
  return 0;
}
