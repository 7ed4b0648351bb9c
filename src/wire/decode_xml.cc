#include <algorithm>
#include <bitset>

#include "base/encoding.h"
#include "wire/decode.h"
#include "wire/decode_json.h"
#include "wire/scalar.h"
#include "wire/xml_reader.h"

namespace warifu::wire {
namespace {

/// Structures of AWS's models have at most a few dozen members; the generator holds the bound.
constexpr std::size_t kMembersMax = 256;

/// Reads one document into a value. Recursion is bounded by kDepthMax.
class XmlDecoder {
 public:
  XmlDecoder(std::string_view text, Violations& violations) : reader_(text, kDepthMax), violations_(violations) {}

  bool run(const Shape& shape, void* value) {
    std::string_view name;
    return reader_.root(name) && read_value(shape, value, Path{}) && reader_.at_end();
  }

 private:
  bool read_value(const Shape& shape, void* value, const Path& path) {
    switch (shape.kind) {
      case Kind::kStructure:
      case Kind::kUnion:
        return read_structure(shape, value, path);
      case Kind::kList:
        return read_list(shape, value, path);
      case Kind::kMap:
      case Kind::kDocument:
        return reader_.skip();
      case Kind::kString:
      case Kind::kBlob:
      case Kind::kBoolean:
      case Kind::kInteger:
      case Kind::kLong:
      case Kind::kDouble:
      case Kind::kTimestamp:
        return reader_.read_text(text_) && parse_scalar(shape, text_, value);
    }
    return false;
  }

  bool read_list(const Shape& shape, void* value, const Path& path) {
    std::string_view name;
    while (reader_.next_child(name)) {
      if (!read_element(shape, value, path)) return false;
    }
    return !reader_.failed();
  }

  bool read_element(const Shape& shape, void* list, const Path& path) {
    const std::size_t index = shape.list->size(list);
    if (index >= kCollectionItemsMax) return false;
    return read_value(*shape.element, shape.list->append(list), path.at(index));
  }

  bool read_structure(const Shape& shape, void* object, const Path& path) {
    std::bitset<kMembersMax> seen;
    std::string_view name;
    while (reader_.next_child(name)) {
      const auto found = std::ranges::find_if(
          shape.members, [&](const Member& m) { return m.location == Location::kBody && m.wire_name == name; });
      if (found == shape.members.end()) {
        if (!reader_.skip()) return false;
        continue;
      }
      const auto place = static_cast<std::size_t>(found - shape.members.begin());
      const bool again = seen.test(place);
      seen.set(place);
      if (!read_member(*found, object, path.member(found->name), again)) return false;
    }
    report_missing(shape, object, path, seen);
    return !reader_.failed();
  }

  bool read_member(const Member& member, void* object, const Path& path, bool again) {
    if (!member.flattened || member.shape->kind != Kind::kList) {
      return read_value(*member.shape, open_member(member, object), path);
    }
    void* list = again ? const_cast<void*>(wire::read_member(member, object)) : open_member(member, object);
    return read_element(*member.shape, list, path);
  }

  void report_missing(const Shape& shape, void* object, const Path& path, const std::bitset<kMembersMax>& seen) {
    for (std::size_t i = 0; i < shape.members.size(); ++i) {
      const Member& member = shape.members[i];
      if (member.required && member.location == Location::kBody && !seen.test(i)) {
        violations_.missing(path.member(member.name), wire::read_member(member, object));
      }
    }
  }

  XmlReader reader_;
  Violations& violations_;
  std::string text_;
};

}  // namespace

Result<> decode_xml_value(const Operation& operation, const Shape& shape, std::string_view text, void* value,
                          Violations& violations) {
  if (is_utf8(text) && XmlDecoder(text, violations).run(shape, value)) return {};
  return fail(cannot_parse(
      operation, "The XML you provided was not well-formed or did not validate against our published schema"));
}

}  // namespace warifu::wire
