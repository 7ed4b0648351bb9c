#include "openapi/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace warifu::openapi {
namespace {

/// Words that mean in JSON Schema what they mean here, and hold no schema.
constexpr std::array<std::string_view, 19> kCopied = {
    "title",           "description", "enum",        "const",         "default",       "format",
    "pattern",         "minLength",   "maxLength",   "minimum",       "maximum",       "multipleOf",
    "minItems",        "maxItems",    "uniqueItems", "minProperties", "maxProperties", "exclusiveMinimum",
    "exclusiveMaximum"};
constexpr std::array<std::string_view, 4> kRefused = {"oneOf", "anyOf", "allOf", "not"};
constexpr std::size_t kBytesOfAValue = 64;
constexpr std::size_t kWordsMax = 200;  // members of one schema: each is looked for by name

bool is_true(const json::Value& schema, std::string_view name) {
  const json::Value* value = schema.find(name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

std::size_t weight_of(const json::Value& value, std::size_t depth) {
  if (depth > kSchemaDepthMax) return kSchemaNodesMax + 1;
  std::size_t total = 1;
  if (value.is_string()) total += value.as_string().size() / kBytesOfAValue;
  if (value.is_array()) {
    for (const json::Value& item : value.items()) total += weight_of(item, depth + 1);
  } else if (value.is_object()) {
    for (const auto& [name, inner] : value.members()) {
      total += name.size() / kBytesOfAValue + weight_of(inner, depth + 1);
    }
  }
  return total;
}

json::Value any_object() { return json::Value::object({{"type", json::Value::string("object")}}); }

/// 3.0's `nullable`: the type, or null.
json::Value with_null(const json::Value& type) {
  if (!type.is_string()) return type;
  return json::Value::array({type, json::Value::string("null")});
}

/// 3.0 says that a bound is exclusive beside the bound, 3.1 instead of it.
void add_bound(const json::Value& schema, std::string_view bound, std::string_view exclusive, json::Value& out) {
  const json::Value* value = schema.find(bound);
  if (value == nullptr) return;
  out.set(std::string(is_true(schema, exclusive) ? exclusive : bound), *value);
}

bool is_bound(std::string_view word) {
  return word == "minimum" || word == "maximum" || word == "exclusiveMinimum" || word == "exclusiveMaximum";
}

}  // namespace

Result<> SchemaReader::charge(std::string_view text) { return weigh(1 + text.size() / kBytesOfAValue); }

Result<json::Value> SchemaReader::read(const json::Value& schema) { return read_at(schema, 0); }

Result<> SchemaReader::weigh(std::size_t weight) {
  weight_ += weight;
  weight_of_all_ += weight;
  if (weight_ <= kSchemaNodesMax && weight_of_all_ <= kAllNodesMax) return {};
  return fail(validation_error("a schema is too large with its references resolved"));
}

Result<json::Value> SchemaReader::read_at(const json::Value& schema, std::size_t depth) {
  if (depth > kSchemaDepthMax) return fail(validation_error("a schema nests too deep"));
  TRY(weigh(1));
  if (schema.is_bool()) return json::Value::object();  // 3.1: true is any value
  if (!schema.is_object()) return fail(validation_error("a schema is no object"));
  const json::Value* target = TRY(references_.follow(schema));
  if (!target->is_object()) return fail(validation_error("a schema is no object"));
  if (!open_.insert(target).second) return any_object();
  json::Value out = json::Value::object();
  const Result<> copied = copy(*target, out, depth);
  open_.erase(target);
  if (!copied) return fail(copied.error());
  // 3.1 lets a description stand beside a reference.
  if (const auto said = schema.find_string("description"); said && out.find("description") == nullptr)
    out.set("description", json::Value::string(*said));
  return out;
}

Result<> SchemaReader::copy(const json::Value& schema, json::Value& out, std::size_t depth) {
  if (schema.members().size() > kWordsMax) return fail(validation_error("a schema has too many members"));
  for (const std::string_view word : kRefused) {
    if (schema.find(word) != nullptr) return fail(validation_error(fmt::format("`{}` is not supported", word)));
  }
  if (schema.find_string("format") == "binary") return fail(validation_error("binary content is not supported"));
  if (const json::Value* type = schema.find("type"))
    out.set("type", legacy_ && is_true(schema, "nullable") ? with_null(*type) : *type);
  for (const std::string_view word : kCopied) {
    const json::Value* value = schema.find(word);
    if (value == nullptr || (legacy_ && is_bound(word))) continue;
    TRY(weigh(weight_of(*value, 0)));
    out.set(std::string(word), *value);
  }
  if (legacy_) {
    add_bound(schema, "minimum", "exclusiveMinimum", out);
    add_bound(schema, "maximum", "exclusiveMaximum", out);
  }
  std::set<std::string> hidden;
  if (const json::Value* given = schema.find("properties"); given != nullptr && given->is_object())
    out.set("properties", TRY(properties(*given, hidden, depth)));
  if (const json::Value* required = schema.find("required"); required != nullptr && required->is_array()) {
    std::vector<json::Value> names;
    for (const json::Value& name : required->items()) {
      if (name.is_string() && !hidden.contains(name.as_string())) names.push_back(name);
    }
    if (!names.empty()) out.set("required", json::Value::array(std::move(names)));
  }
  for (const std::string_view word : {"items", "additionalProperties"}) {
    const json::Value* inner = schema.find(word);
    if (inner == nullptr) continue;
    out.set(std::string(word), inner->is_bool() ? *inner : TRY(read_at(*inner, depth + 1)));
  }
  return {};
}

Result<json::Value> SchemaReader::properties(const json::Value& given, std::set<std::string>& hidden,
                                             std::size_t depth) {
  json::Value out = json::Value::object();
  for (const auto& [name, schema] : given.members()) {
    const json::Value* target = TRY(references_.follow(schema));
    if (is_true(*target, "readOnly") || is_true(schema, "readOnly")) {
      hidden.insert(name);
      continue;
    }
    TRY(weigh(name.size() / kBytesOfAValue));
    out.set(name, TRY(read_at(schema, depth + 1)));
  }
  return out;
}

}  // namespace warifu::openapi
