#include "json/value.h"

#include <charconv>
#include <unordered_set>

#include "base/check.h"
#include "json/writer.h"

namespace warifu::json {
namespace {

/// Past 2^53 a double no longer tells neighbouring integers apart.
constexpr double kExactDoubleMax = 9007199254740992.0;

template <class T>
std::optional<T> number_from(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Value Value::boolean(bool value) {
  Value v;
  v.type_ = Type::kBool;
  v.bool_ = value;
  return v;
}

Value Value::number(std::int64_t value) { return number_text(std::to_string(value)); }

Value Value::number_text(std::string text) {
  Value v;
  v.type_ = Type::kNumber;
  v.text_ = std::move(text);
  return v;
}

Value Value::string(std::string text) {
  Value v;
  v.type_ = Type::kString;
  v.text_ = std::move(text);
  return v;
}

Value Value::array(std::vector<Value> items) {
  Value v;
  v.type_ = Type::kArray;
  v.items_ = std::move(items);
  return v;
}

Value Value::object(std::vector<Member> members) {
  Value v;
  v.type_ = Type::kObject;
  v.members_ = std::move(members);
  return v;
}

bool Value::as_bool() const {
  CHECK(is_bool());
  return bool_;
}

const std::string& Value::as_string() const {
  CHECK(is_string());
  return text_;
}

const std::string& Value::number_text() const {
  CHECK(is_number());
  return text_;
}

const std::vector<Value>& Value::items() const {
  CHECK(is_array());
  return items_;
}

const std::vector<Value::Member>& Value::members() const {
  CHECK(is_object());
  return members_;
}

std::vector<Value>& Value::items() {
  CHECK(is_array());
  return items_;
}

std::vector<Value::Member>& Value::members() {
  CHECK(is_object());
  return members_;
}

std::optional<std::int64_t> Value::as_int64() const {
  if (!is_number()) return std::nullopt;
  if (const auto plain = number_from<std::int64_t>(text_)) return plain;
  // `1.0` and `1e3` are integers too.
  const auto value = number_from<double>(text_);
  if (!value || *value < -kExactDoubleMax || *value > kExactDoubleMax) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(*value);
  if (static_cast<double>(whole) != *value) return std::nullopt;
  return whole;
}

std::optional<double> Value::as_double() const {
  if (!is_number()) return std::nullopt;
  return number_from<double>(text_);
}

const Value* Value::find(std::string_view name) const {
  for (const Member& member : members_) {
    if (member.first == name) return &member.second;
  }
  return nullptr;
}

std::optional<std::string> Value::find_string(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->text_;
}

std::optional<std::string> Value::duplicate_member() const {
  std::unordered_set<std::string_view> seen;
  for (const Member& member : members_) {
    if (!seen.insert(member.first).second) return member.first;
  }
  return std::nullopt;
}

Value& Value::set(std::string name, Value value) {
  CHECK(is_object());
  members_.emplace_back(std::move(name), std::move(value));
  return *this;
}

namespace {

void write_value(Writer& writer, const Value& value) {
  switch (value.type()) {
    case Value::Type::kNull:
      writer.null();
      break;
    case Value::Type::kBool:
      writer.boolean(value.as_bool());
      break;
    case Value::Type::kNumber:
      writer.raw(value.number_text());
      break;
    case Value::Type::kString:
      writer.string(value.as_string());
      break;
    case Value::Type::kArray:
      writer.begin_array();
      for (const Value& item : value.items()) write_value(writer, item);
      writer.end_array();
      break;
    case Value::Type::kObject:
      writer.begin_object();
      for (const auto& [name, member] : value.members()) write_value(writer.key(name), member);
      writer.end_object();
      break;
  }
}

}  // namespace

std::string Value::dump() const {
  std::string out;
  Writer writer(out);
  write_value(writer, *this);
  return out;
}

}  // namespace warifu::json
