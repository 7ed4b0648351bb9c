#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "gen/agentcore/memories.h"
#include "store/store.h"

/// Rows of memories: the Memory that GetMemory answers, as JSON, in its account's partition; beside its events, the few
/// bytes that every event operation reads (memory_states.h). Functions over a transaction.
namespace warifu::services::memory::memories {

using model::agentcore::Memory;

/// Where a memory is, by the ARN that the call was authorized on.
struct Target {
  AccountId owner;
  std::string arn, region, id;
  store::Partition partition;  // of its events
};

/// kNotFound when the ARN is of another region than the call's. REQUIRES: the operation acts on a memory.
[[nodiscard]] Result<Target> target_of(const api::Call& call);
/// nullopt: not the ARN of a memory.
[[nodiscard]] std::optional<Target> parse_target(std::string_view arn);
[[nodiscard]] Target new_target(const AccountId& owner, std::string_view region, std::string_view id);

[[nodiscard]] std::string encode(const Memory& memory);
/// kInternal: not a row of this format.
[[nodiscard]] Result<Memory> decode(std::string_view row);

[[nodiscard]] Result<std::optional<Memory>> find(store::Reader& reader, const Target& target);
/// kNotFound: `Memory not found: <id>`.
[[nodiscard]] Result<Memory> require(store::Reader& reader, const Target& target);
/// True when a memory of that account and region has that name.
[[nodiscard]] Result<bool> name_taken(store::Reader& reader, const AccountId& owner, std::string_view region,
                                      std::string_view name);

/// Writes the row and its state.
[[nodiscard]] Result<> put(store::Txn& txn, const Target& target, const Memory& memory);
/// Erases the row with its state, tags and resource policy, and marks the rest for the sweep: gone at once.
[[nodiscard]] Result<> erase(store::Txn& txn, const Target& target);

/// Every memory of every account: for work of the server's own.
[[nodiscard]] Result<std::vector<Target>> all(store::Reader& reader);
/// ARNs of all memories, of all accounts, that have strategies.
[[nodiscard]] Result<std::vector<std::string>> extracting(store::Reader& reader);

struct Page {
  std::vector<Memory> memories;  // in byte order of their ids
  bool more = false;
};
/// Up to `limit` memories after id `after` (empty: from the first).
[[nodiscard]] Result<Page> list(store::Reader& reader, const AccountId& owner, std::string_view region,
                                std::string_view after, std::size_t limit);

}  // namespace warifu::services::memory::memories
