#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "store/store.h"

/// What every event operation must know of its memory, in a few bytes beside its events: the memory's own row lies in
/// its account's partition and may be long. Written in the transactions that write that row; absent when the memory
/// never was, or is deleted.
namespace warifu::services::memory::states {

struct State {
  std::uint32_t event_expiry_days = 0;
  bool extracts = false;  // has a strategy: new events are to be marked for extraction

  [[nodiscard]] Timestamp expires(Timestamp created) const;
};

[[nodiscard]] Result<> put(store::Txn& txn, const store::Partition& partition, const State& state);
[[nodiscard]] Result<> erase(store::Txn& txn, const store::Partition& partition);

/// kNotFound (`Memory not found: <id>`) when there is no such memory.
[[nodiscard]] Result<State> require(store::Reader& reader, const store::Partition& partition,
                                    std::string_view memory_id);

}  // namespace warifu::services::memory::states
