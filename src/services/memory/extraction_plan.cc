#include "services/memory/extraction_plan.h"

#include <algorithm>
#include <map>

#include "records/namespaces.h"
#include "services/memory/strategies.h"
#include "services/memory/strategy_configurations.h"

namespace warifu::services::memory::extraction {
namespace {

namespace m = model::agentcore;
using m::MemoryStrategy;

constexpr std::string_view kStrict = "STRICTLY_CONSISTENT";

std::optional<extract::Kind> kind_of(const MemoryStrategy& strategy) {
  const std::string_view type = strategy.type == "CUSTOM" && strategy.configuration && strategy.configuration->type
                                    ? std::string_view(*strategy.configuration->type)
                                    : std::string_view(strategy.type);
  if (type == "SEMANTIC" || type == "SEMANTIC_OVERRIDE") return extract::Kind::kSemantic;
  if (type == "USER_PREFERENCE" || type == "USER_PREFERENCE_OVERRIDE") return extract::Kind::kPreference;
  if (type == "SUMMARIZATION" || type == "SUMMARY_OVERRIDE") return extract::Kind::kSummary;
  if (type == "EPISODIC" || type == "EPISODIC_OVERRIDE") return extract::Kind::kEpisode;
  return std::nullopt;  // SELF_MANAGED: its owner makes the records
}

template <class T>
void take(Override& out, const std::optional<T>& given) {
  if (given) out = {.instructions = given->append_to_prompt, .model = given->model_id};
}

const std::optional<std::vector<std::string>>& either(const std::optional<std::vector<std::string>>& a,
                                                      const std::optional<std::vector<std::string>>& b) {
  return a ? a : b;
}

/// The steps' overrides; the template of reflections, or nothing.
std::optional<std::string> configure(Part& part, const m::StrategyConfiguration& given) {
  if (given.extraction && given.extraction->custom_extraction_configuration) {
    const auto& custom = *given.extraction->custom_extraction_configuration;
    take(part.extraction, custom.semantic_extraction_override);
    take(part.extraction, custom.user_preference_extraction_override);
    take(part.extraction, custom.episodic_extraction_override);
  }
  if (given.consolidation && given.consolidation->custom_consolidation_configuration) {
    const auto& custom = *given.consolidation->custom_consolidation_configuration;
    take(part.consolidation, custom.semantic_consolidation_override);
    take(part.consolidation, custom.summary_consolidation_override);
    take(part.consolidation, custom.user_preference_consolidation_override);
    take(part.consolidation, custom.episodic_consolidation_override);
  }
  std::optional<std::vector<std::string>> templates;
  if (given.reflection && given.reflection->episodic_reflection_configuration) {
    const auto& plain = *given.reflection->episodic_reflection_configuration;
    templates = either(plain.namespace_templates, plain.namespaces);
  }
  if (given.reflection && given.reflection->custom_reflection_configuration) {
    const auto& custom = given.reflection->custom_reflection_configuration->episodic_reflection_override;
    take(part.reflection, custom);
    if (custom) templates = either(custom->namespace_templates, custom->namespaces);
  }
  if (!templates || templates->empty()) return std::nullopt;
  return templates->front();
}

extract::ValueType type_of(const m::MetadataSchemaEntry& entry) {
  const std::string_view name = entry.type ? std::string_view(*entry.type) : "STRING";
  if (name == "NUMBER") return extract::ValueType::kNumber;
  return name == "STRINGLIST" ? extract::ValueType::kStringList : extract::ValueType::kString;
}

extract::MetadataField field_of(const m::MetadataSchemaEntry& entry) {
  extract::MetadataField field{.key = entry.key, .type = type_of(entry)};
  if (!entry.extraction_config || !entry.extraction_config->llm_extraction_config) return field;
  const auto& config = *entry.extraction_config->llm_extraction_config;
  field.definition = config.definition;
  field.instruction = config.llm_extraction_instruction.value_or("");
  if (!config.validation) return field;
  const auto& [text, list, number] = *config.validation;
  if (text) field.allowed = text->allowed_values;
  if (list) {
    field.allowed = list->allowed_values.value_or(std::vector<std::string>{});
    field.items_max = static_cast<std::size_t>(list->max_items.value_or(extract::kMetadataItemsMax));
  }
  if (number) {
    field.least = number->min_value;
    field.most = number->max_value;
  }
  return field;
}

/// What a schema says: which keys are copied from events, and which may be inferred.
std::vector<std::string> schema_of(const m::MemoryRecordSchema* schema, std::vector<extract::MetadataField>& inferred) {
  std::vector<std::string> strict;
  if (schema == nullptr || !schema->metadata_schema) return strict;
  for (const auto& entry : *schema->metadata_schema) {
    if (entry.extraction_type.value_or("") == kStrict) {
      strict.push_back(entry.key);
      continue;
    }
    inferred.push_back(field_of(entry));
  }
  return strict;
}

records::Metadata strict_values(const NamedValues& metadata, const std::vector<std::string>& keys) {
  records::Metadata values;
  for (const auto& [key, value] : metadata) {
    if (std::ranges::find(keys, key) != keys.end()) values.emplace_back(key, value);
  }
  records::sort_metadata(values);
  return values;
}

/// What tells the parts of one strategy apart.
struct Group {
  std::string name_space, reflections;
  records::Metadata metadata, reflection_metadata;
  auto operator<=>(const Group&) const = default;
};

bool takes(const MemoryStrategy& strategy, const Source& source) {
  if (source.turns.empty()) return false;
  if (!source.entry.strategy_id.empty()) return source.entry.strategy_id == strategy.strategy_id;
  return !strategy.created_at || strategy.created_at->ms <= source.entry.created.ms;
}

void plan_strategy(const Batch& batch, const MemoryStrategy& strategy, std::vector<Part>& parts) {
  const std::optional<extract::Kind> kind = kind_of(strategy);
  const auto& templates = strategy.namespace_templates.empty() ? strategy.namespaces : strategy.namespace_templates;
  if (!kind || templates.empty() || strategy.status.value_or("") != strategies::kActive) return;

  Part common{.strategy = strategy.strategy_id, .kind = *kind, .expiry_days = strategy.record_expiry_duration_days};
  std::optional<std::string> reflections;
  if (strategy.configuration) reflections = configure(common, *strategy.configuration);
  const std::vector<std::string> strict =
      schema_of(strategy.memory_record_schema ? &*strategy.memory_record_schema : nullptr, common.inferred);
  const m::MemoryRecordSchema* own =
      strategy.configuration ? strategy_configurations::reflection_schema(*strategy.configuration) : nullptr;
  const std::vector<std::string> reflected = own != nullptr ? schema_of(own, common.reflection_inferred) : strict;

  std::map<Group, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < batch.sources.size(); ++i) {
    const Source& source = batch.sources[i];
    if (!takes(strategy, source)) continue;
    const records::Variables variables{.actor = batch.session.actor,
                                       .session = batch.session.session,
                                       .strategy = strategy.strategy_id,
                                       .flexible = source.namespace_variables};
    const auto name_space = records::resolve(templates.front(), variables);
    if (!name_space) continue;
    Group group{.name_space = *name_space, .metadata = strict_values(source.metadata, strict)};
    if (reflections) group.reflections = records::resolve(*reflections, variables).value_or("");
    if (!group.reflections.empty()) group.reflection_metadata = strict_values(source.metadata, reflected);
    groups[std::move(group)].push_back(i);
  }
  for (auto& [group, sources] : groups) {
    Part& part = parts.emplace_back(common);
    part.name_space = group.name_space;
    part.reflections = group.reflections;
    part.metadata = group.metadata;
    part.reflection_metadata = group.reflection_metadata;
    part.sources = std::move(sources);
  }
}

}  // namespace

std::vector<Part> plan(const Batch& batch) {
  std::vector<Part> parts;
  if (!batch.memory.strategies) return parts;
  for (const MemoryStrategy& strategy : *batch.memory.strategies) plan_strategy(batch, strategy, parts);
  return parts;
}

Fresh fresh_of(const Batch& batch, const Part& part) {
  Fresh fresh;
  for (const std::size_t index : part.sources) {
    for (const extract::Turn& turn : batch.sources[index].turns) {
      fresh.turns.push_back(turn);
      fresh.sources.push_back(index);
    }
  }
  return fresh;
}

}  // namespace warifu::services::memory::extraction
