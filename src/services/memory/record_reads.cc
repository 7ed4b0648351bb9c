#include "services/memory/record_reads.h"

#include "services/memory/limits.h"
#include "services/memory/memory_states.h"

namespace warifu::services::memory::record_reads {

Result<records::Conditions> conditions(store::Reader& reader, const memories::Target& target,
                                       const std::optional<record_shapes::Filters>& filters, std::string_view field) {
  TRY(states::require(reader, target.partition, target.id));
  if (!filters) return records::Conditions();
  const memories::Memory memory = TRY(memories::require(reader, target));
  return record_shapes::conditions_of(filters, memory, field);
}

std::size_t page_limit(const std::optional<std::int32_t>& max_results) {
  return static_cast<std::size_t>(max_results.value_or(static_cast<std::int32_t>(kPageDefault)));
}

}  // namespace warifu::services::memory::record_reads
