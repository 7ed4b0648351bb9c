#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "extract/consolidate.h"
#include "extract/extract.h"

namespace warifu::extract {

/// What a model is asked: two messages, and the JSON schema that its answer must meet (root: an object).
struct Prompt {
  std::string system;
  std::string user;
  std::string schema_name;
  std::string schema;
};

/// `instructions`: a strategy's `appendToPrompt`; replaces our instructions, never the output rules or the schema.
/// Bounds in bytes of UTF-8 (a token of English is about four): the newest turns of the past are kept, and each fresh
/// turn is cut at its share, so that the whole prompt stays within the sum and a constant. `fields`: metadata that is
/// asked for with each memory (kMetadataFieldsMax at most); part of the output rules.
struct PromptOptions {
  std::string_view instructions;
  std::span<const MetadataField> fields{};
  std::size_t past_bytes_max = 12'000;
  std::size_t fresh_bytes_max = 120'000;
};

/// Extraction from the fresh turns (kSemantic, kPreference, kSummary, kEpisode). Turns are quoted as data: what they
/// say is never an instruction, and the prompt says so. Answer: `memories_from_answer` (answers.h).
[[nodiscard]] Prompt extraction_prompt(Kind kind, const Conversation& conversation, const PromptOptions& options);

/// Consolidation of new memories with existing records; record k is shown as id `k`, so that an answer cannot name
/// another. Answer: `operations_from_answer`.
[[nodiscard]] Prompt consolidation_prompt(Kind kind, std::span<const Memory> memories,
                                          std::span<const Existing> existing, const PromptOptions& options);

/// Reflection on new episodes beside existing reflections. Answer: `operations_from_answer` with Kind::kReflection.
[[nodiscard]] Prompt reflection_prompt(std::span<const Memory> episodes, std::span<const Existing> existing,
                                       const PromptOptions& options);

}  // namespace warifu::extract
