#include "services/memory/record_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "records/namespaces.h"
#include "services/memory/errors.h"

namespace warifu::services::memory::record_shapes {
namespace {

using model::agentcore::IndexedKey;
using model::agentcore::MemoryRecordMetadataValue;
using model::agentcore::MemoryStrategy;
using model::agentcore::MetadataSchemaEntry;

constexpr std::string_view kString = "STRING";
constexpr std::string_view kStringList = "STRINGLIST";
constexpr std::string_view kNumber = "NUMBER";

MemoryRecordMetadataValue value_output(const records::MetadataValue& value) {
  MemoryRecordMetadataValue out;
  if (const auto* text = std::get_if<std::string>(&value)) out.string_value = *text;
  if (const auto* list = std::get_if<records::StringList>(&value)) out.string_list_value = *list;
  if (const auto* number = std::get_if<double>(&value)) out.number_value = *number;
  return out;
}

MetadataMap metadata_output(const records::Record& record) {
  MetadataMap out;
  for (const auto& [key, value] : record.metadata) out.emplace(key, value_output(value));
  out[std::string(records::kCreatedAtKey)].date_time_value = record.created;
  out[std::string(records::kUpdatedAtKey)].date_time_value = record.updated;
  if (!record.type.empty()) out[std::string(records::kRecordTypeKey)].string_value = record.type;
  return out;
}

std::string strategy_output(const records::Record& record) {
  return record.strategy.empty() ? std::string(kNoStrategy) : record.strategy;
}

/// nullopt: not an indexed key.
std::optional<std::string_view> indexed_type(const Memory& memory, std::string_view key) {
  if (!memory.indexed_keys) return std::nullopt;
  const auto found = std::ranges::find(*memory.indexed_keys, key, &IndexedKey::key);
  if (found == memory.indexed_keys->end()) return std::nullopt;
  return found->type;
}

std::string_view type_of(const records::MetadataValue& value) {
  if (std::holds_alternative<std::string>(value)) return kString;
  return std::holds_alternative<double>(value) ? kNumber : kStringList;
}

bool names(const std::optional<model::agentcore::MemoryRecordSchema>& schema, std::string_view key) {
  if (!schema || !schema->metadata_schema) return false;
  return std::ranges::find(*schema->metadata_schema, key, &MetadataSchemaEntry::key) != schema->metadata_schema->end();
}

bool in_schema(const MemoryStrategy& strategy, std::string_view key) {
  if (names(strategy.memory_record_schema, key)) return true;
  if (!strategy.configuration || !strategy.configuration->reflection) return false;
  const auto& reflection = *strategy.configuration->reflection;
  return reflection.episodic_reflection_configuration &&
         names(reflection.episodic_reflection_configuration->memory_record_schema, key);
}

Result<records::MetadataValue> value_of(std::string_view key, const MemoryRecordMetadataValue& input) {
  if (input.string_value) return records::MetadataValue(*input.string_value);
  if (input.string_list_value) return records::MetadataValue(*input.string_list_value);
  if (input.number_value && std::isfinite(*input.number_value)) return records::MetadataValue(*input.number_value);
  if (input.date_time_value) {
    return fail(invalid_field("metadata", fmt::format("metadata key `{}`: dateTimeValue is the service's own", key)));
  }
  return fail(invalid_field("metadata", fmt::format("metadata key `{}` has no value", key)));
}

}  // namespace

model::agentcore::MemoryRecord record_output(const records::Record& record) {
  return {.memory_record_id = record.id.str(),
          .content = {.text = record.text},
          .memory_strategy_id = strategy_output(record),
          .namespaces = {record.name_space},
          .created_at = record.created,
          .timestamp = record.updated,
          .metadata = metadata_output(record),
          .expires_at = record.expires};
}

model::agentcore::MemoryRecordSummary summary_output(const records::Record& record, std::optional<float> score) {
  model::agentcore::MemoryRecordSummary out{.memory_record_id = record.id.str(),
                                            .content = {.text = record.text},
                                            .memory_strategy_id = strategy_output(record),
                                            .namespaces = {record.name_space},
                                            .created_at = record.created,
                                            .timestamp = record.updated,
                                            .metadata = metadata_output(record)};
  // The shortest decimal that is this float: clients see seven digits, not the double's tail.
  if (score) out.score = std::stod(fmt::format("{}", *score));
  return out;
}

const MemoryStrategy* find_strategy(const Memory& memory, std::string_view id) {
  if (!memory.strategies) return nullptr;
  const auto found = std::ranges::find(*memory.strategies, id, &MemoryStrategy::strategy_id);
  return found == memory.strategies->end() ? nullptr : &*found;
}

Result<records::Metadata> metadata_of(const MetadataMap& input, const Memory& memory, const MemoryStrategy* strategy) {
  records::Metadata out;
  for (const auto& [key, given] : input) {
    if (key.starts_with(records::kSystemPrefix)) {
      return fail(invalid_field("metadata", fmt::format("metadata key `{}` is the service's own", key)));
    }
    if (strategy != nullptr && !in_schema(*strategy, key)) continue;
    records::MetadataValue value = TRY(value_of(key, given));
    const auto indexed = indexed_type(memory, key);
    if (indexed && *indexed != type_of(value)) {
      return fail(invalid_field(
          "metadata", fmt::format("metadata key `{}` is {} and indexed as {}", key, type_of(value), *indexed)));
    }
    out.emplace_back(key, std::move(value));
  }
  records::sort_metadata(out);
  return out;
}

Result<records::Scope> scope_of(const std::optional<std::string>& name_space, const std::optional<std::string>& path,
                                const std::optional<std::string>& strategy) {
  if (name_space.has_value() == path.has_value()) {
    return fail(invalid_field("namespace", "exactly one of namespace and namespacePath is required"));
  }
  records::Scope scope{.path = records::normalise_namespace(name_space ? *name_space : *path),
                       .exact = name_space.has_value()};
  if (strategy) scope.strategy = *strategy == kNoStrategy ? "" : *strategy;
  return scope;
}

namespace {

using model::agentcore::MemoryMetadataFilterExpression;
using records::Operator;

constexpr auto kOperators = std::to_array<std::pair<std::string_view, Operator>>({
    {"EQUALS_TO", Operator::kEqualsTo},
    {"EXISTS", Operator::kExists},
    {"NOT_EXISTS", Operator::kNotExists},
    {"CONTAINS", Operator::kContains},
    {"BEFORE", Operator::kBefore},
    {"AFTER", Operator::kAfter},
    {"GREATER_THAN", Operator::kGreater},
    {"GREATER_THAN_OR_EQUALS", Operator::kGreaterOrEqual},
    {"LESS_THAN", Operator::kLess},
    {"LESS_THAN_OR_EQUALS", Operator::kLessOrEqual},
});

enum class Type : std::uint8_t { kString, kList, kNumber, kTime };

Result<Type> filter_type(std::string_view key, const Memory& memory, std::string_view field) {
  if (key == records::kCreatedAtKey || key == records::kUpdatedAtKey) return Type::kTime;
  if (key == records::kRecordTypeKey) return Type::kString;
  const auto indexed = indexed_type(memory, key);
  if (!indexed) {
    return fail(invalid_field(field, fmt::format("metadata key `{}` is not one of the memory's indexedKeys", key)));
  }
  if (*indexed == kNumber) return Type::kNumber;
  return *indexed == kStringList ? Type::kList : Type::kString;
}

bool takes_right(Operator op) { return op != Operator::kExists && op != Operator::kNotExists; }

bool fits(Operator op, Type type) {
  switch (op) {
    case Operator::kExists:
    case Operator::kNotExists:
      return true;
    case Operator::kEqualsTo:
      return type == Type::kString || type == Type::kNumber;
    case Operator::kContains:
      return type == Type::kList;
    case Operator::kBefore:
    case Operator::kAfter:
      return type == Type::kTime;
    case Operator::kGreater:
    case Operator::kGreaterOrEqual:
    case Operator::kLess:
    case Operator::kLessOrEqual:
      return type == Type::kNumber;
  }
  return false;
}

/// Whether the right side was of the type.
bool set_right(records::Condition& condition, Type type, const MemoryRecordMetadataValue& right) {
  if (type == Type::kNumber && right.number_value) condition.value = *right.number_value;
  if (type == Type::kTime && right.date_time_value) condition.value = *right.date_time_value;
  if (type == Type::kString && right.string_value) condition.value = *right.string_value;
  // The SDK's table says a list stands right of CONTAINS, the guide a single text.
  if (type == Type::kList && right.string_value) condition.value = *right.string_value;
  if (type == Type::kList && right.string_list_value) condition.value = *right.string_list_value;
  return !std::holds_alternative<std::monostate>(condition.value);
}

Result<records::Condition> condition_of(const MemoryMetadataFilterExpression& filter, const Memory& memory,
                                        std::string_view field) {
  const auto refuse = [&](std::string_view why) {
    return fail(invalid_field(field, fmt::format("{}.{}", field, why)));
  };
  if (!filter.left.metadata_key) return refuse("left.metadataKey is required");
  const auto op = std::ranges::find(kOperators, filter.operator_, &std::pair<std::string_view, Operator>::first);
  if (op == kOperators.end()) return refuse("operator is unknown");
  records::Condition condition{.key = *filter.left.metadata_key, .op = op->second};
  const Type type = TRY(filter_type(condition.key, memory, field));
  if (!fits(condition.op, type)) {
    return refuse(fmt::format("operator {} does not fit the type of `{}`", op->first, condition.key));
  }
  const bool has_right = filter.right && filter.right->metadata_value;
  if (!takes_right(condition.op)) {
    if (filter.right) return refuse(fmt::format("right is not allowed with {}", op->first));
    return condition;
  }
  if (!has_right) return refuse(fmt::format("right is required by {}", op->first));
  if (!set_right(condition, type, *filter.right->metadata_value)) {
    return refuse(fmt::format("right is not of the type of `{}`", condition.key));
  }
  return condition;
}

}  // namespace

Result<records::Conditions> conditions_of(const std::optional<Filters>& filters, const Memory& memory,
                                          std::string_view field) {
  records::Conditions out;
  if (!filters) return out;
  for (std::size_t i = 0; i < filters->size(); ++i) {
    const std::string member = fmt::format("{}.{}.member", field, i + 1);
    out.push_back(TRY(condition_of((*filters)[i], memory, member)));
  }
  return out;
}

}  // namespace warifu::services::memory::record_shapes
