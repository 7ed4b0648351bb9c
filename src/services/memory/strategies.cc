#include "services/memory/strategies.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "services/memory/errors.h"
#include "services/memory/limits.h"
#include "services/memory/namespaces.h"
#include "services/memory/record_schemas.h"
#include "services/memory/strategy_configurations.h"

namespace warifu::services::memory::strategies {
namespace {

namespace m = model::agentcore;
namespace configurations = strategy_configurations;

constexpr std::size_t kIdSuffixSize = 10;
constexpr std::string_view kCustom = "CUSTOM";

/// What a strategy's records are made by, whether built in or overridden: defaults and expiry groups go by it.
bool is_per_session(const MemoryStrategy& strategy) {
  const std::string_view override_type = strategy.configuration && strategy.configuration->type
                                             ? std::string_view(*strategy.configuration->type)
                                             : std::string_view();
  return strategy.type == "SUMMARIZATION" || strategy.type == "EPISODIC" || override_type == configurations::kSummary ||
         override_type == configurations::kEpisodic;
}

bool is_summary(const MemoryStrategy& strategy) {
  return strategy.type == "SUMMARIZATION" ||
         (strategy.configuration && strategy.configuration->type == configurations::kSummary);
}

Result<std::optional<std::int32_t>> expiry_days(const std::optional<m::RecordExpirySpecification>& input,
                                                std::optional<std::int32_t> current, std::string_view field) {
  if (!input) return current;
  if (input->record_expiry_duration_days) return input->record_expiry_duration_days;
  if (!current) {
    return fail(invalid_field(fmt::format("{}.recordExpirySpecification", field),
                              fmt::format("{}: there is no expiry of records to remove", field)));
  }
  return std::optional<std::int32_t>();
}

/// The members that every kind of strategy has. REQUIRES: type and configuration are set.
template <class Input>
Result<MemoryStrategy> with_common(MemoryStrategy strategy, const Input& input, std::string_view id_suffix,
                                   Timestamp now, std::string_view field) {
  strategy.strategy_id = fmt::format("{}-{}", input.name, id_suffix);
  strategy.name = input.name;
  strategy.description = input.description;
  strategy.namespaces =
      TRY(namespaces::choose(input.namespaces, input.namespace_templates,
                             is_per_session(strategy) ? namespaces::kPerSession : namespaces::kPerActor, field));
  strategy.namespace_templates = strategy.namespaces;
  strategy.created_at = now;
  strategy.updated_at = now;
  strategy.status = std::string(kActive);
  strategy.memory_record_schema = input.memory_record_schema;
  strategy.record_expiry_duration_days = TRY(expiry_days(input.record_expiry_specification, std::nullopt, field));
  return strategy;
}

Result<> check_templates(const MemoryStrategy& strategy, const std::vector<std::string>& declared,
                         std::string_view field) {
  TRY(namespaces::check_variables(strategy.namespace_templates, declared, field));
  const std::string& own = strategy.namespace_templates.front();
  if (is_summary(strategy) && std::ranges::count(namespaces::variables(own), "sessionId") == 0) {
    return fail(
        invalid_field(fmt::format("{}.namespaceTemplates", field),
                      fmt::format("{}: the namespace of a summary strategy must contain {{sessionId}}", field)));
  }
  const std::vector<std::string>* reflection =
      strategy.configuration ? configurations::reflection_templates(*strategy.configuration) : nullptr;
  if (reflection == nullptr) return {};
  TRY(namespaces::check_variables(*reflection, declared, fmt::format("{}.reflection", field)));
  if (!namespaces::contains(reflection->front(), own)) {
    return fail(invalid_field(fmt::format("{}.reflection.namespaceTemplates", field),
                              fmt::format("{}: the namespace of reflections must be the episodes' namespace or a "
                                          "prefix of it",
                                          field)));
  }
  return {};
}

Result<> check_schemas(const MemoryStrategy& strategy, const std::vector<m::IndexedKey>& indexed,
                       std::string_view field) {
  const bool strict_allowed = !is_summary(strategy);
  if (strategy.memory_record_schema) {
    TRY(record_schemas::check(*strategy.memory_record_schema, indexed, strict_allowed,
                              fmt::format("{}.memoryRecordSchema", field)));
  }
  const m::MemoryRecordSchema* reflection =
      strategy.configuration ? configurations::reflection_schema(*strategy.configuration) : nullptr;
  if (reflection == nullptr) return {};
  return record_schemas::check(*reflection, indexed, strict_allowed,
                               fmt::format("{}.reflection.memoryRecordSchema", field));
}

/// Record expiry is shared: by semantic and preference strategies, and by summary and episodic ones.
Result<> check_expiry_groups(const std::vector<MemoryStrategy>& all) {
  const MemoryStrategy* first[2] = {nullptr, nullptr};
  for (const MemoryStrategy& strategy : all) {
    const MemoryStrategy*& group = first[is_per_session(strategy) ? 1 : 0];
    if (group == nullptr) {
      group = &strategy;
    } else if (group->record_expiry_duration_days != strategy.record_expiry_duration_days) {
      return fail(invalid_field(
          "recordExpirySpecification",
          fmt::format("strategies `{}` and `{}` must have the same expiry of records", group->name, strategy.name)));
    }
  }
  return {};
}

}  // namespace

std::string new_id_suffix(Random& random) { return random.text(kIdSuffixSize, kAlphanumeric); }

Result<MemoryStrategy> build(const m::MemoryStrategyInput& input, std::string_view id_suffix, Timestamp now,
                             std::string_view field) {
  const auto make = [&](MemoryStrategy strategy, const auto& given, std::string_view member) {
    return with_common(std::move(strategy), given, id_suffix, now, fmt::format("{}.{}", field, member));
  };
  if (const auto& given = input.semantic_memory_strategy) {
    return make({.type = "SEMANTIC"}, *given, "semanticMemoryStrategy");
  }
  if (const auto& given = input.summary_memory_strategy) {
    return make({.type = "SUMMARIZATION"}, *given, "summaryMemoryStrategy");
  }
  if (const auto& given = input.user_preference_memory_strategy) {
    return make({.type = "USER_PREFERENCE"}, *given, "userPreferenceMemoryStrategy");
  }
  if (const auto& given = input.episodic_memory_strategy) {
    const std::string path = fmt::format("{}.episodicMemoryStrategy.reflectionConfiguration", field);
    MemoryStrategy strategy{.type = "EPISODIC"};
    strategy.configuration = TRY(configurations::build_episodic(
        given->reflection_configuration.value_or(m::EpisodicReflectionConfigurationInput{}), path));
    return make(std::move(strategy), *given, "episodicMemoryStrategy");
  }
  if (const auto& given = input.custom_memory_strategy) {
    const std::string path = fmt::format("{}.customMemoryStrategy.configuration", field);
    if (!given->configuration) return fail(invalid_field(path, fmt::format("{} is required", path)));
    MemoryStrategy strategy{.type = std::string(kCustom)};
    strategy.configuration = TRY(configurations::build(*given->configuration, path));
    return make(std::move(strategy), *given, "customMemoryStrategy");
  }
  return fail(invalid_field(field, fmt::format("{} must have one member", field)));
}

Result<> modify(MemoryStrategy& strategy, const m::ModifyMemoryStrategyInput& input, Timestamp now,
                std::string_view field) {
  if (input.description) strategy.description = input.description;
  if (input.namespaces || input.namespace_templates) {
    strategy.namespaces = TRY(namespaces::choose(input.namespaces, input.namespace_templates, "", field));
    strategy.namespace_templates = strategy.namespaces;
  }
  if (input.configuration) {
    m::StrategyConfiguration changed = strategy.configuration.value_or(m::StrategyConfiguration{});
    TRY(configurations::modify(changed, *input.configuration, fmt::format("{}.configuration", field)));
    strategy.configuration = std::move(changed);
  }
  if (input.memory_record_schema) strategy.memory_record_schema = input.memory_record_schema;
  strategy.record_expiry_duration_days =
      TRY(expiry_days(input.record_expiry_specification, strategy.record_expiry_duration_days, field));
  strategy.updated_at = now;
  return {};
}

Result<> check(const Memory& memory) {
  if (!memory.strategies) return {};
  if (memory.strategies->size() > kStrategiesMax) {
    return fail({.code = ErrorCode::kQuotaExceeded,
                 .message = fmt::format("a memory has at most {} strategies, not {}", kStrategiesMax,
                                        memory.strategies->size())});
  }
  std::vector<std::string> declared;
  for (const m::NamespaceKeyEntry& entry : memory.namespace_keys.value_or(std::vector<m::NamespaceKeyEntry>{})) {
    declared.push_back(entry.key);
  }
  const std::vector<m::IndexedKey> indexed = memory.indexed_keys.value_or(std::vector<m::IndexedKey>{});
  std::set<std::string_view> names;
  for (const MemoryStrategy& strategy : *memory.strategies) {
    const std::string field = fmt::format("memoryStrategies.{}", strategy.name);
    if (!names.insert(strategy.name).second) {
      return fail(invalid_field("memoryStrategies",
                                fmt::format("Memory strategy with name '{}' already exists", strategy.name)));
    }
    if (strategy.type == kCustom && !memory.memory_execution_role_arn) {
      return fail(
          invalid_field("memoryExecutionRoleArn",
                        fmt::format("memoryExecutionRoleArn is required by custom strategy `{}`", strategy.name)));
    }
    TRY(check_templates(strategy, declared, field));
    TRY(check_schemas(strategy, indexed, field));
  }
  return check_expiry_groups(*memory.strategies);
}

}  // namespace warifu::services::memory::strategies
