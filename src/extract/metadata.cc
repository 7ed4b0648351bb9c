#include "extract/metadata.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "extract/text.h"
#include "json/value.h"
#include "json/writer.h"

namespace warifu::extract {
namespace {

constexpr std::size_t kAnsweredItemsMax = 64;  // elements of a list that are looked at

std::span<const MetadataField> bounded(std::span<const MetadataField> fields) {
  return fields.first(std::min(fields.size(), kMetadataFieldsMax));
}

std::string_view type_name(ValueType type) {
  switch (type) {
    case ValueType::kNumber:
      return "number";
    case ValueType::kStringList:
      return "array";
    case ValueType::kString:
      break;
  }
  return "string";
}

void write_allowed(json::Writer& out, const std::vector<std::string>& allowed, bool nullable) {
  if (allowed.empty()) return;
  out.key("enum").begin_array();
  for (const std::string& value : allowed) out.string(value);
  if (nullable) out.null();
  out.end_array();
}

void write_field(json::Writer& out, const MetadataField& field) {
  out.key(field.key).begin_object();
  out.key("type").begin_array().string(type_name(field.type)).string("null").end_array();
  if (field.type == ValueType::kString) write_allowed(out, field.allowed, true);
  if (field.type == ValueType::kStringList) {
    out.key("items").begin_object().key("type").string("string");
    write_allowed(out, field.allowed, false);
    out.end_object();
  }
  out.end_object();
}

std::string quoted(std::string_view text) {
  std::string out;
  json::append_quoted(out, text);
  return out;
}

std::string bounds_of(const MetadataField& field) {
  std::string out;
  if (!field.allowed.empty()) {
    out += field.type == ValueType::kStringList ? "; each one of" : "; one of";
    for (const std::string& value : field.allowed) out += ' ' + quoted(value);
  }
  if (field.type == ValueType::kStringList) out += fmt::format("; {} at most", field.items_max);
  if (field.least) out += fmt::format("; {} or more", *field.least);
  if (field.most) out += fmt::format("; {} or less", *field.most);
  return out;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

/// The text as it may be stored: in the schema's own spelling where values are listed.
std::optional<std::string> string_of(const json::Value& value, const MetadataField& field, std::size_t characters_max) {
  if (!value.is_string() || value.as_string().size() > 4 * characters_max) return std::nullopt;
  std::string text = squeeze(clean(value.as_string(), 4 * characters_max));
  if (text.empty() || characters(text) > characters_max) return std::nullopt;
  if (field.allowed.empty()) return text;
  const auto same = [&](const std::string& one) { return lower(one) == lower(text); };
  // Two values may differ in case alone.
  auto found = std::ranges::find(field.allowed, text);
  if (found == field.allowed.end()) found = std::ranges::find_if(field.allowed, same);
  if (found == field.allowed.end()) return std::nullopt;
  return *found;
}

std::optional<MetadataValue> list_of(const json::Value& value, const MetadataField& field) {
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string> list;
  std::size_t looked_at = 0;
  for (const json::Value& item : value.items()) {
    if (list.size() == std::min(field.items_max, kMetadataItemsMax) || ++looked_at > kAnsweredItemsMax) break;
    std::optional<std::string> text = string_of(item, field, kMetadataItemMax);
    if (text && std::ranges::find(list, *text) == list.end()) list.push_back(*std::move(text));
  }
  if (list.empty()) return std::nullopt;
  return list;
}

std::optional<MetadataValue> value_of(const json::Value& value, const MetadataField& field) {
  switch (field.type) {
    case ValueType::kStringList:
      return list_of(value, field);
    case ValueType::kNumber: {
      const std::optional<double> number = value.as_double();
      if (!number || !std::isfinite(*number)) return std::nullopt;
      if ((field.least && *number < *field.least) || (field.most && *number > *field.most)) return std::nullopt;
      return *number;
    }
    case ValueType::kString:
      break;
  }
  std::optional<std::string> text = string_of(value, field, kMetadataStringMax);
  if (!text) return std::nullopt;
  return *std::move(text);
}

}  // namespace

std::string metadata_schema(std::span<const MetadataField> fields) {
  if (fields.empty()) return "";
  std::string out = "\"metadata\":";
  json::Writer writer(out);
  writer.begin_object().key("type").string("object").key("additionalProperties").boolean(false);
  writer.key("required").begin_array();
  for (const MetadataField& field : bounded(fields)) writer.string(field.key);
  writer.end_array().key("properties").begin_object();
  for (const MetadataField& field : bounded(fields)) write_field(writer, field);
  writer.end_object().end_object();
  return out;
}

std::string metadata_rules(std::span<const MetadataField> fields) {
  if (fields.empty()) return "";
  std::string out =
      "`metadata` of each item: the value of every key below as the turns or episodes that it comes from say it; null "
      "where they do not say it. Never guess.\n";
  for (const MetadataField& field : bounded(fields)) {
    out +=
        fmt::format("- {} ({}{})", quoted(field.key),
                    field.type == ValueType::kStringList ? "list of strings" : type_name(field.type), bounds_of(field));
    if (!field.definition.empty()) out += ": " + squeeze(field.definition);
    const bool latest = field.instruction == "LATEST_VALUE";
    if (latest) out += " Where several are said, the latest.";
    if (!latest && !field.instruction.empty()) out += " " + squeeze(field.instruction);
    out += '\n';
  }
  return out;
}

Metadata metadata_from_answer(const json::Value* answer, std::span<const MetadataField> fields) {
  Metadata out;
  if (answer == nullptr || !answer->is_object()) return out;
  for (const MetadataField& field : bounded(fields)) {
    const json::Value* given = answer->find(field.key);
    if (given == nullptr) continue;
    std::optional<MetadataValue> value = value_of(*given, field);
    if (value) out.emplace_back(field.key, *std::move(value));
  }
  return out;
}

}  // namespace warifu::extract
