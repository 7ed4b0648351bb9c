#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "openapi/operations.h"

/// Smithy's JSON model (https://smithy.io/2.0/spec/json-ast.html) of AWS services that speak restJson1.
namespace warifu::openapi {
namespace {

constexpr std::size_t kDocumentationMax = 1'000;
constexpr std::size_t kHtmlMax = 16'000;

std::string_view local_name(std::string_view id) { return id.substr(std::min(id.find('#') + 1, id.size())); }

const json::Value* trait(const json::Value& shape, std::string_view name) {
  const json::Value* traits = shape.find("traits");
  return traits == nullptr ? nullptr : traits->find(name);
}
std::string trait_text(const json::Value& shape, std::string_view name) {
  const json::Value* value = trait(shape, name);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

/// Documentation is HTML: its tags go.
std::string plain_text(std::string_view html) {
  std::string out;
  bool tag = false, space = false;
  for (const char c : html) {
    if (c == '<') tag = true;
    const bool blank = tag || c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (c == '>' && tag) tag = false;
    if (blank) {
      space = !out.empty();
      continue;
    }
    if (out.size() >= kDocumentationMax && (static_cast<unsigned char>(c) & 0xC0U) != 0x80U) break;
    if (space) out += ' ';
    space = false;
    out += c;
  }
  return out;
}

json::Value typed(std::string_view type) {
  return json::Value::object({{"type", json::Value::string(std::string(type))}});
}

/// `us-east-1`, `us-gov-west-1`.
bool is_region(std::string_view region) {
  return region.size() >= 8 && region.size() <= 25 && region.find('-') == 2 && region.back() >= '0' &&
         region.back() <= '9' && std::ranges::all_of(region, [](char c) {
           return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
         });
}

bool is_host_label(std::string_view text) {
  return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, [](char c) {
    return c == '-' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
  });
}

class Model {
 public:
  Model(const json::Value& shapes, const Options& options) : options_(options) {
    for (const auto& [id, shape] : shapes.members()) shapes_.try_emplace(id, &shape);
  }

  Result<std::vector<Tool>> read() {
    for (const auto& [id, shape] : shapes_) {
      if (!is_small(*shape))
        return fail(validation_error(fmt::format("the shape `{}` has too much beside its members", id)));
    }
    const json::Value* service = nullptr;
    for (const auto& [id, shape] : shapes_) {
      if (shape->find_string("type") != "service" || trait(*shape, "aws.protocols#restJson1") == nullptr) continue;
      if (service != nullptr) return fail(validation_error("the model describes more than one service"));
      service = shape;
    }
    if (service == nullptr) return fail(validation_error("no service of the model speaks restJson1"));
    server_ = TRY(server_of(*service));
    signing_name_ = signing_name_of(*service);
    gather(*service);
    for (const std::string& id : operations_) {
      Result<> taken = take(id);
      if (!taken) return fail(validation_error(fmt::format("{}: {}", local_name(id), taken.error().message)));
    }
    if (tools_.empty()) return fail(validation_error("no operation of the model is to be a tool"));
    return std::move(tools_);
  }

 private:
  /// Shapes are looked at again for each operation that leads to them: what they hold is looked for by name.
  static bool is_small(const json::Value& shape) {
    constexpr std::size_t kNamesMax = 100;
    const auto small = [](const json::Value& one) {
      const json::Value* traits = one.find("traits");
      return one.members().size() <= kNamesMax &&
             (traits == nullptr || (traits->is_object() && traits->members().size() <= kNamesMax));
    };
    if (!shape.is_object() || !small(shape)) return false;
    const json::Value* members = shape.find("members");
    if (members == nullptr) return true;
    return members->is_object() && std::ranges::all_of(members->members(), [&](const auto& member) {
             return member.second.is_object() && small(member.second);
           });
  }

  using Shapes = std::map<std::string_view, const json::Value*>;

  const json::Value* shape(std::string_view id) const {
    const auto found = shapes_.find(id);
    return found == shapes_.end() ? nullptr : found->second;
  }

  Result<std::string> server_of(const json::Value& service) const {
    if (!is_region(options_.region)) return fail(validation_error(fmt::format("`{}` is no region", options_.region)));
    std::string prefix;
    if (const json::Value* known = trait(service, "aws.api#service"))
      prefix = known->find_string("endpointPrefix").value_or("");
    const json::Value* signing = trait(service, "aws.auth#sigv4");
    if (prefix.empty() && signing != nullptr) prefix = signing->find_string("name").value_or("");
    if (!is_host_label(prefix)) return fail(validation_error("the service has no endpointPrefix"));
    const std::string_view domain = options_.region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    return fmt::format("https://{}.{}.{}", prefix, options_.region, domain);
  }

  static std::string signing_name_of(const json::Value& service) {
    const json::Value* signing = trait(service, "aws.auth#sigv4");
    if (signing != nullptr) return signing->find_string("name").value_or("");
    const json::Value* known = trait(service, "aws.api#service");
    return known == nullptr ? "" : known->find_string("endpointPrefix").value_or("");
  }

  /// Operations of the service and of all resources below it, each once, in the order of the model.
  void gather(const json::Value& service) {
    constexpr std::array<std::string_view, 6> kOfResources = {"create", "put", "read", "update", "delete", "list"};
    std::set<std::string, std::less<>> seen;
    std::vector<const json::Value*> waiting = {&service};
    const auto note = [&](const json::Value& reference) {
      const std::string id = reference.find_string("target").value_or("");
      if (seen.insert(id).second) operations_.push_back(id);
    };
    while (!waiting.empty()) {
      const json::Value& at = *waiting.back();
      waiting.pop_back();
      for (const std::string_view list : {"operations", "collectionOperations"}) {
        const json::Value* found = at.find(list);
        if (found == nullptr || !found->is_array()) continue;
        for (const json::Value& one : found->items()) note(one);
      }
      for (const std::string_view name : kOfResources) {
        if (const json::Value* one = at.find(name); one != nullptr && one->is_object()) note(*one);
      }
      const json::Value* resources = at.find("resources");
      if (resources == nullptr || !resources->is_array()) continue;
      for (const json::Value& one : resources->items()) {
        const std::string id = one.find_string("target").value_or("");
        const json::Value* resource = shape(id);
        if (resource != nullptr && seen.insert(id).second) waiting.push_back(resource);
      }
    }
  }

  Result<> take(const std::string& id) {
    const json::Value* operation = shape(id);
    if (operation == nullptr) return fail(validation_error("the operation is not in the model"));
    const json::Value* http = trait(*operation, "smithy.api#http");
    if (http == nullptr) return fail(validation_error("it has no http trait"));
    Tool tool{.name = std::string(local_name(id)),
              .description = plain_text(trait_text(*operation, "smithy.api#documentation").substr(0, kHtmlMax)),
              .method = http->find_string("method").value_or(""),
              .server = server_,
              .path = http->find_string("uri").value_or(""),
              .signing_name = signing_name_};
    const Choice choice = choose(options_, tool.path, tool.method);
    if (!choice.wanted || streams(*operation, "input") || streams(*operation, "output")) return {};
    if (tools_.size() == kToolsMax) return fail(validation_error("the model has too many operations"));
    if (choice.other != nullptr) tool.name = choice.other->name;
    if (choice.other != nullptr && !choice.other->description.empty()) tool.description = choice.other->description;
    if (!std::ranges::all_of(tool.method, [](char c) { return c >= 'A' && c <= 'Z'; }) || tool.method.empty())
      return fail(validation_error("its method is none"));
    weight_ = 0;
    TRY(weigh(tool.description.size()));
    TRY(add_input(tool, *operation));
    TRY(settle_path(tool));
    tools_.push_back(std::move(tool));
    return {};
  }

  const json::Value* structure_of(const json::Value& operation, std::string_view which) const {
    const json::Value* reference = operation.find(which);
    return reference == nullptr ? nullptr : shape(reference->find_string("target").value_or(""));
  }

  bool streams(const json::Value& operation, std::string_view which) const {
    const json::Value* structure = structure_of(operation, which);
    const json::Value* members = structure == nullptr ? nullptr : structure->find("members");
    if (members == nullptr || !members->is_object()) return false;
    return std::ranges::any_of(members->members(), [&](const auto& member) {
      const json::Value* target = shape(member.second.find_string("target").value_or(""));
      return target != nullptr && trait(*target, "smithy.api#streaming") != nullptr;
    });
  }

  Result<> add_input(Tool& tool, const json::Value& operation) {
    InputSchema input;
    const json::Value* structure = structure_of(operation, "input");
    const json::Value* members = structure == nullptr ? nullptr : structure->find("members");
    if (members != nullptr && members->is_object()) {
      for (const auto& [name, member] : members->members()) TRY(add_member(tool, input, name, member));
    }
    tool.input_schema = input.take();
    return {};
  }

  Result<> add_member(Tool& tool, InputSchema& input, const std::string& name, const json::Value& member) {
    Binding binding{.argument = name, .name = name, .required = trait(member, "smithy.api#required") != nullptr};
    std::string_view timestamps = "date-time";
    if (trait(member, "smithy.api#httpLabel") != nullptr) {
      binding.place = Place::kPath;
      binding.required = true;
    } else if (const std::string query = trait_text(member, "smithy.api#httpQuery"); !query.empty()) {
      binding.place = Place::kQuery;
      binding.name = query;
      binding.explode = true;
    } else if (const std::string header = trait_text(member, "smithy.api#httpHeader"); !header.empty()) {
      if (!std::ranges::all_of(header, [](char c) {
            return c == '-' || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
          }))
        return fail(validation_error(fmt::format("`{}` is no header", name)));
      binding.place = Place::kHeader;
      binding.name = header;
      timestamps = "http-date";
    } else if (trait(member, "smithy.api#httpPrefixHeaders") != nullptr ||
               trait(member, "smithy.api#httpQueryParams") != nullptr) {
      if (binding.required) return fail(validation_error(fmt::format("`{}` is a map outside of the body", name)));
      return {};
    } else {
      binding.place = trait(member, "smithy.api#httpPayload") != nullptr ? Place::kBody : Place::kBodyMember;
      if (const std::string other = trait_text(member, "smithy.api#jsonName"); !other.empty()) binding.name = other;
      tool.body = BodyForm::kJson;
      tool.content_type = "application/json";
      timestamps = "epoch-seconds";
    }
    json::Value schema = TRY(schema_of_member(member, timestamps, 0));
    if (!input.add(name, std::move(schema), binding.required)) return fail(validation_error("a member stands twice"));
    tool.bindings.push_back(std::move(binding));
    return {};
  }

  /// `/a/{key+}?x=1`: the template as `Tool` has it, every label bound.
  static Result<> settle_path(Tool& tool) {
    const std::size_t mark = std::min(tool.path.find('?'), tool.path.size());
    const std::string query = tool.path.substr(mark);
    std::string path = tool.path.substr(0, mark);
    const auto labels = labels_of(path);
    if (!labels || !is_plain_path(path)) return fail(validation_error("its uri is none"));
    const bool plain = query.empty() || is_plain_path("/" + query.substr(1));
    if (!plain || query.find_first_of("{}") != std::string::npos) return fail(validation_error("its uri is none"));
    for (const std::string& label : *labels) {
      const bool greedy = label.ends_with('+');
      const std::string name = greedy ? label.substr(0, label.size() - 1) : label;
      const auto binding = std::ranges::find_if(
          tool.bindings, [&](const Binding& one) { return one.place == Place::kPath && one.name == name; });
      if (binding == tool.bindings.end())
        return fail(validation_error(fmt::format("`{}` of its uri is no member", name)));
      binding->greedy = greedy;
      if (greedy) path.replace(path.find('{' + label + '}'), label.size() + 2, '{' + name + '}');
    }
    tool.path = path + query;
    return {};
  }

  Result<> weigh(std::size_t bytes) {
    constexpr std::size_t kBytesOfAValue = 64;
    weight_ += 1 + bytes / kBytesOfAValue;
    weight_of_all_ += 1 + bytes / kBytesOfAValue;
    if (weight_ <= kSchemaNodesMax && weight_of_all_ <= kAllNodesMax) return {};
    return fail(validation_error("its input is too large"));
  }

  Result<json::Value> schema_of_member(const json::Value& member, std::string_view timestamps, std::size_t depth) {
    const std::string target = member.find_string("target").value_or("");
    const std::string format = trait_text(member, "smithy.api#timestampFormat");
    json::Value schema = TRY(schema_of(target, format.empty() ? timestamps : std::string_view(format), depth));
    const std::string html = trait_text(member, "smithy.api#documentation").substr(0, kHtmlMax);
    TRY(weigh(html.size()));
    const std::string said = plain_text(html);
    if (!said.empty() && schema.find("description") == nullptr) schema.set("description", json::Value::string(said));
    return schema;
  }

  Result<json::Value> schema_of(const std::string& id, std::string_view timestamps, std::size_t depth) {
    if (depth > kSchemaDepthMax) return fail(validation_error("its input nests too deep"));
    TRY(weigh(0));
    const json::Value* found = shape(id);
    const std::string type = found != nullptr ? found->find_string("type").value_or("") : lowered(local_name(id));
    if (found != nullptr) {
      const std::string format = trait_text(*found, "smithy.api#timestampFormat");
      if (type == "timestamp" && !format.empty()) return timestamp(format);
      if (!open_.insert(found).second) return typed("object");
      Result<json::Value> schema = schema_of_shape(*found, type, depth);
      open_.erase(found);
      if (schema && !schema->is_null()) return schema;
      if (!schema) return schema;
    }
    if (type == "timestamp") return timestamp(timestamps);
    return simple(type, id);
  }

  static json::Value timestamp(std::string_view format) {
    if (format != "epoch-seconds") return typed("string");
    json::Value schema = typed("number");
    schema.set("description", json::Value::string("seconds since 1970-01-01T00:00:00Z"));
    return schema;
  }

  static std::string lowered(std::string_view name) {
    std::string out(name);
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
  }

  static Result<json::Value> simple(std::string_view type, std::string_view id) {
    if (type == "string" || type == "blob" || type == "enum") return typed("string");
    if (type == "boolean" || type == "primitiveboolean") return typed("boolean");
    for (const std::string_view whole : {"integer", "long", "short", "byte", "biginteger", "intenum"}) {
      if (type.ends_with(whole)) return typed("integer");
    }
    for (const std::string_view number : {"float", "double", "bigdecimal"}) {
      if (type.ends_with(number)) return typed("number");
    }
    if (type == "document") return json::Value::object();
    if (type == "unit") return typed("object");
    return fail(validation_error(fmt::format("`{}` is no shape of the model", id)));
  }

  /// Null: a simple shape without values of its own.
  Result<json::Value> schema_of_shape(const json::Value& found, std::string_view type, std::size_t depth) {
    if (type == "structure" || type == "union") return structure_schema(found, type == "union", depth);
    if (type == "list" || type == "set" || type == "map") {
      const json::Value* inner = found.find(type == "map" ? "value" : "member");
      if (inner == nullptr) return fail(validation_error("a list or map has no member"));
      json::Value schema = typed(type == "map" ? "object" : "array");
      schema.set(type == "map" ? "additionalProperties" : "items",
                 TRY(schema_of_member(*inner, "epoch-seconds", depth + 1)));
      return schema;
    }
    if (type == "enum") return enum_schema(found);
    return json::Value();
  }

  Result<json::Value> enum_schema(const json::Value& found) {
    std::vector<json::Value> values;
    const json::Value* members = found.find("members");
    if (members != nullptr && members->is_object()) {
      for (const auto& [name, member] : members->members()) {
        const std::string value = trait_text(member, "smithy.api#enumValue");
        TRY(weigh(value.size()));
        values.push_back(json::Value::string(value.empty() ? name : value));
      }
    }
    json::Value schema = typed("string");
    if (!values.empty()) schema.set("enum", json::Value::array(std::move(values)));
    return schema;
  }

  Result<json::Value> structure_schema(const json::Value& found, bool one_of, std::size_t depth) {
    json::Value properties = json::Value::object();
    std::vector<json::Value> required;
    const json::Value* members = found.find("members");
    if (members != nullptr && members->is_object()) {
      for (const auto& [name, member] : members->members()) {
        const std::string other = trait_text(member, "smithy.api#jsonName");
        const std::string& key = other.empty() ? name : other;
        properties.set(key, TRY(schema_of_member(member, "epoch-seconds", depth + 1)));
        if (trait(member, "smithy.api#required") != nullptr) required.push_back(json::Value::string(key));
      }
    }
    json::Value schema = typed("object");
    schema.set("properties", std::move(properties));
    if (!required.empty()) schema.set("required", json::Value::array(std::move(required)));
    if (one_of) schema.set("maxProperties", json::Value::number(1));
    return schema;
  }

  const Options& options_;
  Shapes shapes_;
  std::string server_, signing_name_;
  std::vector<std::string> operations_;
  std::vector<Tool> tools_;
  std::set<const json::Value*> open_;
  std::size_t weight_ = 0, weight_of_all_ = 0;
};

}  // namespace

Result<std::vector<Tool>> read_smithy(const json::Value& root, const Options& options) {
  const json::Value* shapes = root.find("shapes");
  if (shapes == nullptr || !shapes->is_object()) return fail(validation_error("the model has no `shapes`"));
  return Model(*shapes, options).read();
}

}  // namespace warifu::openapi
