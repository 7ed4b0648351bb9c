#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "services/memory/keys.h"
#include "store/store.h"

/// What waits to be turned into memories, and what failed to be. An entry is written in the transaction of the event
/// that it follows from, and erased in the one that writes the event's memories: no event is lost to extraction, none
/// is extracted twice. Functions over a transaction; keys and rows as `docs/storage.md` says.
namespace warifu::services::memory::queue {

/// One event that waits.
struct Entry {
  Timestamp created;        // when it arrived: the order of entries within a session
  std::string event_id;     // of the session; made up for ingested data
  std::string strategy_id;  // only this strategy, when a failed job was started again; empty: all
  std::string job_id;       // of that job
  std::string ingested;     // encode_event(…) of data that leaves no event; empty: the event has the payload

  bool operator==(const Entry&) const = default;
};

struct Session {
  std::string actor, session;
  [[nodiscard]] SessionRef ref() const { return {actor, session}; }
  bool operator==(const Session&) const = default;
};

/// One thing that was said: an item of an event's payload.
struct Message {
  std::string event_id;
  std::uint16_t index = 0;
  bool operator==(const Message&) const = default;
};

/// A batch that a strategy could not turn into memories.
struct FailedJob {
  std::string id;
  Session session;
  std::string strategy_id;
  std::string reason;  // LTM_RATE_EXCEEDED, CUSTOM_MODEL_BEDROCK_THROTTLING …
  Timestamp failed;
  bool restarted = false;  // its entries wait again; it stays listed until they are done with
  std::vector<Entry> entries;
  std::vector<Message> messages;
};

/// The id of a job that `seed` decides, in the form of a UUID.
[[nodiscard]] std::string job_id(std::string_view seed);

[[nodiscard]] Result<> put(store::Txn& txn, const store::Partition& partition, SessionRef ref, const Entry& entry);
[[nodiscard]] Result<> erase(store::Txn& txn, const store::Partition& partition, SessionRef ref, const Entry& entry);
/// True while that very entry waits.
[[nodiscard]] Result<bool> waits(store::Reader& reader, const store::Partition& partition, SessionRef ref,
                                 const Entry& entry);

/// A session's entries in the order of their arrival: up to `limit`, and no more once they hold `bytes` of ingested
/// data.
[[nodiscard]] Result<std::vector<Entry>> list(store::Reader& reader, const store::Partition& partition, SessionRef ref,
                                              std::size_t limit, std::size_t bytes);
/// Sessions that have entries, in byte order, after `after` (nullopt: from the first).
[[nodiscard]] Result<std::vector<Session>> sessions(store::Reader& reader, const store::Partition& partition,
                                                    const std::optional<Session>& after, std::size_t limit);

[[nodiscard]] Result<> put_failed(store::Txn& txn, const store::Partition& partition, const FailedJob& job);
[[nodiscard]] Result<std::optional<FailedJob>> find_failed(store::Reader& reader, const store::Partition& partition,
                                                           std::string_view id);
[[nodiscard]] Result<> erase_failed(store::Txn& txn, const store::Partition& partition, std::string_view id);
/// In byte order of ids, after `after` (empty: from the first).
[[nodiscard]] Result<std::vector<FailedJob>> list_failed(store::Reader& reader, const store::Partition& partition,
                                                         std::string_view after, std::size_t limit);

}  // namespace warifu::services::memory::queue
