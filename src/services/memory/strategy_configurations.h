#pragma once

#include <string_view>

#include "base/result.h"
#include "gen/agentcore/memories.h"

/// The configuration of a strategy: requests name it by kind of override, answers by step. Pure.
namespace warifu::services::memory::strategy_configurations {

using model::agentcore::CustomConfigurationInput;
using model::agentcore::EpisodicReflectionConfigurationInput;
using model::agentcore::ModifyStrategyConfiguration;
using model::agentcore::StrategyConfiguration;

inline constexpr std::string_view kSemantic = "SEMANTIC_OVERRIDE";
inline constexpr std::string_view kSummary = "SUMMARY_OVERRIDE";
inline constexpr std::string_view kUserPreference = "USER_PREFERENCE_OVERRIDE";
inline constexpr std::string_view kEpisodic = "EPISODIC_OVERRIDE";

/// Of a custom strategy. kValidation for selfManagedConfiguration, which is not supported yet.
[[nodiscard]] Result<StrategyConfiguration> build(const CustomConfigurationInput& input, std::string_view field);

/// Of a built-in episodic strategy: where its reflections lie, kPerActor unless the request says.
[[nodiscard]] Result<StrategyConfiguration> build_episodic(const EpisodicReflectionConfigurationInput& input,
                                                           std::string_view field);

/// Replaces the steps that `input` gives. kValidation when a step is of another kind than the configuration.
[[nodiscard]] Result<> modify(StrategyConfiguration& configuration, const ModifyStrategyConfiguration& input,
                              std::string_view field);

/// The reflection's namespaces, if the strategy reflects; nullptr otherwise.
[[nodiscard]] const std::vector<std::string>* reflection_templates(const StrategyConfiguration& configuration);
/// The reflection's schema, if it has one; nullptr otherwise.
[[nodiscard]] const model::agentcore::MemoryRecordSchema* reflection_schema(const StrategyConfiguration& configuration);

}  // namespace warifu::services::memory::strategy_configurations
