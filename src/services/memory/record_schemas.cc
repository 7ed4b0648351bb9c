#include "services/memory/record_schemas.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "services/memory/errors.h"
#include "services/memory/limits.h"

namespace warifu::services::memory::record_schemas {
namespace {

using model::agentcore::IndexedKey;
using model::agentcore::MetadataSchemaEntry;

constexpr std::string_view kString = "STRING";
constexpr std::string_view kStringList = "STRINGLIST";
constexpr std::string_view kNumber = "NUMBER";
constexpr std::string_view kStrict = "STRICTLY_CONSISTENT";

bool is_strict(const MetadataSchemaEntry& entry) { return entry.extraction_type == kStrict; }

Error bad_entry(std::string_view field, const MetadataSchemaEntry& entry, std::string_view why) {
  return invalid_field(field, fmt::format("{}: metadata key `{}` {}", field, entry.key, why));
}

Result<> check_strict(const MetadataSchemaEntry& entry, const std::vector<IndexedKey>& indexed, bool allowed,
                      std::string_view field) {
  if (!allowed) return fail(bad_entry(field, entry, "cannot be STRICTLY_CONSISTENT on a summary strategy"));
  if (entry.type.value_or(std::string(kString)) != kString) {
    return fail(bad_entry(field, entry, "is STRICTLY_CONSISTENT and must be of type STRING"));
  }
  if (entry.extraction_config) {
    return fail(bad_entry(field, entry, "is STRICTLY_CONSISTENT and takes no extractionConfig"));
  }
  if (std::ranges::find(indexed, entry.key, &IndexedKey::key) == indexed.end()) {
    return fail(bad_entry(field, entry, "is STRICTLY_CONSISTENT and must be one of the memory's indexedKeys"));
  }
  return {};
}

Result<> check_validation(const MetadataSchemaEntry& entry, std::string_view field) {
  if (!entry.extraction_config || !entry.extraction_config->llm_extraction_config) return {};
  const auto& validation = entry.extraction_config->llm_extraction_config->validation;
  if (!validation) return {};
  const std::string type = entry.type.value_or(std::string(kString));
  const bool fits = (validation->string_validation && type == kString) ||
                    (validation->string_list_validation && type == kStringList) ||
                    (validation->number_validation && type == kNumber);
  if (!fits) return fail(bad_entry(field, entry, "has a validation of another type"));
  if (const auto& number = validation->number_validation;
      number && number->min_value && number->max_value && *number->min_value > *number->max_value) {
    return fail(bad_entry(field, entry, "has a minValue above its maxValue"));
  }
  return {};
}

}  // namespace

Result<> check(const model::agentcore::MemoryRecordSchema& schema, const std::vector<IndexedKey>& indexed,
               bool strict_allowed, std::string_view field) {
  if (!schema.metadata_schema) return {};
  std::set<std::string_view> keys;
  std::size_t strict = 0;
  for (const MetadataSchemaEntry& entry : *schema.metadata_schema) {
    if (!keys.insert(entry.key).second) return fail(bad_entry(field, entry, "stands twice"));
    if (is_strict(entry)) {
      ++strict;
      TRY(check_strict(entry, indexed, strict_allowed, field));
    }
    TRY(check_validation(entry, field));
  }
  if (strict > kStrictKeysMax) {
    return fail(invalid_field(
        field, fmt::format("{}: {} keys are STRICTLY_CONSISTENT, at most {} may be", field, strict, kStrictKeysMax)));
  }
  return {};
}

}  // namespace warifu::services::memory::record_schemas
