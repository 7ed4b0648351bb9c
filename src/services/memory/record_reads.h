#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "services/memory/memories.h"
#include "services/memory/record_shapes.h"
#include "store/store.h"

/// What listings and searches of memory records have in common.
namespace warifu::services::memory::record_reads {

/// Checks that the memory is there, and reads the filters' conditions. The memory's own row is long: it is read only
/// where a filter must know the indexed keys. `field`: where the filters stand in the request.
[[nodiscard]] Result<records::Conditions> conditions(store::Reader& reader, const memories::Target& target,
                                                     const std::optional<record_shapes::Filters>& filters,
                                                     std::string_view field);

/// Records of one page.
[[nodiscard]] std::size_t page_limit(const std::optional<std::int32_t>& max_results);

}  // namespace warifu::services::memory::record_reads
