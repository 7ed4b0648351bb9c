#include "openapi/operations.h"

#include <fmt/format.h>

#include <algorithm>

#include "openapi/document.h"

namespace warifu::openapi {

bool InputSchema::add(const std::string& argument, json::Value schema, bool required) {
  if (!names_.insert(argument).second) return false;
  properties_.set(argument, std::move(schema));
  if (required) required_.push_back(json::Value::string(argument));
  return true;
}

json::Value InputSchema::take() {
  json::Value out = json::Value::object();
  out.set("type", json::Value::string("object"));
  out.set("properties", std::move(properties_));
  if (!required_.empty()) out.set("required", json::Value::array(std::move(required_)));
  return out;
}

void add_body(Tool& tool, InputSchema& input, const json::Value& schema, bool required, bool whole_body) {
  const json::Value* members = schema.find("properties");
  const bool open = schema.find("additionalProperties") != nullptr && !schema.find("additionalProperties")->is_bool();
  const bool flat = !whole_body && members != nullptr && !members->members().empty() && !open &&
                    std::ranges::none_of(members->members(), [&](const auto& one) { return input.has(one.first); });
  if (!flat) {
    const std::string name = input.has("body") ? "requestBody" : "body";
    if (!input.add(name, schema, required)) return;  // parameters have both names: the body cannot be given
    tool.bindings.push_back({.argument = name, .name = name, .place = Place::kBody, .required = required});
    return;
  }
  const json::Value* names = schema.find("required");
  const auto is_required = [&](const std::string& name) {
    return required && names != nullptr &&
           std::ranges::find(names->items(), json::Value::string(name)) != names->items().end();
  };
  for (const auto& [name, member] : members->members()) {
    if (!input.add(name, member, is_required(name))) continue;
    tool.bindings.push_back(
        {.argument = name, .name = name, .place = Place::kBodyMember, .required = is_required(name)});
  }
}

std::string absolute_server(std::string_view url) {
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return {};
  }
  const std::string_view host = rest.substr(0, rest.find('/'));
  const bool plain = std::ranges::all_of(rest, [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("@?#{}<>\"\\^`|").find(c) == std::string_view::npos;
  });
  if (host.empty() || !plain) return {};
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

Choice choose(const Options& options, std::string_view path, std::string_view method) {
  Choice choice{.wanted = options.filters.empty()};
  for (const Filter& filter : options.filters) {
    const std::string_view wanted = filter.path;
    const bool below = wanted.ends_with("/*") && path.starts_with(wanted.substr(0, wanted.size() - 1));
    if (!below && wanted != path) continue;
    if (filter.methods.empty() || std::ranges::find(filter.methods, method) != filter.methods.end()) {
      choice.wanted = true;
    }
  }
  for (const Override& other : options.overrides) {
    if (other.path == path && other.method == method) choice.other = &other;
  }
  return choice;
}

std::optional<std::vector<std::string>> labels_of(std::string_view path) {
  std::vector<std::string> labels;
  while (true) {
    const std::size_t open = path.find_first_of("{}");
    if (open == std::string_view::npos) return labels;
    if (path[open] == '}') return std::nullopt;
    const std::size_t close = path.find_first_of("{}", open + 1);
    if (close == std::string_view::npos || path[close] == '{' || close == open + 1) return std::nullopt;
    labels.emplace_back(path.substr(open + 1, close - open - 1));
    path.remove_prefix(close + 1);
  }
}

bool is_plain_path(std::string_view path) {
  return path.starts_with('/') && path.size() <= kUrlBytesMax && std::ranges::all_of(path, [](char c) {
           return c > 0x20 && c < 0x7f && std::string_view("?#\"<>\\^`|").find(c) == std::string_view::npos;
         });
}

Result<std::vector<Tool>> read(std::string_view document, const Options& options) {
  const json::Value root = TRY(read_document(document, std::min(options.bytes_max, kDocumentBytesMax)));
  if (!root.is_object()) return fail(validation_error("the document is no object"));
  if (root.find("smithy") != nullptr) return read_smithy(root, options);
  if (root.find("swagger") != nullptr)
    return fail(validation_error("Swagger 2 is not supported: convert the document to OpenAPI 3"));
  return read_openapi(root, options);
}

}  // namespace warifu::openapi
