#include <algorithm>
#include <cmath>

#include "base/encoding.h"
#include "mcp/envelope.h"
#include "net/http_parser.h"

/// Values of the body that are mirrored into header fields. Source: MCP 2026-07-28, "Request Metadata".
namespace warifu::mcp {
namespace {

constexpr std::string_view kPrefix = "=?base64?";
constexpr std::string_view kSuffix = "?=";
constexpr std::string_view kParamHeader = "Mcp-Param-";
constexpr std::size_t kParamDepthMax = 32;

bool is_sentinel(std::string_view text) {
  return text.size() >= kPrefix.size() + kSuffix.size() && text.starts_with(kPrefix) && text.ends_with(kSuffix);
}

bool is_plain(std::string_view text) {
  const auto safe = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return text.empty();
  return std::ranges::all_of(text, safe) && !is_sentinel(text);
}

RpcError mismatch(std::string message) {
  return {.code = rpc::kHeaderMismatch, .message = "Header mismatch: " + std::move(message)};
}

bool agree(const json::Value& value, std::string_view header) {
  if (value.is_string()) return value.as_string() == header;
  if (value.is_bool()) return header == (value.as_bool() ? "true" : "false");
  if (!value.is_number()) return false;
  const std::optional<double> a = value.as_double();
  const std::optional<double> b = json::Value::number_text(std::string(header)).as_double();
  return a && b && *a == *b;
}

/// `value`: the instance at this place, nullptr where there is none.
std::optional<RpcError> check_property(const http::Request& request, const std::string& annotation,
                                       const json::Value* value) {
  const std::string name = std::string(kParamHeader) + annotation;
  const auto header = request.headers.get(name);
  if (value == nullptr || value->is_null()) {
    if (header) return mismatch(name + " is set, but the body has no such argument");
    return std::nullopt;
  }
  if (!header) return mismatch(name + " header is missing");
  if (request.headers.count(name) > 1) return mismatch(name + " header stands twice");
  const std::optional<std::string> decoded = decode_header_value(*header);
  if (!decoded) return mismatch(name + " header value has invalid characters");
  if (!agree(*value, *decoded)) return mismatch(name + " header value does not match the body value");
  return std::nullopt;
}

std::optional<RpcError> check_level(const http::Request& request, const json::Value& schema, const json::Value* value,
                                    std::size_t depth) {
  const json::Value* properties = schema.find("properties");
  if (properties == nullptr || !properties->is_object() || depth > kParamDepthMax) return std::nullopt;
  for (const auto& [name, property] : properties->members()) {
    const json::Value* inner = value == nullptr ? nullptr : value->find(name);
    if (const auto annotation = property.find_string("x-mcp-header")) {
      if (auto fault = check_property(request, *annotation, inner)) return fault;
    }
    if (auto fault = check_level(request, property, inner, depth + 1)) return fault;
  }
  return std::nullopt;
}

void add_params(const json::Value& schema, const json::Value& value, std::size_t depth, http::Headers& out) {
  const json::Value* properties = schema.find("properties");
  if (properties == nullptr || !properties->is_object() || depth > kParamDepthMax) return;
  for (const auto& [name, property] : properties->members()) {
    const json::Value* inner = value.find(name);
    if (inner == nullptr || inner->is_null()) continue;
    if (const auto annotation = property.find_string("x-mcp-header"); annotation && net::is_token(*annotation)) {
      const std::string text = inner->is_string() ? inner->as_string() : inner->dump();
      out.add(std::string(kParamHeader) + *annotation, encode_header_value(text));
    }
    add_params(property, *inner, depth + 1, out);
  }
}

}  // namespace

http::Headers param_headers(const json::Value& input_schema, const json::Value& arguments) {
  http::Headers out;
  add_params(input_schema, arguments, 0, out);
  return out;
}

std::string encode_header_value(std::string_view value) {
  if (is_plain(value)) return std::string(value);
  return std::string(kPrefix) + base64_encode(value) + std::string(kSuffix);
}

std::optional<std::string> decode_header_value(std::string_view header) {
  if (!is_sentinel(header)) {
    const bool visible = std::ranges::all_of(header, [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\t'; });
    return visible ? std::optional<std::string>(header) : std::nullopt;
  }
  header.remove_prefix(kPrefix.size());
  header.remove_suffix(kSuffix.size());
  std::optional<std::string> decoded = base64_decode(header);
  return decoded && is_utf8(*decoded) ? decoded : std::nullopt;
}

std::optional<RpcError> check_param_headers(const http::Request& request, const json::Value& input_schema,
                                            const json::Value& arguments) {
  return check_level(request, input_schema, &arguments, 0);
}

}  // namespace warifu::mcp
