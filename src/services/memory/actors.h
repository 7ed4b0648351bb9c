#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/memory/keys.h"
#include "store/store.h"

/// Actors of a memory: one row each, written with the actor's first session. Functions over a transaction.
namespace warifu::services::memory::actors {

struct Page {
  std::vector<std::string> actors;  // in byte order
  bool more = false;
};

/// Up to `limit` actors after `after` (empty: from the first) that have a session which ListSessions would show.
[[nodiscard]] Result<Page> list(store::Reader& reader, const store::Partition& partition, std::string_view after,
                                std::size_t limit, Timestamp now);

/// Writes the actor's row unless it exists.
[[nodiscard]] Result<> ensure(store::Txn& txn, const store::Partition& partition, std::string_view actor,
                              Timestamp now);

}  // namespace warifu::services::memory::actors
