#include "services/memory/payloads.h"

#include <fmt/format.h>

#include "json/writer.h"
#include "services/memory/errors.h"
#include "services/memory/limits.h"

namespace warifu::services::memory::payloads {
namespace {

namespace m = model::agentcore;

void append_conversational(std::string& out, const m::Conversational& item) {
  out += R"({"conversational":{"content":{)";
  if (item.content.text) {
    out += R"("text":)";
    json::append_quoted(out, *item.content.text);
  }
  out += R"(},"role":)";
  json::append_quoted(out, item.role);
  out += "}}";
}

Result<> append_item(std::string& out, const m::PayloadType& item, std::size_t number) {
  const std::string field = fmt::format("payload.{}.member", number);
  if (item.conversational) {
    append_conversational(out, *item.conversational);
  } else if (item.blob) {
    out += R"({"blob":)";
    out += item.blob->json;
    out += '}';
  } else if (item.json) {
    const std::string& text = item.json->content.json;
    if (text.size() > kMessageBytesMax) {
      return fail(invalid_field(field, fmt::format("{}.json.content of {} bytes exceeds the limit of {} bytes", field,
                                                   text.size(), kMessageBytesMax)));
    }
    out += R"({"json":{"content":)";
    out += text;
    out += "}}";
  } else {
    return fail(invalid_field(field, fmt::format("{} must have one member", field)));
  }
  return {};
}

}  // namespace

Result<std::string> encode(const std::vector<m::PayloadType>& items) {
  std::string out = "[";
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    TRY(append_item(out, items[i], i + 1));
  }
  out += ']';
  if (out.size() > kEventBytesMax) {
    return fail(invalid_field("payload", fmt::format("payload of {} bytes exceeds the limit of {} bytes per event",
                                                     out.size(), kEventBytesMax)));
  }
  return out;
}

}  // namespace warifu::services::memory::payloads
