#include "base/encoding.h"
#include "json/writer.h"
#include "wire/encode_body.h"
#include "wire/scalar.h"

namespace warifu::wire {
namespace {

void append_time(std::string& out, const Shape& shape, const void* value, TimeFormat format) {
  if (format == TimeFormat::kDefault || format == TimeFormat::kEpoch) {
    return append_epoch(out, *static_cast<const Timestamp*>(value));
  }
  json::append_quoted(out, format_scalar(shape, value, format));
}

void append_list(std::string& out, const Shape& shape, const void* value) {
  out.push_back('[');
  const std::size_t size = shape.list->size(value);
  for (std::size_t i = 0; i < size; ++i) {
    if (i > 0) out.push_back(',');
    append_json(out, *shape.element, shape.list->at(value, i));
  }
  out.push_back(']');
}

struct MapWalk {
  std::string& out;
  const Shape& element;
  bool first = true;
};

void append_map(std::string& out, const Shape& shape, const void* value) {
  out.push_back('{');
  MapWalk walk{.out = out, .element = *shape.element};
  shape.map->each(value, &walk, [](void* context, const std::string& key, const void* entry) {
    auto& state = *static_cast<MapWalk*>(context);
    if (!state.first) state.out.push_back(',');
    state.first = false;
    json::append_quoted(state.out, key);
    state.out.push_back(':');
    append_json(state.out, state.element, entry);
    return true;
  });
  out.push_back('}');
}

}  // namespace

bool append_json_members(std::string& out, const Shape& shape, const void* object) {
  out.push_back('{');
  bool first = true;
  for (const Member& member : shape.members) {
    const void* field = member.location == Location::kBody ? read_member(member, object) : nullptr;
    if (field == nullptr) continue;
    if (!first) out.push_back(',');
    first = false;
    // Names of members need no escapes.
    out.push_back('"');
    out.append(member.wire_name).append("\":");
    append_json(out, *member.shape, field, member.time_format);
  }
  out.push_back('}');
  return !first;
}

void append_json(std::string& out, const Shape& shape, const void* value, TimeFormat format) {
  switch (shape.kind) {
    case Kind::kString:
      return json::append_quoted(out, *static_cast<const std::string*>(value));
    case Kind::kBlob:
      return json::append_quoted(out, base64_encode(*static_cast<const std::string*>(value)));
    case Kind::kTimestamp:
      return append_time(out, shape, value, format);
    case Kind::kDocument: {
      const std::string& text = static_cast<const Document*>(value)->json;
      out.append(text.empty() ? "null" : text);
      return;
    }
    case Kind::kStructure:
    case Kind::kUnion:
      append_json_members(out, shape, value);
      return;
    case Kind::kList:
      return append_list(out, shape, value);
    case Kind::kMap:
      return append_map(out, shape, value);
    case Kind::kBoolean:
    case Kind::kInteger:
    case Kind::kLong:
    case Kind::kDouble:
      out.append(format_scalar(shape, value, format));
      return;
  }
}

}  // namespace warifu::wire
