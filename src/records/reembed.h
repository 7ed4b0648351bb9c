#pragma once

#include <cstddef>
#include <cstdint>

#include "records/rows.h"

/// Gives records vectors of the server's present embedder, where they have those of an earlier one. Searches go on
/// meanwhile: a shard may hold vectors of several embedders, and each record is ranked by its own.
namespace warifu::records {

struct Reembedded {
  std::size_t looked_at = 0;  // index rows
  std::size_t renewed = 0;
  bool done = false;  // every record of the memory has a vector of `embedder`
};

/// Looks at up to `limit` records of one memory, from where the last call ended, and writes those that it embedded. The
/// place is kept in the store, so that a stop or crash costs one call's work; another embedder begins anew. Records
/// that change meanwhile are left as they are: whoever changed them embedded them. Blocks.
[[nodiscard]] Result<Reembedded> reembed_some(store::Db& db, const store::Partition& partition,
                                              search::Embedder& embedder, std::size_t limit);

}  // namespace warifu::records
