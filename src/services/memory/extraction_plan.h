#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "extract/consolidate.h"
#include "records/record.h"
#include "services/memory/extraction_batch.h"

/// What is to be made of a batch: one part for each strategy, namespace and combination of strict metadata values.
/// Pure.
namespace warifu::services::memory::extraction {

/// A custom strategy's words for one step; both empty for a built-in one.
struct Override {
  std::string instructions;  // appendToPrompt
  std::string model;         // a Bedrock model id or ARN
};

struct Part {
  std::string strategy;  // id
  extract::Kind kind = extract::Kind::kSemantic;
  Override extraction, consolidation, reflection;
  std::string name_space;
  std::string reflections;  // the namespace of reflections; empty: the strategy makes none
  std::optional<std::int32_t> expiry_days;
  records::Metadata metadata;                    // strict values, the same of all sources
  std::vector<extract::MetadataField> inferred;  // LLM_INFERRED keys of the schema
  records::Metadata reflection_metadata;         // as both above, of reflections, by their own schema
  std::vector<extract::MetadataField> reflection_inferred;
  std::vector<std::size_t> sources;  // indices into Batch::sources, ascending; each has a turn
};

/// Parts in the order of the memory's strategies. A strategy takes what arrived since it was created; an event that
/// lacks a variable of the strategy's template has no namespace there, and is left out.
[[nodiscard]] std::vector<Part> plan(const Batch& batch);

/// The turns of a part, and for each the source that it comes from.
struct Fresh {
  std::vector<extract::Turn> turns;
  std::vector<std::size_t> sources;
};
[[nodiscard]] Fresh fresh_of(const Batch& batch, const Part& part);

}  // namespace warifu::services::memory::extraction
