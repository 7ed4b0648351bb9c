#include "wire/decode_json.h"

#include <algorithm>
#include <array>
#include <bitset>

#include "base/encoding.h"
#include "wire/decode.h"
#include "wire/json_reader.h"
#include "wire/scalar.h"

namespace warifu::wire {
namespace {

using Token = JsonReader::Token;

/// Structures of AWS's models have at most a few dozen members.
constexpr std::size_t kMembersMax = 256;

std::string_view name_of(Token token) {
  switch (token) {
    case Token::kObject:
      return "START_OBJECT";
    case Token::kArray:
      return "START_ARRAY";
    case Token::kString:
      return "STRING_VALUE";
    case Token::kNumber:
      return "NUMBER_VALUE";
    case Token::kTrue:
      return "TRUE_VALUE";
    case Token::kFalse:
      return "FALSE_VALUE";
    case Token::kNull:
      return "NULL_VALUE";
    case Token::kError:
      break;
  }
  return "INVALID_VALUE";
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::kString:
      return "String";
    case Kind::kBlob:
      return "Blob";
    case Kind::kBoolean:
      return "Boolean";
    case Kind::kInteger:
      return "Integer";
    case Kind::kLong:
      return "Long";
    case Kind::kDouble:
      return "Double";
    case Kind::kTimestamp:
      return "Timestamp";
    case Kind::kDocument:
      return "Document";
    case Kind::kStructure:
    case Kind::kUnion:
      return "Structure";
    case Kind::kList:
      return "List";
    case Kind::kMap:
      return "Map";
  }
  return "Value";
}

/// One descent through a body. Its recursion is bounded by the reader's depth.
class JsonDecoder {
 public:
  JsonDecoder(const Operation& operation, std::string_view text, Violations& violations)
      : operation_(operation), reader_(text, kDepthMax), violations_(violations) {}

  bool value(const Shape& shape, void* out, const Path& path) {
    const Token token = reader_.peek();
    switch (shape.kind) {
      case Kind::kStructure:
      case Kind::kUnion:
        return token == Token::kObject ? members(shape, out, path) : wrong(token, shape.kind);
      case Kind::kList:
        return token == Token::kArray ? list(shape, out, path) : wrong(token, shape.kind);
      case Kind::kMap:
        return token == Token::kObject ? map(shape, out, path) : wrong(token, shape.kind);
      case Kind::kDocument:
        return document(out);
      case Kind::kString:
        return token == Token::kString ? string(out) : wrong(token, shape.kind);
      case Kind::kBoolean:
        return boolean(token, shape, out);
      case Kind::kInteger:
      case Kind::kLong:
      case Kind::kDouble:
        return number(token, shape, out);
      case Kind::kBlob:
      case Kind::kTimestamp:
        return text_or_number(token, shape, out);
    }
    return false;
  }

  bool members(const Shape& shape, void* object, const Path& path) {
    std::bitset<kMembersMax> seen;
    if (!reader_.enter()) return false;
    bool first = true;
    std::size_t next = 0;  // clients mostly send members in the model's order
    std::string_view key;
    while (reader_.next_member(first, key)) {
      const Member* member = find(shape, key, next);
      // Null is absent, but it is a document like any other.
      const bool null = reader_.peek() == Token::kNull;
      if (member == nullptr || (null && member->shape->kind != Kind::kDocument)) {
        if (reader_.read_raw().empty()) return false;
        continue;
      }
      void* field = open_member(*member, object);
      if (!value(*member->shape, field, path.member(member->name))) return false;
      seen.set(static_cast<std::size_t>(member - shape.members.data()));
    }
    if (reader_.failed()) return false;
    report_missing(shape, object, path, seen);
    return true;
  }

  /// Required members that no object held, of a body that was empty.
  void absent(const Shape& shape, void* object) { report_missing(shape, object, Path{}, {}); }

  bool finish() { return reader_.at_end(); }

  Error error() && {
    return cannot_parse(operation_,
                        type_error_.empty() ? "the request body is not valid JSON" : std::move(type_error_));
  }

 private:
  /// Of a collection that is too long: enough for validation to say so. Empty elements take three bytes of a body and
  /// hundreds of memory.
  static std::size_t kept_of(const Shape& shape) {
    return static_cast<std::size_t>(std::min(shape.max, static_cast<double>(kCollectionItemsMax))) + 1;
  }

  static const Member* find(const Shape& shape, std::string_view key, std::size_t& next) {
    for (std::size_t tried = 0; tried < shape.members.size(); ++tried, ++next) {
      if (next >= shape.members.size()) next = 0;
      const Member& member = shape.members[next];
      if (member.location == Location::kBody && member.wire_name == key) {
        ++next;
        return &member;
      }
    }
    return nullptr;
  }

  void report_missing(const Shape& shape, void* object, const Path& path, const std::bitset<kMembersMax>& seen) {
    for (std::size_t i = 0; i < shape.members.size(); ++i) {
      const Member& member = shape.members[i];
      if (!member.required || member.location != Location::kBody || seen[i]) continue;
      violations_.missing(path.member(member.name), read_member(member, object));
    }
  }

  bool list(const Shape& shape, void* out, const Path& path) {
    shape.list->clear(out);
    if (!reader_.enter()) return false;
    bool first = true;
    for (std::size_t i = 0; reader_.next_element(first); ++i) {
      if (reader_.peek() == Token::kNull) return wrong(Token::kNull, shape.element->kind);
      if (shape.list->size(out) == kept_of(shape)) {
        if (reader_.read_raw().empty()) return false;
        continue;
      }
      if (!value(*shape.element, shape.list->append(out), path.at(i))) return false;
    }
    return !reader_.failed();
  }

  bool map(const Shape& shape, void* out, const Path& path) {
    shape.map->clear(out);
    if (!reader_.enter()) return false;
    bool first = true;
    std::string_view key;
    while (reader_.next_member(first, key)) {
      std::string name(key);
      if (reader_.peek() == Token::kNull) {
        if (reader_.read_raw().empty()) return false;
        continue;
      }
      if (shape.map->size(out) == kept_of(shape)) {
        if (reader_.read_raw().empty()) return false;
        continue;
      }
      void* slot = shape.map->insert(out, name);
      if (!value(*shape.element, slot, path.key(name, shape.sensitive))) return false;
    }
    return !reader_.failed();
  }

  bool document(void* out) {
    const std::string_view raw = reader_.read_raw();
    static_cast<Document*>(out)->json = raw;
    return !raw.empty();
  }

  bool string(void* out) {
    auto& text = *static_cast<std::string*>(out);
    text.clear();
    return reader_.read_string(text);
  }

  bool boolean(Token token, const Shape& shape, void* out) {
    if (token != Token::kTrue && token != Token::kFalse) return wrong(token, shape.kind);
    *static_cast<bool*>(out) = token == Token::kTrue;
    return !reader_.read_raw().empty();
  }

  bool number(Token token, const Shape& shape, void* out) {
    if (token != Token::kNumber) return wrong(token, shape.kind);
    const std::string_view text = reader_.read_number();
    if (text.empty()) return false;
    return parse_scalar(shape, text, out) || wrong(token, shape.kind);
  }

  /// Timestamps come as numbers or text, blobs as base 64.
  bool text_or_number(Token token, const Shape& shape, void* out) {
    if (token == Token::kNumber && shape.kind == Kind::kTimestamp) return number(token, shape, out);
    if (token != Token::kString) return wrong(token, shape.kind);
    std::string text;
    if (!reader_.read_string(text)) return false;
    return parse_scalar(shape, text, out) || wrong(token, shape.kind);
  }

  bool wrong(Token token, Kind kind) {
    if (token != Token::kError) {
      type_error_.append(name_of(token)).append(" can not be converted to a ").append(name_of(kind));
    }
    return false;
  }

  const Operation& operation_;
  JsonReader reader_;
  Violations& violations_;
  std::string type_error_;
};

}  // namespace

Result<> decode_json_members(const Operation& operation, const Shape& shape, std::string_view text, void* object,
                             Violations& violations) {
  if (text.empty()) {
    JsonDecoder(operation, text, violations).absent(shape, object);
    return {};
  }
  return decode_json_value(operation, shape, text, object, violations);
}

Result<> decode_json_value(const Operation& operation, const Shape& shape, std::string_view text, void* value,
                           Violations& violations) {
  if (!is_utf8(text)) return fail(cannot_parse(operation, "the request body is not UTF-8"));
  JsonDecoder decoder(operation, text, violations);
  if (decoder.value(shape, value, Path{}) && decoder.finish()) return {};
  return fail(std::move(decoder).error());
}

}  // namespace warifu::wire
