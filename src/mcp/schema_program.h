#pragma once

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mcp/schema.h"

/// A compiled schema: subschemas as nodes that refer to one another by index. Of this module alone.
namespace warifu::mcp {

using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kNoNode = UINT32_MAX;

/// JSON types as bits; an integer is a number too.
enum TypeBit : std::uint8_t {
  kNullBit = 1,
  kBooleanBit = 2,
  kIntegerBit = 4,
  kNumberBit = 8,
  kStringBit = 16,
  kArrayBit = 32,
  kObjectBit = 64,
};

struct SchemaPattern {
  std::string text;
  std::shared_ptr<const re2::RE2> regex;
  NodeIndex node = kNoNode;  // of patternProperties
};

/// One subschema. What is not set is not asked.
struct SchemaNode {
  bool never = false;                                     // `false`
  std::uint8_t types = 0;                                 // TypeBits; 0: any
  std::string type_words;                                 // `string or null`
  std::optional<std::vector<std::string>> one_of_values;  // enum and const, canonical
  std::string allowed_words;                              // the same, to show

  std::optional<double> minimum, maximum, above, below, multiple_of;
  std::optional<std::uint64_t> length_min, length_max, items_min, items_max, members_min, members_max;
  std::optional<SchemaPattern> pattern;

  std::vector<NodeIndex> prefix_items;
  NodeIndex items = kNoNode, contains = kNoNode, unevaluated_items = kNoNode;
  std::uint64_t contains_min = 1;
  std::optional<std::uint64_t> contains_max;
  bool unique_items = false;

  std::unordered_map<std::string, NodeIndex> properties;
  std::vector<SchemaPattern> pattern_properties;
  NodeIndex additional_properties = kNoNode, property_names = kNoNode, unevaluated_properties = kNoNode;
  std::vector<std::string> required;
  std::vector<std::pair<std::string, std::vector<std::string>>> dependent_required;
  std::vector<std::pair<std::string, NodeIndex>> dependent_schemas;

  std::vector<NodeIndex> all_of, any_of, one_of;
  NodeIndex negated = kNoNode, condition = kNoNode, then = kNoNode, otherwise = kNoNode;
  NodeIndex reference = kNoNode;
};

struct Schema::Program {
  SchemaLimits limits;
  std::vector<SchemaNode> nodes;
  NodeIndex root = 0;
};

/// Equal texts for equal values, whatever the order of members and the spelling of numbers.
[[nodiscard]] std::string canonical(const json::Value& value);

}  // namespace warifu::mcp
