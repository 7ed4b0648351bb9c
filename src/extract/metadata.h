#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace warifu::json {
class Value;
}

/// Metadata that is inferred from what was said: the fields of a strategy's `memoryRecordSchema`, as a model is asked
/// for them, and the values that it may answer. Pure.
namespace warifu::extract {

enum class ValueType : std::uint8_t { kString, kStringList, kNumber };

inline constexpr std::size_t kMetadataFieldsMax = 20;
inline constexpr std::size_t kMetadataStringMax = 256;  // characters of a STRING
inline constexpr std::size_t kMetadataItemMax = 64;     // of an element of a STRINGLIST
inline constexpr std::size_t kMetadataItemsMax = 5;

/// One field. `definition` and `instruction` are the memory owner's words (`LATEST_VALUE`: the latest value named).
struct MetadataField {
  std::string key;
  ValueType type = ValueType::kString;
  std::string definition{};
  std::string instruction{};
  std::vector<std::string> allowed{};         // of a STRING, or of each element; empty: any
  std::size_t items_max = kMetadataItemsMax;  // of a STRINGLIST
  std::optional<double> least{}, most{};      // of a NUMBER
};

/// As records keep it: STRING, STRINGLIST or NUMBER. In the order of the fields.
using MetadataValue = std::variant<std::string, std::vector<std::string>, double>;
using Metadata = std::vector<std::pair<std::string, MetadataValue>>;

/// `"metadata":{…}`: the member of a strict JSON schema that asks for `fields`. Empty without fields.
[[nodiscard]] std::string metadata_schema(std::span<const MetadataField> fields);
/// What a prompt says about them. Empty without fields.
[[nodiscard]] std::string metadata_rules(std::span<const MetadataField> fields);

/// What of `answer` (an item's `metadata`; null: none) meets its field: of its type, cleaned, within its bounds, and
/// one of its allowed values where there are such (ASCII case aside; the schema's own spelling is kept). A list keeps
/// its good elements, each once, `items_max` at most. Everything else is left out. Bounded by `fields`.
[[nodiscard]] Metadata metadata_from_answer(const json::Value* answer, std::span<const MetadataField> fields);

}  // namespace warifu::extract
