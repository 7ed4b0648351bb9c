#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/memory/keys.h"
#include "store/store.h"

/// Sessions of an actor: one row each, written with the session's first event. A session whose last event is gone
/// (deleted or expired) stays listed for a day. Functions over a transaction.
namespace warifu::services::memory::sessions {

struct SessionRow {
  Timestamp created;
  std::optional<Timestamp> emptied;  // when its last event was deleted
};

struct Session {
  std::string session_id;
  Timestamp created;
};

[[nodiscard]] std::string encode(const SessionRow& row);
/// kInternal: not a row of this format.
[[nodiscard]] Result<SessionRow> decode(std::string_view row);

/// Writes the session's row, and its actor's, unless they exist.
[[nodiscard]] Result<> ensure(store::Txn& txn, const store::Partition& partition, SessionRef ref, Timestamp now);

struct Page {
  std::vector<Session> sessions;  // in byte order of their ids
  bool more = false;
  std::vector<std::string> gone;  // ids of sessions that nothing shows any more, kSweepRows at most
};

/// Up to `limit` sessions after `after` (empty: from the first). `with_events`: only those that hold an event now.
[[nodiscard]] Result<Page> list(store::Reader& reader, const store::Partition& partition, std::string_view actor,
                                std::string_view after, std::size_t limit, bool with_events, Timestamp now);

/// Notes that the session lost its last event at `when`; without effect while an event lies there.
[[nodiscard]] Result<> note_if_empty(store::Txn& txn, const store::Partition& partition, SessionRef ref,
                                     Timestamp when);

/// True when ListSessions (without a filter) shows the session: it holds an event, or lost its last within a day.
[[nodiscard]] Result<bool> visible(store::Reader& reader, const store::Partition& partition, SessionRef ref,
                                   const SessionRow& row, bool with_events, Timestamp now);

}  // namespace warifu::services::memory::sessions
