#pragma once

#include <span>
#include <string>
#include <string_view>

#include "extract/consolidate.h"
#include "extract/metadata.h"

namespace warifu::extract {

/// A JSON schema in the strict subset that OpenAI-compatible endpoints accept: every member required, none besides.
struct Schema {
  std::string_view name;
  std::string text;
};

/// kSemantic, kPreference, kSummary or kEpisode: an object whose one member `memories` is the list. Where there are
/// `fields`, each item has a member `metadata` with all of them, each of its type and allowed values, or null.
[[nodiscard]] Schema extraction_schema(Kind kind, std::span<const MetadataField> fields = {});
/// `operations`: [{memory, operation, update_id, updated_memory}]; the last two are null unless it is an update.
[[nodiscard]] Schema operations_schema();
/// `reflections`: [{operator, id, title, use_cases, hints, confidence}]; id is null for an addition. `fields`: as
/// above.
[[nodiscard]] Schema reflections_schema(std::span<const MetadataField> fields = {});

}  // namespace warifu::extract
