#include "openapi/openapi.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "openapi/document.h"
#include "openapi/operations.h"
#include "openapi/schema.h"

namespace warifu::openapi {
namespace {

constexpr std::array<std::string_view, 7> kMethods = {"get", "put", "post", "delete", "options", "head", "patch"};
/// Headers that a specification may list and that parameters never set (OpenAPI 3, "Parameter Object").
constexpr std::array<std::string_view, 3> kReservedHeaders = {"accept", "content-type", "authorization"};
constexpr std::size_t kParametersMax = 200;
constexpr std::size_t kNameMax = 256;
constexpr std::size_t kDescriptionMax = 4'000;
constexpr std::size_t kMembersMax = 200;  // of what is looked up by name, again for each operation that refers to it

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}
std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

bool is_true(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  return found != nullptr && found->is_bool() && found->as_bool();
}

/// A header's or parameter's name that can be written as it is.
bool is_token(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax && std::ranges::all_of(name, [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
  });
}

/// At most so many bytes, between characters.
std::string shortened(const std::string& text) {
  std::size_t end = std::min(text.size(), kDescriptionMax);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

Result<> require_small(const json::Value& value, std::string_view what) {
  if (!value.is_object()) return fail(validation_error(fmt::format("{} is no object", what)));
  if (value.members().size() <= kMembersMax) return {};
  return fail(validation_error(fmt::format("{} has too many members", what)));
}

/// One document under way.
class Reader {
 public:
  Reader(const json::Value& root, const Options& options, bool legacy)
      : root_(root),
        options_(options),
        references_(root),
        schemas_(references_, legacy),
        servers_(root.find("servers")) {}

  Result<std::vector<Tool>> read() {
    const json::Value* paths = root_.find("paths");
    if (paths == nullptr || !paths->is_object()) return fail(validation_error("the document has no `paths`"));
    for (const auto& [path, item] : paths->members()) {
      const json::Value* resolved = TRY(references_.follow(item));
      TRY(require_small(*resolved, "a path"));
      for (const std::string_view method : kMethods) {
        const json::Value* operation = resolved->find(method);
        if (operation == nullptr) continue;
        Result<> taken = take(path, method, *resolved, *operation);
        if (!taken) return fail(validation_error(fmt::format("{} {}: {}", upper(method), path, taken.error().message)));
      }
    }
    if (tools_.empty()) return fail(validation_error("no operation of the document is to be a tool"));
    return std::move(tools_);
  }

 private:
  Result<> take(const std::string& path, std::string_view method, const json::Value& item,
                const json::Value& operation) {
    const Choice choice = choose(options_, path, upper(method));
    if (!choice.wanted) return {};
    if (tools_.size() == kToolsMax) return fail(validation_error("the document has too many operations"));
    TRY(require_small(operation, "the operation"));
    if (!is_plain_path(path)) return fail(validation_error("the path is none that a URL can have"));
    Tool tool{.method = upper(method), .path = path};
    tool.name = choice.other != nullptr ? choice.other->name : operation.find_string("operationId").value_or("");
    if (tool.name.empty()) return fail(validation_error("the operation has no operationId"));
    if (tool.name.size() > kNameMax) return fail(validation_error("the operationId is too long"));
    if (!names_.insert(tool.name).second)
      return fail(validation_error(fmt::format("the operationId `{}` stands twice", tool.name)));
    schemas_.next_tool();
    tool.description = description_of(operation, choice);
    TRY(schemas_.charge(tool.description));
    tool.server = TRY(server_of(item, operation));
    InputSchema input;
    TRY(add_parameters(tool, input, item, operation));
    TRY(check_labels(tool));
    if (const json::Value* body = operation.find("requestBody")) TRY(add_request_body(tool, input, *body));
    tool.input_schema = input.take();
    tools_.push_back(std::move(tool));
    return {};
  }

  static std::string description_of(const json::Value& operation, const Choice& choice) {
    if (choice.other != nullptr && !choice.other->description.empty()) return choice.other->description;
    std::string text = operation.find_string("description").value_or("");
    if (text.empty()) text = operation.find_string("summary").value_or("");
    return shortened(text);
  }

  /// The nearest list of servers counts; of it the first.
  Result<std::string> server_of(const json::Value& item, const json::Value& operation) {
    for (const json::Value* servers : {operation.find("servers"), item.find("servers"), servers_}) {
      if (servers == nullptr || !servers->is_array() || servers->items().empty()) continue;
      const json::Value& first = servers->items().front();
      std::string url = first.find_string("url").value_or("");
      if (url.size() > kUrlBytesMax) break;
      url = with_variables(std::move(url), first.find("variables"));
      std::string server = absolute_server(url);
      if (!server.empty()) return server;
      return fail(validation_error(fmt::format("the server `{}` is no absolute http or https URL", url)));
    }
    return fail(validation_error("`servers` names no server"));
  }

  static std::string with_variables(std::string url, const json::Value* variables) {
    if (variables == nullptr || !variables->is_object() || variables->members().size() > kMembersMax) return url;
    for (const auto& [name, variable] : variables->members()) {
      const std::string mark = '{' + name + '}';
      const std::size_t at = url.find(mark);
      const std::string value = variable.find_string("default").value_or("");
      if (at != std::string::npos && url.size() + value.size() <= kUrlBytesMax) url.replace(at, mark.size(), value);
    }
    return url;
  }

  /// An operation's parameters, and those of its path that it does not give anew.
  Result<> add_parameters(Tool& tool, InputSchema& input, const json::Value& item, const json::Value& operation) {
    std::set<std::pair<std::string, std::string>> given;
    std::size_t looked_at = 0;
    for (const json::Value* where : {&operation, &item}) {
      const json::Value* parameters = where->find("parameters");
      if (parameters == nullptr) continue;
      if (!parameters->is_array()) return fail(validation_error("`parameters` is no list"));
      for (const json::Value& one : parameters->items()) {
        if (++looked_at > kParametersMax) return fail(validation_error("the operation has too many parameters"));
        const json::Value* parameter = TRY(references_.follow(one));
        TRY(require_small(*parameter, "a parameter"));
        const std::string name = parameter->find_string("name").value_or("");
        const std::string in = parameter->find_string("in").value_or("");
        if (!given.emplace(name, in).second) continue;
        Result<> added = add_parameter(tool, input, *parameter, name, in);
        if (!added)
          return fail(
              validation_error(fmt::format("parameter `{}`: {}", name.substr(0, kNameMax), added.error().message)));
      }
    }
    return {};
  }

  Result<> add_parameter(Tool& tool, InputSchema& input, const json::Value& parameter, const std::string& name,
                         const std::string& in) {
    Binding binding{.name = name, .required = is_true(parameter, "required")};
    if (name.empty() || name.size() > kNameMax) return fail(validation_error("it has no name, or too long a one"));
    if (in == "path") {
      binding.place = Place::kPath;
      binding.required = true;
    } else if (in == "query") {
      binding.place = Place::kQuery;
    } else if (in == "header") {
      if (std::ranges::find(kReservedHeaders, lower(name)) != kReservedHeaders.end()) return {};
      if (!is_token(name)) return fail(validation_error("no header can have this name"));
      binding.place = Place::kHeader;
    } else if (in == "cookie") {
      if (binding.required) return fail(validation_error("cookies are not supported"));
      return {};
    } else {
      return fail(validation_error("`in` is path, query or header"));
    }
    const json::Value* schema = TRY(schema_of(parameter, binding));
    json::Value written = TRY(schemas_.read(*schema));
    if (const auto said = parameter.find_string("description"); said && written.find("description") == nullptr) {
      TRY(schemas_.charge(*said));
      written.set("description", json::Value::string(shortened(*said)));
    }
    // Two parameters of one name lie in different places: the later says where.
    binding.argument = input.has(name) ? name + "_" + in : name;
    if (!input.add(binding.argument, std::move(written), binding.required))
      return fail(validation_error("its name stands twice"));
    tool.bindings.push_back(std::move(binding));
    return {};
  }

  /// The schema of a parameter, and how its value is written.
  Result<const json::Value*> schema_of(const json::Value& parameter, Binding& binding) {
    static const json::Value kText = json::Value::object({{"type", json::Value::string("string")}});
    if (const json::Value* content = parameter.find("content")) {
      TRY(require_small(*content, "its content"));
      const json::Value* json = content->find("application/json");
      if (json == nullptr) return fail(validation_error("its content is not application/json"));
      binding.json = true;
      const json::Value* schema = json->find("schema");
      return schema == nullptr ? &kText : schema;
    }
    const std::string usual = binding.place == Place::kQuery ? "form" : "simple";
    if (parameter.find_string("style").value_or(usual) != usual)
      return fail(validation_error(fmt::format("the style `{}` is not supported", *parameter.find_string("style"))));
    const json::Value* explode = parameter.find("explode");
    binding.explode =
        binding.place == Place::kQuery && (explode == nullptr || !explode->is_bool() || explode->as_bool());
    const json::Value* schema = parameter.find("schema");
    return schema == nullptr ? &kText : schema;
  }

  static Result<> check_labels(const Tool& tool) {
    const auto labels = labels_of(tool.path);
    if (!labels) return fail(validation_error("the braces of the path do not pair"));
    const auto bound = [&](const std::string& label) {
      return std::ranges::any_of(tool.bindings,
                                 [&](const Binding& one) { return one.place == Place::kPath && one.name == label; });
    };
    for (const std::string& label : *labels) {
      if (!bound(label)) return fail(validation_error(fmt::format("the path's `{{{}}}` is no parameter", label)));
    }
    for (const Binding& one : tool.bindings) {
      if (one.place == Place::kPath && std::ranges::find(*labels, one.name) == labels->end())
        return fail(validation_error(fmt::format("parameter `{}` is not in the path", one.name)));
    }
    return {};
  }

  Result<> add_request_body(Tool& tool, InputSchema& input, const json::Value& given) {
    const json::Value* body = TRY(references_.follow(given));
    TRY(require_small(*body, "the request body"));
    const json::Value* content = body->find("content");
    if (content == nullptr) return fail(validation_error("the request body has no content"));
    TRY(require_small(*content, "the request body's content"));
    if (content->members().empty()) return fail(validation_error("the request body has no content"));
    const json::Value* media = choose_media(*content, tool);
    if (media == nullptr)
      return fail(validation_error(fmt::format("a request body of `{}` is not supported",
                                               content->members().front().first.substr(0, kNameMax))));
    static const json::Value kAny = json::Value::object({{"type", json::Value::string("object")}});
    const json::Value* schema = media->find("schema");
    json::Value written = TRY(schemas_.read(schema == nullptr ? kAny : *schema));
    if (tool.body != BodyForm::kJson && written.find("properties") == nullptr)
      return fail(validation_error("a form must be an object with properties"));
    add_body(tool, input, written, is_true(*body, "required"), false);
    return {};
  }

  /// JSON where there is a choice.
  static const json::Value* choose_media(const json::Value& content, Tool& tool) {
    const auto take = [&](auto matches, BodyForm form) -> const json::Value* {
      for (const auto& [type, media] : content.members()) {
        const std::string bare = lower(std::string_view(type).substr(0, type.find(';')));
        if (!matches(bare) || !is_sendable(type)) continue;
        tool.body = form;
        tool.content_type = type == "*/*" ? "application/json" : type;
        return &media;
      }
      return nullptr;
    };
    const auto is = [](std::string_view name) { return [name](std::string_view bare) { return bare == name; }; };
    if (const auto* found = take(is("application/json"), BodyForm::kJson)) return found;
    if (const auto* found = take([](std::string_view bare) { return bare.ends_with("+json"); }, BodyForm::kJson))
      return found;
    if (const auto* found = take(is("*/*"), BodyForm::kJson)) return found;
    if (const auto* found = take(is("application/x-www-form-urlencoded"), BodyForm::kForm)) return found;
    return take(is("multipart/form-data"), BodyForm::kMultipart);
  }

  static bool is_sendable(std::string_view type) {
    return type.size() <= kNameMax && std::ranges::all_of(type, [](char c) { return c >= 0x20 && c < 0x7f; });
  }

  const json::Value& root_;
  const Options& options_;
  References references_;
  SchemaReader schemas_;
  const json::Value* servers_;  // the document's; nullptr: it has none
  std::vector<Tool> tools_;
  std::set<std::string> names_;
};

}  // namespace

Result<std::vector<Tool>> read_openapi(const json::Value& root, const Options& options) {
  const std::string version = root.find_string("openapi").value_or("");
  const bool legacy = version.starts_with("3.0");
  if (!legacy && !version.starts_with("3.1"))
    return fail(validation_error("the document says neither `openapi: 3.0` nor `3.1`"));
  return Reader(root, options, legacy).read();
}

}  // namespace warifu::openapi
