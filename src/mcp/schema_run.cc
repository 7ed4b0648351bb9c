#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "base/encoding.h"
#include "mcp/schema_program.h"

namespace warifu::mcp {
namespace {

using Json = json::Value;

constexpr double kMultipleSlack = 1e-9;

std::uint8_t type_bit(const Json& value) {
  switch (value.type()) {
    case Json::Type::kNull:
      return kNullBit;
    case Json::Type::kBool:
      return kBooleanBit;
    case Json::Type::kNumber:
      return value.as_int64() ? kIntegerBit | kNumberBit : kNumberBit;
    case Json::Type::kString:
      return kStringBit;
    case Json::Type::kArray:
      return kArrayBit;
    case Json::Type::kObject:
      return kObjectBit;
  }
  return 0;
}

std::string shown(double value) { return fmt::format("{}", value); }

bool is_multiple(double value, double of) {
  const double quotient = value / of;
  if (!std::isfinite(quotient)) return false;
  return std::fabs(quotient - std::round(quotient)) <= kMultipleSlack * std::max(1.0, std::fabs(quotient));
}

/// Which parts of one instance have been looked at by some subschema.
struct Evaluated {
  std::vector<bool> parts;  // members or items, by position

  explicit Evaluated(const Json& instance)
      : parts(instance.is_object()  ? instance.members().size()
              : instance.is_array() ? instance.items().size()
                                    : 0) {}
  void add(const Evaluated& other) {
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = parts[i] || other.parts[i];
  }
};

}  // namespace

/// One validation. `apply` says whether the instance passes; violations are noted unless muted.
class SchemaRun {
 public:
  explicit SchemaRun(const Schema::Program& program) : program_(program) {}

  std::vector<Violation> run(const Json& instance) {
    Evaluated seen(instance);
    apply(program_.root, instance, seen);
    return std::move(violations_);
  }

 private:
  bool note(std::string message) {
    if (muted_ == 0 && violations_.size() < program_.limits.violations_max)
      violations_.push_back({.path = path_, .message = std::move(message)});
    return false;
  }
  bool give_up(std::string_view why) {
    if (!std::exchange(gave_up_, true)) violations_.push_back({.path = path_, .message = std::string(why)});
    return false;
  }
  bool quietly(NodeIndex node, const Json& value, Evaluated& seen) {
    Evaluated inner(value);
    ++muted_;
    const bool passes = apply(node, value, inner);
    --muted_;
    if (passes) seen.add(inner);
    return passes;
  }
  bool inside(NodeIndex node, const Json& value, std::string_view step) {
    const std::size_t length = path_.size();
    path_ += '/';
    for (const char c : step) path_ += c == '~' ? std::string("~0") : c == '/' ? std::string("~1") : std::string(1, c);
    Evaluated inner(value);
    const bool passes = apply(node, value, inner);
    path_.resize(length);
    return passes;
  }
  /// A subschema that the same instance must pass too.
  bool also(NodeIndex node, const Json& value, Evaluated& seen) {
    Evaluated inner(value);
    const bool passes = apply(node, value, inner);
    if (passes) seen.add(inner);
    return passes;
  }

  bool apply(NodeIndex index, const Json& value, Evaluated& seen);
  bool check_values(const SchemaNode& node, const Json& value);
  bool check_number(const SchemaNode& node, const Json& value);
  bool check_string(const SchemaNode& node, const Json& value);
  bool check_array(const SchemaNode& node, const Json& value, Evaluated& seen);
  bool check_contains(const SchemaNode& node, const Json& value, Evaluated& seen);
  bool check_unique(const Json& value);
  bool check_object(const SchemaNode& node, const Json& value, Evaluated& seen);
  bool check_members(const SchemaNode& node, const Json& value, Evaluated& seen);
  bool check_required(const SchemaNode& node, const Json& value, Evaluated& seen);
  bool check_combined(const SchemaNode& node, const Json& value, Evaluated& seen);
  bool check_unevaluated(const SchemaNode& node, const Json& value, Evaluated& seen);

  const Schema::Program& program_;
  std::vector<Violation> violations_;
  std::string path_;
  std::size_t steps_ = 0;
  std::size_t depth_ = 0;
  std::size_t muted_ = 0;
  bool gave_up_ = false;
};

bool SchemaRun::apply(NodeIndex index, const Json& value, Evaluated& seen) {
  if (gave_up_) return false;
  if (++steps_ > program_.limits.steps_max) return give_up("takes too long to validate");
  if (depth_ >= program_.limits.depth_max) return give_up("is nested too deeply for its schema");
  const SchemaNode& node = program_.nodes[index];
  if (node.never) return note("is not allowed");
  if (node.types != 0 && (node.types & type_bit(value)) == 0) return note("must be of type " + node.type_words);
  ++depth_;
  bool passes = check_values(node, value);
  if (value.is_number()) passes = check_number(node, value) && passes;
  if (value.is_string()) passes = check_string(node, value) && passes;
  if (value.is_array()) passes = check_array(node, value, seen) && passes;
  if (value.is_object()) passes = check_object(node, value, seen) && passes;
  passes = check_combined(node, value, seen) && passes;
  passes = check_unevaluated(node, value, seen) && passes;
  --depth_;
  return passes && !gave_up_;
}

bool SchemaRun::check_values(const SchemaNode& node, const Json& value) {
  if (!node.one_of_values) return true;
  const std::string text = canonical(value);
  if (std::ranges::find(*node.one_of_values, text) != node.one_of_values->end()) return true;
  return note((node.one_of_values->size() == 1 ? "must be " : "must be one of ") + node.allowed_words);
}

bool SchemaRun::check_number(const SchemaNode& node, const Json& value) {
  const std::optional<double> number = value.as_double();
  if (!number) return note("is not representable");
  bool passes = true;
  if (node.minimum && *number < *node.minimum) passes = note("must be at least " + shown(*node.minimum));
  if (node.maximum && *number > *node.maximum) passes = note("must be at most " + shown(*node.maximum));
  if (node.above && *number <= *node.above) passes = note("must be above " + shown(*node.above));
  if (node.below && *number >= *node.below) passes = note("must be below " + shown(*node.below));
  if (node.multiple_of && !is_multiple(*number, *node.multiple_of))
    passes = note("must be a multiple of " + shown(*node.multiple_of));
  return passes;
}

bool SchemaRun::check_string(const SchemaNode& node, const Json& value) {
  bool passes = true;
  const std::string& text = value.as_string();
  if (node.length_min || node.length_max) {
    const std::size_t length = utf8_length(text);
    if (node.length_min && length < *node.length_min)
      passes = note(fmt::format("must have at least {} characters", *node.length_min));
    if (node.length_max && length > *node.length_max)
      passes = note(fmt::format("must have at most {} characters", *node.length_max));
  }
  if (node.pattern && !re2::RE2::PartialMatch(text, *node.pattern->regex))
    passes = note("must match the pattern `" + node.pattern->text + "`");
  return passes;
}

bool SchemaRun::check_array(const SchemaNode& node, const Json& value, Evaluated& seen) {
  bool passes = true;
  const std::vector<Json>& items = value.items();
  if (node.items_min && items.size() < *node.items_min)
    passes = note(fmt::format("must have at least {} items", *node.items_min));
  if (node.items_max && items.size() > *node.items_max)
    passes = note(fmt::format("must have at most {} items", *node.items_max));
  for (std::size_t i = 0; i < items.size() && !gave_up_; ++i) {
    const NodeIndex schema = i < node.prefix_items.size() ? node.prefix_items[i] : node.items;
    if (schema == kNoNode) continue;
    seen.parts[i] = true;
    passes = inside(schema, items[i], std::to_string(i)) && passes;
  }
  if (node.contains != kNoNode) passes = check_contains(node, value, seen) && passes;
  if (node.unique_items) passes = check_unique(value) && passes;
  return passes;
}

bool SchemaRun::check_contains(const SchemaNode& node, const Json& value, Evaluated& seen) {
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < value.items().size() && !gave_up_; ++i) {
    Evaluated unused(value.items()[i]);
    if (!quietly(node.contains, value.items()[i], unused)) continue;
    seen.parts[i] = true;
    ++found;
  }
  if (found < node.contains_min) return note(fmt::format("must contain at least {} matching items", node.contains_min));
  if (node.contains_max && found > *node.contains_max)
    return note(fmt::format("must contain at most {} matching items", *node.contains_max));
  return true;
}

bool SchemaRun::check_unique(const Json& value) {
  std::unordered_set<std::string> texts;
  for (const Json& item : value.items()) {
    if (!texts.insert(canonical(item)).second) return note("must not have equal items");
  }
  return true;
}

bool SchemaRun::check_members(const SchemaNode& node, const Json& value, Evaluated& seen) {
  bool passes = true;
  const auto& members = value.members();
  for (std::size_t i = 0; i < members.size() && !gave_up_; ++i) {
    const auto& [name, member] = members[i];
    bool known = false;
    if (const auto property = node.properties.find(name); property != node.properties.end()) {
      known = true;
      passes = inside(property->second, member, name) && passes;
    }
    for (const SchemaPattern& pattern : node.pattern_properties) {
      if (!re2::RE2::PartialMatch(name, *pattern.regex)) continue;
      known = true;
      passes = inside(pattern.node, member, name) && passes;
    }
    if (!known && node.additional_properties != kNoNode) {
      known = true;
      const bool never = program_.nodes[node.additional_properties].never;
      passes =
          (never ? note("has an unknown property `" + name + "`") : inside(node.additional_properties, member, name)) &&
          passes;
    }
    if (known) seen.parts[i] = true;
    if (node.property_names == kNoNode) continue;
    Evaluated unused{Json()};
    if (!quietly(node.property_names, Json::string(name), unused))
      passes = note("the property name `" + name + "` is not allowed");
  }
  return passes;
}

bool SchemaRun::check_required(const SchemaNode& node, const Json& value, Evaluated& seen) {
  bool passes = true;
  for (const std::string& name : node.required) {
    if (value.find(name) == nullptr) passes = note("is missing the required property `" + name + "`");
  }
  for (const auto& [when, names] : node.dependent_required) {
    if (value.find(when) == nullptr) continue;
    for (const std::string& name : names) {
      if (value.find(name) == nullptr) passes = note("needs the property `" + name + "` beside `" + when + "`");
    }
  }
  for (const auto& [when, schema] : node.dependent_schemas) {
    if (value.find(when) != nullptr) passes = also(schema, value, seen) && passes;
  }
  return passes;
}

bool SchemaRun::check_object(const SchemaNode& node, const Json& value, Evaluated& seen) {
  bool passes = check_required(node, value, seen);
  const std::size_t size = value.members().size();
  if (node.members_min && size < *node.members_min)
    passes = note(fmt::format("must have at least {} properties", *node.members_min));
  if (node.members_max && size > *node.members_max)
    passes = note(fmt::format("must have at most {} properties", *node.members_max));
  const bool asks = !node.properties.empty() || !node.pattern_properties.empty() ||
                    node.additional_properties != kNoNode || node.property_names != kNoNode;
  return (!asks || check_members(node, value, seen)) && passes;
}

bool SchemaRun::check_combined(const SchemaNode& node, const Json& value, Evaluated& seen) {
  bool passes = true;
  if (node.reference != kNoNode) passes = also(node.reference, value, seen) && passes;
  for (const NodeIndex part : node.all_of) passes = also(part, value, seen) && passes;
  const auto matching = [&](const std::vector<NodeIndex>& list) {
    std::size_t found = 0;
    for (const NodeIndex part : list) found += quietly(part, value, seen) ? 1 : 0;
    return found;
  };
  if (!node.any_of.empty() && matching(node.any_of) == 0)
    passes = note("must match at least one of the schemas in `anyOf`");
  if (!node.one_of.empty()) {
    const std::size_t found = matching(node.one_of);
    if (found == 0) passes = note("must match one of the schemas in `oneOf`");
    if (found > 1) passes = note("must match only one of the schemas in `oneOf`");
  }
  if (node.negated != kNoNode) {
    Evaluated unused(value);
    if (quietly(node.negated, value, unused)) passes = note("must not match the schema in `not`");
  }
  if (node.condition != kNoNode) {
    const NodeIndex branch = quietly(node.condition, value, seen) ? node.then : node.otherwise;
    if (branch != kNoNode) passes = also(branch, value, seen) && passes;
  }
  return passes;
}

bool SchemaRun::check_unevaluated(const SchemaNode& node, const Json& value, Evaluated& seen) {
  const NodeIndex schema = value.is_object()  ? node.unevaluated_properties
                           : value.is_array() ? node.unevaluated_items
                                              : kNoNode;
  if (schema == kNoNode) return true;
  bool passes = true;
  for (std::size_t i = 0; i < seen.parts.size() && !gave_up_; ++i) {
    if (seen.parts[i]) continue;
    seen.parts[i] = true;
    const std::string step = value.is_object() ? value.members()[i].first : std::to_string(i);
    passes = inside(schema, value.is_object() ? value.members()[i].second : value.items()[i], step) && passes;
  }
  return passes;
}

std::string canonical(const json::Value& value) {
  switch (value.type()) {
    case Json::Type::kNull:
    case Json::Type::kBool:
    case Json::Type::kString:
      return value.dump();
    case Json::Type::kNumber: {
      if (const auto whole = value.as_int64()) return std::to_string(*whole);
      const auto number = value.as_double();
      return number ? fmt::format("{}", *number) : value.number_text();
    }
    case Json::Type::kArray: {
      std::string out = "[";
      for (const Json& item : value.items()) out += canonical(item) + ",";
      return out + "]";
    }
    case Json::Type::kObject: {
      std::vector<std::string> members;
      for (const auto& [name, member] : value.members())
        members.push_back(Json::string(name).dump() + ":" + canonical(member));
      std::ranges::sort(members);
      std::string out = "{";
      for (const std::string& member : members) out += member + ",";
      return out + "}";
    }
  }
  return {};
}

Schema::Schema() {
  auto program = std::make_shared<Program>();
  program->nodes.emplace_back();
  program_ = std::move(program);
}

std::vector<Violation> Schema::validate(const json::Value& instance) const {
  return SchemaRun(*program_).run(instance);
}

std::string sentence(const std::vector<Violation>& violations) {
  std::string out;
  for (const Violation& violation : violations) {
    if (!out.empty()) out += "; ";
    if (!violation.path.empty()) out += "`" + violation.path + "` ";
    out += violation.message;
  }
  return out;
}

}  // namespace warifu::mcp
