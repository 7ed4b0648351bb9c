#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "extract/consolidate.h"
#include "extract/extract.h"

namespace warifu::extract {

inline constexpr std::size_t kAnswerBytesMax = 1024 * 1024;
inline constexpr std::size_t kAnswerItemsMax = 256;

/// Reads a model's answer to `extraction_prompt`. A code fence around it and a bare array are tolerated; anything else
/// that is not the schema (other members' types, empty or over-long texts, too many items, no JSON) is
/// ErrorCode::kValidation, and nothing of the answer is used. Sources and index texts are those of the fresh turns that
/// share most words with each memory. An empty list is a good answer. Of an item's `metadata` each value that is what
/// `fields` allow is taken (`metadata_from_answer`); the rest of it is left out, for a memory is worth more.
[[nodiscard]] Result<std::vector<Memory>> memories_from_answer(Kind kind, std::string_view answer,
                                                               const Conversation& conversation,
                                                               std::span<const MetadataField> fields = {});

/// One step of an answer to `consolidation_prompt` or `reflection_prompt`: for new memory `memory` (for reflections:
/// kSkip never occurs and `memory` counts the answer's items).
struct Operation {
  std::size_t memory = 0;
  Decision decision;
  Metadata metadata{};  // of a reflection
};

/// Reads such an answer. `memories` and `existing` are the counts that were in the prompt: an id outside them, a memory
/// decided twice, or two updates of one record are kValidation. Memories that the answer leaves out are kSkip.
/// `fields`: what reflections were asked for beside their texts; taken as in `memories_from_answer`.
[[nodiscard]] Result<std::vector<Operation>> operations_from_answer(Kind kind, std::string_view answer,
                                                                    std::span<const Memory> memories,
                                                                    std::size_t existing,
                                                                    std::span<const MetadataField> fields = {});

}  // namespace warifu::extract
