#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/memory/keys.h"
#include "store/store.h"

/// Branches of a session: named lines of events that fork from an event of another line. A branch has a row, written
/// with its first event; `main` has none. Functions over a transaction, without state.
namespace warifu::services::memory::branches {

struct BranchRow {
  std::string root_event_id;  // the event that it forks from
  std::string parent;         // the branch of that event
};

/// Which part of one branch belongs to a listing.
struct Cut {
  std::string branch;
  std::string last_event_id;  // inclusive; empty: all of it
};

[[nodiscard]] std::string encode(const BranchRow& row);
/// kInternal: not a row of this format.
[[nodiscard]] Result<BranchRow> decode(std::string_view row);

/// nullopt: no event ever named this branch in this session.
[[nodiscard]] Result<std::optional<BranchRow>> find(store::Reader& reader, const store::Partition& partition,
                                                    SessionRef ref, std::string_view name);

/// The root of branch `name` for a new event, whose request may have given `root_event_id`. Writes the branch's row
/// when the name is new. kValidation: a new name without a root; a root that is not a live event of this session;
/// another root than the branch has. REQUIRES: name is not `main`.
[[nodiscard]] Result<std::string> resolve(store::Txn& txn, const store::Partition& partition, SessionRef ref,
                                          std::string_view name, std::string_view root_event_id, Timestamp now);

/// What a filter on `name` selects: the branch, and with `parents` each ancestor up to the event that the line forks
/// from. A name that was never used selects itself, that is, nothing.
[[nodiscard]] Result<std::vector<Cut>> lineage(store::Reader& reader, const store::Partition& partition, SessionRef ref,
                                               std::string_view name, bool parents);

}  // namespace warifu::services::memory::branches
