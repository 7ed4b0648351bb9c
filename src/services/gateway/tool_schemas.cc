#include "services/gateway/tool_schemas.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "services/gateway/control_errors.h"
#include "services/gateway/control_limits.h"

namespace warifu::services::gateway::tool_schemas {
namespace {

constexpr std::string_view kSeparator = "___";

Result<> check_name(const std::string& name, std::string_view target, const std::string& field) {
  const auto plain = [](char c) { return c > ' ' && c < '\x7f'; };
  if (name.empty() || !std::ranges::all_of(name, plain)) {
    return fail(invalid_field(field, "a tool's name must be printable ASCII characters without spaces"));
  }
  if (target.size() + kSeparator.size() + name.size() > kToolNameMax) {
    return fail(invalid_field(
        field, fmt::format("`{}{}{}` is longer than {} characters", target, kSeparator, name, kToolNameMax)));
  }
  return {};
}

/// Bounded by kSchemaDepthMax.
Result<> check_schema(const m::SchemaDefinition& schema, const std::string& field, std::size_t depth) {
  if (depth > kSchemaDepthMax) {
    return fail(invalid_field(field, fmt::format("schemas nest at most {} deep", kSchemaDepthMax)));
  }
  const bool object = schema.type == "object";
  const bool array = schema.type == "array";
  if (!object && (schema.properties || schema.required)) {
    return fail(invalid_field(field, fmt::format("a schema of type {} has no properties", schema.type)));
  }
  if (!array && schema.items.has_value()) {
    return fail(invalid_field(field, fmt::format("a schema of type {} has no items", schema.type)));
  }
  for (const std::string& name : schema.required.value_or(std::vector<std::string>{})) {
    if (schema.properties && schema.properties->contains(name)) continue;
    return fail(invalid_field(fmt::format("{}.required", field),
                              fmt::format("required property `{}` is not among the properties", name)));
  }
  if (schema.properties) {
    for (const auto& [name, property] : *schema.properties) {
      TRY(check_schema(property, fmt::format("{}.properties.{}", field, name), depth + 1));
    }
  }
  return schema.items.has_value() ? check_schema(*schema.items, fmt::format("{}.items", field), depth + 1) : Result<>();
}

Result<> check_top(const m::SchemaDefinition& schema, const std::string& field) {
  if (schema.type != "object") return fail(invalid_field(field, "the schema must be of type object at the top"));
  return check_schema(schema, field, 1);
}

}  // namespace

Result<> check(const std::vector<m::ToolDefinition>& tools, std::string_view target, std::string_view field) {
  if (tools.empty() || tools.size() > kToolsMax) {
    return fail(invalid_field(field, fmt::format("a target has 1 to {} tools, not {}", kToolsMax, tools.size())));
  }
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const m::ToolDefinition& tool = tools[i];
    const std::string path = fmt::format("{}.{}.member", field, i + 1);
    TRY(check_name(tool.name, target, path + ".name"));
    if (!names.insert(tool.name).second) {
      return fail(invalid_field(path + ".name", fmt::format("tool `{}` stands twice", tool.name)));
    }
    TRY(check_top(tool.input_schema, path + ".inputSchema"));
    if (tool.output_schema) TRY(check_top(*tool.output_schema, path + ".outputSchema"));
  }
  return {};
}

}  // namespace warifu::services::gateway::tool_schemas
