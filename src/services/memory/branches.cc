#include "services/memory/branches.h"

#include <fmt/format.h>

#include "services/memory/bytes.h"
#include "services/memory/errors.h"
#include "services/memory/event_rows.h"
#include "services/memory/limits.h"

namespace warifu::services::memory::branches {
namespace {

constexpr std::uint8_t kFormat = 1;

/// The branch of the event that a new branch forks from.
Result<std::string> branch_of_root(store::Reader& reader, const store::Partition& partition, SessionRef ref,
                                   std::string_view root, Timestamp now) {
  if (!EventId::parse(root)) return fail(root_not_in_session(root));
  const std::optional<std::string> row = TRY(reader.get(partition, keys::event(ref, root)));
  if (!row) return fail(root_not_in_session(root));
  const EventView event = TRY(EventView::parse(*row));
  if (!event.live(now)) return fail(root_not_in_session(root));
  return std::string(event.branch);
}

}  // namespace

std::string encode(const BranchRow& row) {
  std::string bytes;
  append_number(bytes, kFormat);
  append_text(bytes, row.root_event_id);
  append_text(bytes, row.parent);
  return bytes;
}

Result<BranchRow> decode(std::string_view row) {
  ByteReader reader(row);
  const auto format = reader.number<std::uint8_t>();
  BranchRow branch{.root_event_id = std::string(reader.text()), .parent = std::string(reader.text())};
  if (!reader.ok() || format != kFormat) return fail(bad_row("branch"));
  return branch;
}

Result<std::optional<BranchRow>> find(store::Reader& reader, const store::Partition& partition, SessionRef ref,
                                      std::string_view name) {
  const std::optional<std::string> row = TRY(reader.get(partition, keys::branch(ref, name)));
  if (!row) return std::optional<BranchRow>();
  return TRY(decode(*row));
}

Result<std::string> resolve(store::Txn& txn, const store::Partition& partition, SessionRef ref, std::string_view name,
                            std::string_view root_event_id, Timestamp now) {
  const std::optional<BranchRow> known = TRY(find(txn, partition, ref, name));
  if (known) {
    if (!root_event_id.empty() && root_event_id != known->root_event_id) {
      return fail(invalid_field("branch.rootEventId",
                                fmt::format("branch `{}` has its root at event `{}`", name, known->root_event_id)));
    }
    return known->root_event_id;
  }
  if (root_event_id.empty()) {
    return fail(invalid_field("branch.rootEventId",
                              fmt::format("branch `{}` does not exist: rootEventId is required to create it", name)));
  }
  const BranchRow row{.root_event_id = std::string(root_event_id),
                      .parent = TRY(branch_of_root(txn, partition, ref, root_event_id, now))};
  TRY(txn.put(partition, keys::branch(ref, name), encode(row)));
  return row.root_event_id;
}

Result<std::vector<Cut>> lineage(store::Reader& reader, const store::Partition& partition, SessionRef ref,
                                 std::string_view name, bool parents) {
  std::vector<Cut> cuts{{.branch = std::string(name)}};
  while (parents && cuts.back().branch != kMainBranch && cuts.size() <= kBranchDepthMax) {
    const std::optional<BranchRow> row = TRY(find(reader, partition, ref, cuts.back().branch));
    if (!row) break;
    cuts.push_back({.branch = row->parent, .last_event_id = row->root_event_id});
  }
  return cuts;
}

}  // namespace warifu::services::memory::branches
