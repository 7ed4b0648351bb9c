#include "wire/encode_body.h"
#include "wire/scalar.h"

namespace warifu::wire {
namespace {

constexpr std::string_view kTypeAttribute = "xsi:type";

void append_element(std::string& out, std::string_view name, const Shape& shape, const void* value, TimeFormat format);

void open_tag(std::string& out, std::string_view name) { out.append("<").append(name).append(">"); }
void close_tag(std::string& out, std::string_view name) { out.append("</").append(name).append(">"); }

void append_items(std::string& out, std::string_view name, const Shape& shape, const void* value) {
  const std::size_t size = shape.list->size(value);
  for (std::size_t i = 0; i < size; ++i) {
    append_element(out, name, *shape.element, shape.list->at(value, i), TimeFormat::kDefault);
  }
}

struct MapWalk {
  std::string& out;
  std::string_view entry;
  const Shape& shape;
};

void append_entries(std::string& out, std::string_view name, const Shape& shape, const void* value) {
  MapWalk walk{.out = out, .entry = name, .shape = shape};
  shape.map->each(value, &walk, [](void* context, const std::string& key, const void* entry) {
    auto& state = *static_cast<MapWalk*>(context);
    open_tag(state.out, state.entry);
    open_tag(state.out, "key");
    append_xml_text(state.out, key);
    close_tag(state.out, "key");
    append_element(state.out, "value", *state.shape.element, entry, TimeFormat::kDefault);
    close_tag(state.out, state.entry);
    return true;
  });
}

void append_content(std::string& out, const Shape& shape, const void* value, TimeFormat format) {
  switch (shape.kind) {
    case Kind::kStructure:
    case Kind::kUnion:
      return append_xml_members(out, shape, value);
    case Kind::kList:
      return append_items(out, shape.element_name, shape, value);
    case Kind::kMap:
      return append_entries(out, "entry", shape, value);
    case Kind::kDocument:
      return append_xml_text(out, static_cast<const Document*>(value)->json);
    case Kind::kString:
    case Kind::kBlob:
    case Kind::kBoolean:
    case Kind::kInteger:
    case Kind::kLong:
    case Kind::kDouble:
    case Kind::kTimestamp:
      return append_xml_text(out, format_scalar(shape, value, format));
  }
}

/// Which kind of grantee it is stands in an attribute.
void append_type(std::string& out, const Shape& shape, const void* value) {
  if (shape.kind != Kind::kStructure) return;
  for (const Member& member : shape.members) {
    if (member.wire_name != kTypeAttribute) continue;
    const void* type = read_member(member, value);
    if (type == nullptr) return;
    out.append(" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" ").append(kTypeAttribute).append("=\"");
    append_xml_text(out, *static_cast<const std::string*>(type));
    out.append("\"");
  }
}

void append_element(std::string& out, std::string_view name, const Shape& shape, const void* value, TimeFormat format) {
  out.append("<").append(name);
  append_type(out, shape, value);
  out.append(">");
  append_content(out, shape, value, format);
  close_tag(out, name);
}

}  // namespace

void append_xml_members(std::string& out, const Shape& shape, const void* object) {
  for (const Member& member : shape.members) {
    const void* field = read_member(member, object);
    if (field == nullptr || member.location != Location::kBody) continue;
    if (member.wire_name.starts_with(kTypeAttribute)) continue;
    if (member.flattened && member.shape->kind == Kind::kList) {
      append_items(out, member.wire_name, *member.shape, field);
    } else if (member.flattened && member.shape->kind == Kind::kMap) {
      append_entries(out, member.wire_name, *member.shape, field);
    } else {
      append_element(out, member.wire_name, *member.shape, field, member.time_format);
    }
  }
}

void append_xml_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out.append("&amp;");
        break;
      case '<':
        out.append("&lt;");
        break;
      case '>':
        out.append("&gt;");
        break;
      case '"':
        out.append("&quot;");
        break;
      case '\'':
        out.append("&apos;");
        break;
      // A bare carriage return would be read back as a line feed (XML 1.0 §2.11).
      case '\r':
        out.append("&#xD;");
        break;
      case '\n':
      case '\t':
        out.push_back(c);
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out.append("\xef\xbf\xbd");
        } else {
          out.push_back(c);
        }
    }
  }
}

}  // namespace warifu::wire
