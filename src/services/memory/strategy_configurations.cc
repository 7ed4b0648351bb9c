#include "services/memory/strategy_configurations.h"

#include <fmt/format.h>

#include "services/memory/errors.h"
#include "services/memory/namespaces.h"

namespace warifu::services::memory::strategy_configurations {
namespace {

namespace m = model::agentcore;

/// The same two members stand in every step's shape, under another name each time.
template <class Out, class In>
Out prompt(const In& in) {
  Out out;
  out.append_to_prompt = in.append_to_prompt;
  out.model_id = in.model_id;
  return out;
}

template <class Out, class In>
Result<Out> reflection(const In& in, std::string_view field) {
  Out out;
  out.namespaces = TRY(namespaces::choose(in.namespaces, in.namespace_templates, namespaces::kPerActor, field));
  out.namespace_templates = out.namespaces;
  out.memory_record_schema = in.memory_record_schema;
  return out;
}

Result<m::EpisodicReflectionOverride> reflection_override(const m::EpisodicOverrideReflectionConfigurationInput& in,
                                                          std::string_view field) {
  auto out = TRY(reflection<m::EpisodicReflectionOverride>(in, field));
  out.append_to_prompt = in.append_to_prompt;
  out.model_id = in.model_id;
  return out;
}

StrategyConfiguration build_semantic(const m::SemanticOverrideConfigurationInput& in) {
  StrategyConfiguration out{.type = std::string(kSemantic)};
  if (in.extraction) {
    out.extraction.emplace().custom_extraction_configuration.emplace().semantic_extraction_override =
        prompt<m::SemanticExtractionOverride>(*in.extraction);
  }
  if (in.consolidation) {
    out.consolidation.emplace().custom_consolidation_configuration.emplace().semantic_consolidation_override =
        prompt<m::SemanticConsolidationOverride>(*in.consolidation);
  }
  return out;
}

StrategyConfiguration build_summary(const m::SummaryOverrideConfigurationInput& in) {
  StrategyConfiguration out{.type = std::string(kSummary)};
  if (in.consolidation) {
    out.consolidation.emplace().custom_consolidation_configuration.emplace().summary_consolidation_override =
        prompt<m::SummaryConsolidationOverride>(*in.consolidation);
  }
  return out;
}

StrategyConfiguration build_user_preference(const m::UserPreferenceOverrideConfigurationInput& in) {
  StrategyConfiguration out{.type = std::string(kUserPreference)};
  if (in.extraction) {
    out.extraction.emplace().custom_extraction_configuration.emplace().user_preference_extraction_override =
        prompt<m::UserPreferenceExtractionOverride>(*in.extraction);
  }
  if (in.consolidation) {
    out.consolidation.emplace().custom_consolidation_configuration.emplace().user_preference_consolidation_override =
        prompt<m::UserPreferenceConsolidationOverride>(*in.consolidation);
  }
  return out;
}

Result<StrategyConfiguration> build_episodic_override(const m::EpisodicOverrideConfigurationInput& in,
                                                      std::string_view field) {
  StrategyConfiguration out{.type = std::string(kEpisodic)};
  if (in.extraction) {
    out.extraction.emplace().custom_extraction_configuration.emplace().episodic_extraction_override =
        prompt<m::EpisodicExtractionOverride>(*in.extraction);
  }
  if (in.consolidation) {
    out.consolidation.emplace().custom_consolidation_configuration.emplace().episodic_consolidation_override =
        prompt<m::EpisodicConsolidationOverride>(*in.consolidation);
  }
  if (in.reflection) {
    out.reflection.emplace().custom_reflection_configuration.emplace().episodic_reflection_override =
        TRY(reflection_override(*in.reflection, fmt::format("{}.reflection", field)));
  }
  return out;
}

Error other_kind(const StrategyConfiguration& configuration, std::string_view field) {
  return invalid_field(
      field, fmt::format("{} does not fit a strategy of type {}", field, configuration.type.value_or("built-in")));
}

Result<> modify_extraction(StrategyConfiguration& out, const m::ModifyExtractionConfiguration& input,
                           std::string_view field) {
  const auto& custom = input.custom_extraction_configuration;
  if (!custom) return {};
  m::CustomExtractionConfiguration changed;
  if (custom->semantic_extraction_override && out.type == kSemantic) {
    changed.semantic_extraction_override = prompt<m::SemanticExtractionOverride>(*custom->semantic_extraction_override);
  } else if (custom->user_preference_extraction_override && out.type == kUserPreference) {
    changed.user_preference_extraction_override =
        prompt<m::UserPreferenceExtractionOverride>(*custom->user_preference_extraction_override);
  } else if (custom->episodic_extraction_override && out.type == kEpisodic) {
    changed.episodic_extraction_override = prompt<m::EpisodicExtractionOverride>(*custom->episodic_extraction_override);
  } else {
    return fail(other_kind(out, field));
  }
  out.extraction.emplace().custom_extraction_configuration = std::move(changed);
  return {};
}

Result<> modify_consolidation(StrategyConfiguration& out, const m::ModifyConsolidationConfiguration& input,
                              std::string_view field) {
  const auto& custom = input.custom_consolidation_configuration;
  if (!custom) return {};
  m::CustomConsolidationConfiguration changed;
  if (custom->semantic_consolidation_override && out.type == kSemantic) {
    changed.semantic_consolidation_override =
        prompt<m::SemanticConsolidationOverride>(*custom->semantic_consolidation_override);
  } else if (custom->summary_consolidation_override && out.type == kSummary) {
    changed.summary_consolidation_override =
        prompt<m::SummaryConsolidationOverride>(*custom->summary_consolidation_override);
  } else if (custom->user_preference_consolidation_override && out.type == kUserPreference) {
    changed.user_preference_consolidation_override =
        prompt<m::UserPreferenceConsolidationOverride>(*custom->user_preference_consolidation_override);
  } else if (custom->episodic_consolidation_override && out.type == kEpisodic) {
    changed.episodic_consolidation_override =
        prompt<m::EpisodicConsolidationOverride>(*custom->episodic_consolidation_override);
  } else {
    return fail(other_kind(out, field));
  }
  out.consolidation.emplace().custom_consolidation_configuration = std::move(changed);
  return {};
}

Result<> modify_reflection(StrategyConfiguration& out, const m::ModifyReflectionConfiguration& input,
                           std::string_view field) {
  const auto& built_in = input.episodic_reflection_configuration;
  const auto* custom = input.custom_reflection_configuration
                           ? &input.custom_reflection_configuration->episodic_reflection_override
                           : nullptr;
  const bool is_built_in_episodic = !out.type && out.reflection;
  if (built_in && is_built_in_episodic) {
    out.reflection->episodic_reflection_configuration =
        TRY(reflection<m::EpisodicReflectionConfiguration>(*built_in, field));
    return {};
  }
  if (custom != nullptr && *custom && out.type == kEpisodic) {
    auto changed = TRY(reflection_override(**custom, field));
    out.reflection.emplace().custom_reflection_configuration.emplace().episodic_reflection_override =
        std::move(changed);
    return {};
  }
  return fail(other_kind(out, field));
}

}  // namespace

Result<StrategyConfiguration> build(const CustomConfigurationInput& input, std::string_view field) {
  if (input.self_managed_configuration) {
    return fail(unsupported_member(fmt::format("{}.selfManagedConfiguration", field)));
  }
  if (input.semantic_override) return build_semantic(*input.semantic_override);
  if (input.summary_override) return build_summary(*input.summary_override);
  if (input.user_preference_override) return build_user_preference(*input.user_preference_override);
  if (input.episodic_override) {
    return build_episodic_override(*input.episodic_override, fmt::format("{}.episodicOverride", field));
  }
  return fail(invalid_field(field, fmt::format("{} must have one member", field)));
}

Result<StrategyConfiguration> build_episodic(const EpisodicReflectionConfigurationInput& input,
                                             std::string_view field) {
  StrategyConfiguration out;
  out.reflection.emplace().episodic_reflection_configuration =
      TRY(reflection<m::EpisodicReflectionConfiguration>(input, field));
  return out;
}

Result<> modify(StrategyConfiguration& configuration, const ModifyStrategyConfiguration& input,
                std::string_view field) {
  if (input.self_managed_configuration) {
    return fail(unsupported_member(fmt::format("{}.selfManagedConfiguration", field)));
  }
  if (input.extraction) {
    TRY(modify_extraction(configuration, *input.extraction, fmt::format("{}.extraction", field)));
  }
  if (input.consolidation) {
    TRY(modify_consolidation(configuration, *input.consolidation, fmt::format("{}.consolidation", field)));
  }
  if (input.reflection) {
    TRY(modify_reflection(configuration, *input.reflection, fmt::format("{}.reflection", field)));
  }
  return {};
}

const std::vector<std::string>* reflection_templates(const StrategyConfiguration& configuration) {
  if (!configuration.reflection) return nullptr;
  const auto& reflection = *configuration.reflection;
  const std::optional<std::vector<std::string>>* found = nullptr;
  if (reflection.episodic_reflection_configuration) {
    found = &reflection.episodic_reflection_configuration->namespace_templates;
  } else if (reflection.custom_reflection_configuration &&
             reflection.custom_reflection_configuration->episodic_reflection_override) {
    found = &reflection.custom_reflection_configuration->episodic_reflection_override->namespace_templates;
  }
  return found != nullptr && found->has_value() ? &**found : nullptr;
}

const m::MemoryRecordSchema* reflection_schema(const StrategyConfiguration& configuration) {
  if (!configuration.reflection) return nullptr;
  const auto& reflection = *configuration.reflection;
  const std::optional<m::MemoryRecordSchema>* found = nullptr;
  if (reflection.episodic_reflection_configuration) {
    found = &reflection.episodic_reflection_configuration->memory_record_schema;
  } else if (reflection.custom_reflection_configuration &&
             reflection.custom_reflection_configuration->episodic_reflection_override) {
    found = &reflection.custom_reflection_configuration->episodic_reflection_override->memory_record_schema;
  }
  return found != nullptr && found->has_value() ? &**found : nullptr;
}

}  // namespace warifu::services::memory::strategy_configurations
