#include <algorithm>
#include <array>
#include <deque>

#include "base/encoding.h"
#include "mcp/schema_program.h"

namespace warifu::mcp {
namespace {

using Json = json::Value;

constexpr std::array<std::string_view, 5> kDialects = {
    "json-schema.org/draft/2020-12/schema", "json-schema.org/draft/2019-09/schema", "json-schema.org/draft-07/schema",
    "json-schema.org/draft-06/schema", "json-schema.org/draft-04/schema"};
constexpr std::int64_t kRegexBytesMax = 1 << 20;

constexpr std::array<std::pair<std::string_view, std::uint8_t>, 7> kTypes = {{{"null", kNullBit},
                                                                              {"boolean", kBooleanBit},
                                                                              {"integer", kIntegerBit},
                                                                              {"number", kNumberBit},
                                                                              {"string", kStringBit},
                                                                              {"array", kArrayBit},
                                                                              {"object", kObjectBit}}};

std::string place_in(std::string_view place, std::string_view step) {
  std::string out(place);
  out += '/';
  for (const char c : step) {
    if (c == '~') out += "~0";
    if (c == '/') out += "~1";
    if (c != '~' && c != '/') out += c;
  }
  return out;
}

/// RE2's syntax of an ECMA-262 pattern where the two differ harmlessly: `\u00e9` is `\x{00e9}`.
std::string regex_text(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '\\' || i + 1 >= pattern.size()) {
      out += pattern[i];
      continue;
    }
    const std::string_view digits = pattern.substr(i + 2, 4);
    const bool unicode = pattern[i + 1] == 'u' && digits.size() == 4 &&
                         digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
    if (unicode) out.append("\\x{").append(digits).append("}");
    if (!unicode) out.append(pattern.substr(i, 2));
    i += unicode ? 5 : 1;
  }
  return out;
}

/// An array within an object within …: what a JSON pointer leads to; nullptr: nowhere.
const Json* follow(const Json& root, std::string_view pointer) {
  const Json* at = &root;
  while (!pointer.empty() && at != nullptr) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    std::string step;
    for (std::size_t i = 0; i < end; ++i) {
      const bool escaped = pointer[i] == '~' && i + 1 < end && (pointer[i + 1] == '0' || pointer[i + 1] == '1');
      step += escaped ? (pointer[i + 1] == '0' ? '~' : '/') : pointer[i];
      if (escaped) ++i;
    }
    pointer.remove_prefix(end);
    if (at->is_array()) {
      const bool digits = !step.empty() && step.size() < 7 && step.find_first_not_of("0123456789") == std::string::npos;
      const std::size_t index = digits ? std::stoul(step) : at->items().size();
      at = index < at->items().size() ? &at->items()[index] : nullptr;
    } else {
      at = at->find(step);
    }
  }
  return at;
}

}  // namespace

/// Turns a document into nodes: each place once, whoever refers to it.
class SchemaCompiler {
 public:
  SchemaCompiler(const Json& root, const SchemaLimits& limits) : root_(root), limits_(limits) {}

  Result<Schema> compile() {
    if (const auto dialect = root_.find_string("$schema"); dialect && !knows(*dialect))
      return fail(validation_error("`$schema`: the dialect `" + *dialect + "` is not supported"));
    ref_stands_alone_ = root_.find_string("$schema").value_or("").find("/draft-0") != std::string::npos;
    if (const auto id = root_.find_string("$id")) id_ = id->substr(0, id->find('#'));
    program_->limits = limits_;
    find_anchors();
    if (!failed_) program_->root = node_at(root_, "");
    // Breadth first: a document nested however deeply costs no stack.
    while (!failed_ && !waiting_.empty()) {
      const Waiting next = std::move(waiting_.front());
      waiting_.pop_front();
      SchemaNode node;
      read(*next.schema, next.place, node);
      program_->nodes[next.index] = std::move(node);
    }
    if (!failed_) refuse_circles();
    if (failed_) return fail(*failed_);
    return Schema(std::shared_ptr<const Schema::Program>(program_));
  }

 private:
  struct Waiting {
    const Json* schema;
    std::string place;
    NodeIndex index;
  };

  static bool knows(std::string_view dialect) {
    return std::ranges::any_of(kDialects, [&](std::string_view known) {
      const std::size_t at = dialect.find(known);
      return at != std::string_view::npos && dialect.find_first_not_of('#', at + known.size()) == dialect.npos;
    });
  }

  void refuse(std::string_view place, std::string_view why) {
    if (failed_) return;
    failed_ = validation_error("schema `" + std::string(place.empty() ? "/" : place) + "`: " + std::string(why));
  }

  /// The node of the subschema that lies at `schema`.
  NodeIndex node_at(const Json& schema, std::string place) {
    if (const auto known = nodes_.find(&schema); known != nodes_.end()) return known->second;
    if (program_->nodes.size() >= limits_.subschemas_max) refuse(place, "too many subschemas");
    if (failed_) return kNoNode;
    const auto index = static_cast<NodeIndex>(program_->nodes.size());
    program_->nodes.emplace_back();
    nodes_.emplace(&schema, index);
    waiting_.push_back({.schema = &schema, .place = std::move(place), .index = index});
    return index;
  }

  /// A name that stands twice means another place in each embedded document: then it leads nowhere.
  void add_anchor(const std::string& name, const Json* at) {
    const auto [entry, added] = anchors_.emplace(name, at);
    if (!added) entry->second = nullptr;
  }
  void find_anchors();
  void refuse_circles();
  NodeIndex resolve(const std::string& reference, std::string_view place);
  void read(const Json& schema, const std::string& place, SchemaNode& node);
  void read_values(const Json& schema, const std::string& place, SchemaNode& node);
  void read_numbers(const Json& schema, const std::string& place, SchemaNode& node);
  void read_counts(const Json& schema, const std::string& place, SchemaNode& node);
  void read_array(const Json& schema, const std::string& place, SchemaNode& node);
  void read_object(const Json& schema, const std::string& place, SchemaNode& node);
  void read_dependencies(const Json& schema, const std::string& place, SchemaNode& node);
  void read_combined(const Json& schema, const std::string& place, SchemaNode& node);
  void read_references(const Json& schema, const std::string& place, SchemaNode& node);

  void child(const Json& schema, const std::string& place, std::string_view keyword, NodeIndex& out);
  void children(const Json& schema, const std::string& place, std::string_view keyword, std::vector<NodeIndex>& out);
  void number(const Json& schema, const std::string& place, std::string_view keyword, std::optional<double>& out);
  void count(const Json& schema, const std::string& place, std::string_view keyword, std::optional<std::uint64_t>& out);
  std::vector<std::string> strings(const Json& value, const std::string& place);
  std::shared_ptr<const re2::RE2> regex(const std::string& pattern, const std::string& place);

  const Json& root_;
  const SchemaLimits limits_;
  std::string id_;
  bool ref_stands_alone_ = false;  // up to draft 7 what stands beside a `$ref` does not count
  std::shared_ptr<Schema::Program> program_ = std::make_shared<Schema::Program>();
  std::unordered_map<const Json*, NodeIndex> nodes_;
  std::unordered_map<std::string, const Json*> anchors_;
  std::deque<Waiting> waiting_;
  std::optional<Error> failed_;
};

void SchemaCompiler::find_anchors() {
  std::vector<const Json*> open = {&root_};
  while (!open.empty()) {
    const Json* at = open.back();
    open.pop_back();
    if (at->is_array()) {
      for (const Json& item : at->items()) open.push_back(&item);
    }
    if (!at->is_object()) continue;
    for (const std::string_view keyword : {"$anchor", "$dynamicAnchor", "$id"}) {
      const auto name = at->find_string(keyword);
      if (!name) continue;
      if (keyword != "$id") add_anchor(*name, at);
      if (keyword == "$id" && name->starts_with('#')) add_anchor(name->substr(1), at);
    }
    for (const auto& [name, value] : at->members()) open.push_back(&value);
  }
}

NodeIndex SchemaCompiler::resolve(const std::string& reference, std::string_view place) {
  const std::size_t hash = std::min(reference.find('#'), reference.size());
  const std::string document = reference.substr(0, hash);
  if (!document.empty() && document != id_) {
    refuse(place, "`$ref` outside of the document: `" + reference + "`");
    return kNoNode;
  }
  const auto fragment = percent_decode(hash < reference.size() ? reference.substr(hash + 1) : "");
  const Json* target = nullptr;
  if (fragment && (fragment->empty() || fragment->starts_with('/'))) {
    target = follow(root_, *fragment);
  } else if (fragment) {
    const auto found = anchors_.find(*fragment);
    if (found != anchors_.end()) target = found->second;
  }
  if (target == nullptr) {
    refuse(place, "`$ref` leads nowhere: `" + reference + "`");
    return kNoNode;
  }
  return node_at(*target, fragment->starts_with('/') ? *fragment : std::string(place));
}

void SchemaCompiler::child(const Json& schema, const std::string& place, std::string_view keyword, NodeIndex& out) {
  if (const Json* found = schema.find(keyword)) out = node_at(*found, place_in(place, keyword));
}

void SchemaCompiler::children(const Json& schema, const std::string& place, std::string_view keyword,
                              std::vector<NodeIndex>& out) {
  const Json* found = schema.find(keyword);
  if (found == nullptr) return;
  const std::string at = place_in(place, keyword);
  if (!found->is_array()) return refuse(at, "must be an array of schemas");
  for (std::size_t i = 0; i < found->items().size() && !failed_; ++i)
    out.push_back(node_at(found->items()[i], place_in(at, std::to_string(i))));
}

void SchemaCompiler::number(const Json& schema, const std::string& place, std::string_view keyword,
                            std::optional<double>& out) {
  const Json* found = schema.find(keyword);
  if (found == nullptr) return;
  out = found->as_double();
  if (!out) refuse(place_in(place, keyword), "must be a number");
}

void SchemaCompiler::count(const Json& schema, const std::string& place, std::string_view keyword,
                           std::optional<std::uint64_t>& out) {
  const Json* found = schema.find(keyword);
  if (found == nullptr) return;
  const std::optional<std::int64_t> value = found->as_int64();
  if (!value || *value < 0) return refuse(place_in(place, keyword), "must be a count");
  out = static_cast<std::uint64_t>(*value);
}

std::vector<std::string> SchemaCompiler::strings(const Json& value, const std::string& place) {
  std::vector<std::string> out;
  if (!value.is_array()) refuse(place, "must be an array of strings");
  if (failed_) return out;
  for (const Json& item : value.items()) {
    if (!item.is_string()) refuse(place, "must be an array of strings");
    if (failed_) return out;
    out.push_back(item.as_string());
  }
  return out;
}

std::shared_ptr<const re2::RE2> SchemaCompiler::regex(const std::string& pattern, const std::string& place) {
  if (pattern.size() > limits_.pattern_bytes_max) refuse(place, "the pattern is too long");
  if (failed_) return nullptr;
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexBytesMax);
  auto compiled = std::make_shared<const re2::RE2>(regex_text(pattern), options);
  if (!compiled->ok()) refuse(place, "the pattern cannot be used: " + compiled->error());
  return compiled;
}

void SchemaCompiler::read_values(const Json& schema, const std::string& place, SchemaNode& node) {
  const auto add_type = [&](const Json& value) {
    const auto* known = std::ranges::find_if(
        kTypes, [&](const auto& type) { return value.is_string() && value.as_string() == type.first; });
    if (known == kTypes.end()) return refuse(place_in(place, "type"), "is not a type");
    node.types = static_cast<std::uint8_t>(node.types | known->second);
    node.type_words += std::string(node.type_words.empty() ? "" : " or ") + std::string(known->first);
  };
  if (const Json* type = schema.find("type")) {
    if (!type->is_array()) add_type(*type);
    if (type->is_array()) std::ranges::for_each(type->items(), add_type);
  }
  const auto add_value = [&](const Json& value) {
    if (!node.one_of_values) node.one_of_values.emplace();
    node.one_of_values->push_back(canonical(value));
    constexpr std::size_t kShownBytesMax = 200;
    if (node.allowed_words.size() < kShownBytesMax)
      node.allowed_words += std::string(node.allowed_words.empty() ? "" : ", ") + value.dump();
  };
  if (const Json* list = schema.find("enum")) {
    if (!list->is_array()) return refuse(place_in(place, "enum"), "must be an array");
    node.one_of_values.emplace();
    std::ranges::for_each(list->items(), add_value);
  }
  if (const Json* value = schema.find("const")) {
    node.one_of_values.emplace();
    node.allowed_words.clear();
    add_value(*value);
  }
}

void SchemaCompiler::read_numbers(const Json& schema, const std::string& place, SchemaNode& node) {
  number(schema, place, "minimum", node.minimum);
  number(schema, place, "maximum", node.maximum);
  // Draft 4 marked a bound as exclusive; later drafts state it apart.
  const auto exclusive = [&](std::string_view keyword, std::optional<double>& bound, std::optional<double>& out) {
    const Json* found = schema.find(keyword);
    if (found == nullptr || !found->is_bool()) return number(schema, place, keyword, out);
    if (found->as_bool()) out = std::exchange(bound, std::nullopt);
  };
  exclusive("exclusiveMinimum", node.minimum, node.above);
  exclusive("exclusiveMaximum", node.maximum, node.below);
  number(schema, place, "multipleOf", node.multiple_of);
  if (node.multiple_of && !(*node.multiple_of > 0)) refuse(place_in(place, "multipleOf"), "must be above 0");
}

void SchemaCompiler::read_counts(const Json& schema, const std::string& place, SchemaNode& node) {
  count(schema, place, "minLength", node.length_min);
  count(schema, place, "maxLength", node.length_max);
  count(schema, place, "minItems", node.items_min);
  count(schema, place, "maxItems", node.items_max);
  count(schema, place, "minProperties", node.members_min);
  count(schema, place, "maxProperties", node.members_max);
  count(schema, place, "maxContains", node.contains_max);
  std::optional<std::uint64_t> at_least;
  count(schema, place, "minContains", at_least);
  node.contains_min = at_least.value_or(1);
  if (const Json* pattern = schema.find("pattern")) {
    const std::string at = place_in(place, "pattern");
    if (!pattern->is_string()) return refuse(at, "must be a string");
    node.pattern = SchemaPattern{.text = pattern->as_string(), .regex = regex(pattern->as_string(), at)};
  }
}

void SchemaCompiler::read_array(const Json& schema, const std::string& place, SchemaNode& node) {
  const Json* items = schema.find("items");
  if (items != nullptr && items->is_array()) {
    children(schema, place, "items", node.prefix_items);
    child(schema, place, "additionalItems", node.items);
  } else {
    children(schema, place, "prefixItems", node.prefix_items);
    child(schema, place, "items", node.items);
  }
  child(schema, place, "contains", node.contains);
  child(schema, place, "unevaluatedItems", node.unevaluated_items);
  if (const Json* unique = schema.find("uniqueItems")) {
    if (!unique->is_bool()) return refuse(place_in(place, "uniqueItems"), "must be true or false");
    node.unique_items = unique->as_bool();
  }
}

void SchemaCompiler::read_object(const Json& schema, const std::string& place, SchemaNode& node) {
  if (const Json* properties = schema.find("properties")) {
    const std::string at = place_in(place, "properties");
    if (!properties->is_object()) return refuse(at, "must be an object of schemas");
    for (const auto& [name, property] : properties->members())
      node.properties.emplace(name, node_at(property, place_in(at, name)));
  }
  if (const Json* patterns = schema.find("patternProperties")) {
    const std::string at = place_in(place, "patternProperties");
    if (!patterns->is_object()) return refuse(at, "must be an object of schemas");
    for (const auto& [pattern, property] : patterns->members()) {
      const std::string inner = place_in(at, pattern);
      node.pattern_properties.push_back(
          {.text = pattern, .regex = regex(pattern, inner), .node = node_at(property, inner)});
      if (failed_) return;
    }
  }
  child(schema, place, "additionalProperties", node.additional_properties);
  child(schema, place, "propertyNames", node.property_names);
  child(schema, place, "unevaluatedProperties", node.unevaluated_properties);
  if (const Json* required = schema.find("required")) node.required = strings(*required, place_in(place, "required"));
  read_dependencies(schema, place, node);
}

void SchemaCompiler::read_dependencies(const Json& schema, const std::string& place, SchemaNode& node) {
  for (const std::string_view keyword : {"dependentRequired", "dependentSchemas", "dependencies"}) {
    const Json* found = schema.find(keyword);
    if (found == nullptr) continue;
    const std::string at = place_in(place, keyword);
    if (!found->is_object()) return refuse(at, "must be an object");
    for (const auto& [name, value] : found->members()) {
      const std::string inner = place_in(at, name);
      const bool names = keyword == "dependentRequired" || (keyword == "dependencies" && value.is_array());
      if (names) node.dependent_required.emplace_back(name, strings(value, inner));
      if (!names) node.dependent_schemas.emplace_back(name, node_at(value, inner));
    }
  }
}

void SchemaCompiler::read_combined(const Json& schema, const std::string& place, SchemaNode& node) {
  children(schema, place, "allOf", node.all_of);
  children(schema, place, "anyOf", node.any_of);
  children(schema, place, "oneOf", node.one_of);
  child(schema, place, "not", node.negated);
  child(schema, place, "if", node.condition);
  child(schema, place, "then", node.then);
  child(schema, place, "else", node.otherwise);
  read_references(schema, place, node);
}

void SchemaCompiler::read_references(const Json& schema, const std::string& place, SchemaNode& node) {
  for (const std::string_view keyword : {"$ref", "$dynamicRef"}) {
    const Json* reference = schema.find(keyword);
    if (reference == nullptr || failed_) continue;
    const std::string at = place_in(place, keyword);
    if (!reference->is_string()) return refuse(at, "must be a string");
    const NodeIndex target = resolve(reference->as_string(), at);
    if (node.reference == kNoNode) node.reference = target;
    if (node.reference != target) node.all_of.push_back(target);
  }
}

void SchemaCompiler::read(const Json& schema, const std::string& place, SchemaNode& node) {
  if (schema.is_bool()) {
    node.never = !schema.as_bool();
    return;
  }
  if (!schema.is_object()) return refuse(place, "must be an object, true or false");
  if (ref_stands_alone_ && schema.find("$ref") != nullptr) return read_references(schema, place, node);
  read_values(schema, place, node);
  read_numbers(schema, place, node);
  read_counts(schema, place, node);
  read_array(schema, place, node);
  read_object(schema, place, node);
  read_combined(schema, place, node);
}

/// Subschemas that are applied to the very instance of their parent: a circle of those would never end.
std::vector<NodeIndex> in_place(const SchemaNode& node) {
  std::vector<NodeIndex> out = {node.reference, node.negated, node.condition, node.then, node.otherwise};
  for (const auto* list : {&node.all_of, &node.any_of, &node.one_of}) out.insert(out.end(), list->begin(), list->end());
  for (const auto& [name, index] : node.dependent_schemas) out.push_back(index);
  std::erase(out, kNoNode);
  return out;
}

void SchemaCompiler::refuse_circles() {
  enum class Mark : std::uint8_t { kNew, kOpen, kDone };
  std::vector<Mark> marks(program_->nodes.size(), Mark::kNew);
  struct Step {
    NodeIndex node;
    std::vector<NodeIndex> rest;
  };
  for (NodeIndex start = 0; start < marks.size(); ++start) {
    if (marks[start] != Mark::kNew) continue;
    std::vector<Step> path;
    const auto enter = [&](NodeIndex node) {
      marks[node] = Mark::kOpen;
      path.push_back({.node = node, .rest = in_place(program_->nodes[node])});
    };
    enter(start);
    while (!path.empty()) {
      if (path.back().rest.empty()) {
        marks[path.back().node] = Mark::kDone;
        path.pop_back();
        continue;
      }
      const NodeIndex next = path.back().rest.back();
      path.back().rest.pop_back();
      if (marks[next] == Mark::kOpen) return refuse("", "a subschema refers to itself");
      if (marks[next] == Mark::kNew) enter(next);
    }
  }
}

Result<Schema> Schema::compile(const json::Value& schema, const SchemaLimits& limits) {
  return SchemaCompiler(schema, limits).compile();
}

}  // namespace warifu::mcp
