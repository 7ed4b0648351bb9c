#include "services/memory/sessions.h"

#include <algorithm>

#include "base/check.h"
#include "services/memory/actors.h"
#include "services/memory/bytes.h"
#include "services/memory/errors.h"
#include "services/memory/events.h"
#include "services/memory/limits.h"

namespace warifu::services::memory::sessions {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kEmptied = 1;
constexpr std::size_t kChunk = 64;

struct Entry {
  std::string session_id;
  SessionRow row;
};

/// Up to kChunk rows of the actor after `after`, which is advanced; none at the end.
Result<std::vector<Entry>> next_chunk(store::Reader& reader, const store::Partition& partition, std::string_view actor,
                                      std::string& after) {
  const std::string prefix = keys::sessions(actor);
  store::Range range = store::prefix_range(prefix);
  // The successor of a key is the key with a NUL after it.
  if (!after.empty()) range.begin = keys::session({actor, after}) + '\0';
  std::vector<Entry> chunk;
  Result<> damage;
  const auto take = [&](std::string_view key, std::string_view bytes) -> Result<> {
    std::optional<std::string> id = keys::last_name(key, prefix);
    if (!id) return fail(bad_row("session"));
    chunk.push_back({.session_id = *std::move(id), .row = TRY(decode(bytes))});
    return {};
  };
  TRY(reader.scan(partition, range, [&](std::string_view key, std::string_view bytes) {
    damage = take(key, bytes);
    return damage && chunk.size() < kChunk;
  }));
  TRY(std::move(damage));
  if (!chunk.empty()) after = chunk.back().session_id;
  return chunk;
}

}  // namespace

std::string encode(const SessionRow& row) {
  std::string bytes;
  append_number(bytes, kFormat);
  append_number(bytes, static_cast<std::uint8_t>(row.emptied ? kEmptied : 0));
  append_number(bytes, static_cast<std::uint64_t>(row.created.ms));
  append_number(bytes, static_cast<std::uint64_t>(row.emptied.value_or(Timestamp{}).ms));
  return bytes;
}

Result<SessionRow> decode(std::string_view row) {
  ByteReader reader(row);
  const auto format = reader.number<std::uint8_t>();
  const auto flags = reader.number<std::uint8_t>();
  SessionRow session{.created = {static_cast<std::int64_t>(reader.number<std::uint64_t>())}};
  const Timestamp emptied{static_cast<std::int64_t>(reader.number<std::uint64_t>())};
  if ((flags & kEmptied) != 0) session.emptied = emptied;
  if (!reader.ok() || format != kFormat) return fail(bad_row("session"));
  return session;
}

Result<> ensure(store::Txn& txn, const store::Partition& partition, SessionRef ref, Timestamp now) {
  const std::string key = keys::session(ref);
  const std::optional<std::string> row = TRY(txn.get_kept(partition, key));
  if (row) return {};
  TRY(txn.put(partition, key, encode({.created = now})));
  return actors::ensure(txn, partition, ref.actor, now);
}

Result<> note_if_empty(store::Txn& txn, const store::Partition& partition, SessionRef ref, Timestamp when) {
  bool empty = true;
  TRY(txn.scan(partition, store::prefix_range(keys::events(ref)), [&](std::string_view, std::string_view) {
    empty = false;
    return false;
  }));
  if (!empty) return {};
  const std::string key = keys::session(ref);
  const std::optional<std::string> bytes = TRY(txn.get(partition, key));
  if (!bytes) return {};
  SessionRow row = TRY(decode(*bytes));
  row.emptied = std::max(when, row.emptied.value_or(when));
  return txn.put(partition, key, encode(row));
}

Result<bool> visible(store::Reader& reader, const store::Partition& partition, SessionRef ref, const SessionRow& row,
                     bool with_events, Timestamp now) {
  const events::Liveness events = TRY(events::liveness(reader, partition, ref, now));
  if (events.live || with_events) return events.live;
  const Timestamp gone = std::max({row.created, row.emptied.value_or(row.created), events.last_expiry});
  return now.ms < gone.ms + kEmptySessionMs;
}

Result<Page> list(store::Reader& reader, const store::Partition& partition, std::string_view actor,
                  std::string_view after, std::size_t limit, bool with_events, Timestamp now) {
  CHECK(limit > 0, "a page holds a session at least");
  Page page;
  std::string cursor(after);
  for (;;) {
    const std::vector<Entry> chunk = TRY(next_chunk(reader, partition, actor, cursor));
    for (const Entry& entry : chunk) {
      const SessionRef ref{actor, entry.session_id};
      if (TRY(visible(reader, partition, ref, entry.row, with_events, now))) {
        page.more = page.sessions.size() == limit;
        if (page.more) return page;
        page.sessions.push_back({.session_id = entry.session_id, .created = entry.row.created});
      } else if (!with_events && page.gone.size() < kSweepRows) {
        page.gone.push_back(entry.session_id);
      }
    }
    if (chunk.size() < kChunk) return page;
  }
}

}  // namespace warifu::services::memory::sessions
