#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/memory/event_rows.h"
#include "services/memory/filters.h"
#include "services/memory/keys.h"
#include "store/store.h"

/// Events of one memory over a transaction: everything here is decided from what the transaction reads, so that a
/// closure may run again. `now` is the call's time; an event that has expired is not there.
namespace warifu::services::memory::events {

/// An event made ready outside the transaction: the row is encoded, what is random is drawn.
struct Draft {
  std::string actor;
  std::string session;
  Timestamp time;  // the event's own
  Timestamp now;
  std::string row;  // encode_event(…)
  std::optional<Branch> branch;
  TokenDigest token{};             // zeros: no clientToken
  bool token_row = false;          // the token needs a row: it was not made for this one request (idempotency.h)
  std::uint32_t first_suffix = 0;  // below 2^31: of the first event of its millisecond
  std::uint32_t step = 1;          // from the suffix before to ours, 1 … 65536

  [[nodiscard]] SessionRef ref() const { return {actor, session}; }
};

struct Inserted {
  std::string event_id;
  std::string root_event_id;  // of a branched event: what its branch's row says
  bool replayed = false;      // nothing was written
};

/// Appends the event, with the rows of its actor, session and branch where they are new; `expires` is stamped here.
/// A replay (same clientToken, same content) answers the first event and writes nothing.
/// kValidation: a replay with other content (reason IdempotentParameterMismatchException), or a branch that does not
/// resolve (branches.h). Fills in the late fields of `draft.row`, the same way each time that it runs.
[[nodiscard]] Result<Inserted> insert(store::Txn& txn, const store::Partition& partition, Draft& draft,
                                      Timestamp expires);

/// `row` is an event's row, as EventView parses it.
struct Stored {
  std::string event_id;
  std::string row;
};

/// kNotFound (`Unable to find event with id …`) when absent or expired.
[[nodiscard]] Result<Stored> find(store::Reader& reader, const store::Partition& partition, SessionRef ref,
                                  std::string_view event_id, Timestamp now);

/// Erases the event and its token row; notes in the session's row when it was the last. kNotFound as `find`.
[[nodiscard]] Result<> erase(store::Txn& txn, const store::Partition& partition, SessionRef ref,
                             std::string_view event_id, Timestamp now);

struct Page {
  std::vector<Stored> events;        // newest first
  bool more = false;                 // at least one further event matches
  std::vector<std::string> expired;  // keys that may be swept, kSweepRows at most
};

/// Up to `limit` events that match, newest first, all older than `before` (an event id; empty: from the newest).
/// Ends early at kPageBytesMax of rows, never empty while an event matches. An unknown session has no events.
/// `with_payload` false: `Stored::row` is cut before the payload.
[[nodiscard]] Result<Page> list(store::Reader& reader, const store::Partition& partition, SessionRef ref,
                                const EventFilter& filter, std::string_view before, std::size_t limit,
                                bool with_payload, Timestamp now);

/// Whether a session holds an event now, and if none, when the last of those that still lie there expired.
struct Liveness {
  bool live = false;
  Timestamp last_expiry;
};
[[nodiscard]] Result<Liveness> liveness(store::Reader& reader, const store::Partition& partition, SessionRef ref,
                                        Timestamp now);

/// Erases one row with the token row that points to it. `row` is what lies at `key`.
[[nodiscard]] Result<> erase_row(store::Txn& txn, const store::Partition& partition, std::string_view key,
                                 const EventView& row);

}  // namespace warifu::services::memory::events
