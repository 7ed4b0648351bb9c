#include "services/memory/events.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/client_tokens.h"
#include "services/memory/bytes.h"
#include "services/memory/errors.h"
#include "services/memory/limits.h"
#include "services/memory/sessions.h"

namespace warifu::services::memory::events {
namespace {

constexpr std::uint8_t kTokenFormat = 1;

std::string_view text_of(const TokenDigest& digest) { return {digest.data(), digest.size()}; }
bool has_token(const Draft& draft) { return draft.token != TokenDigest{}; }

/// The rows of the draft's millisecond, as far as insertion needs them.
struct Millisecond {
  std::optional<EventId> last;
  std::optional<std::string> replayed;  // event id of the first event with our token
  bool same_content = false;
  bool crowded = false;  // kReplayScan rows or more: later ones have token rows
};

Result<EventId> id_in(std::string_view key, std::string_view prefix) {
  const std::optional<EventId> id = EventId::parse(key.substr(std::min(prefix.size(), key.size())));
  if (!id) return fail(bad_row("event"));
  return *id;
}

Result<> last_of(store::Reader& reader, const store::Partition& partition, const store::Range& range,
                 std::string_view session_prefix, Millisecond& found) {
  store::Range backward = range;
  backward.direction = store::Direction::kBackward;
  Result<EventId> last = fail(bad_row("event"));
  TRY(reader.scan(partition, backward, [&](std::string_view key, std::string_view) {
    last = id_in(key, session_prefix);
    return false;
  }));
  found.last = TRY(std::move(last));
  return {};
}

Result<Millisecond> scan_millisecond(store::Reader& reader, const store::Partition& partition, const Draft& draft) {
  const std::string session_prefix = keys::events(draft.ref());
  const std::string first = EventId{.time = draft.time, .suffix = 0}.str();
  const store::Range range = store::prefix_range(session_prefix + first.substr(0, first.find('#') + 1));
  const EventView ours = TRY(EventView::parse(draft.row));

  Millisecond found;
  std::size_t seen = 0;
  Result<> damage;
  const auto visit = [&](std::string_view key, std::string_view row) -> Result<bool> {
    found.last = TRY(id_in(key, session_prefix));
    const EventView event = TRY(EventView::parse(row));
    if (has_token(draft) && event.token == ours.token && event.live(draft.now)) {
      found.replayed = found.last->str();
      found.same_content = event.content == ours.content;
      return false;
    }
    return ++seen < kReplayScan;
  };
  TRY(reader.scan(partition, range, [&](std::string_view key, std::string_view row) {
    const Result<bool> more = visit(key, row);
    if (!more) damage = fail(more.error());
    return more && *more;
  }));
  TRY(std::move(damage));

  found.crowded = seen == kReplayScan;
  if (found.crowded) TRY(last_of(reader, partition, range, session_prefix, found));
  return found;
}

std::string encode_token_row(SessionRef ref, std::string_view event_id) {
  std::string row;
  append_number(row, kTokenFormat);
  append_text(row, keys::event(ref, event_id));
  return row;
}

Result<std::string> decode_token_row(std::string_view row) {
  ByteReader reader(row);
  const auto format = reader.number<std::uint8_t>();
  std::string key(reader.text());
  if (!reader.ok() || format != kTokenFormat) return fail(bad_row("event token"));
  return key;
}

/// The id of the event that our token made before, if its token has a row. Fails when that is another event.
Result<std::optional<std::string>> replay_by_row(store::Reader& reader, const store::Partition& partition,
                                                 const Draft& draft) {
  const std::optional<std::string> row = TRY(reader.get(partition, keys::token(text_of(draft.token))));
  if (!row) return std::optional<std::string>();
  const std::string key = TRY(decode_token_row(*row));
  const std::optional<std::string> stored = TRY(reader.get(partition, key));
  if (!stored) return std::optional<std::string>();
  const EventView event = TRY(EventView::parse(*stored));
  if (!event.live(draft.now)) return std::optional<std::string>();

  const EventView ours = TRY(EventView::parse(draft.row));
  const std::string prefix = keys::events(draft.ref());
  if (!key.starts_with(prefix) || event.content != ours.content) return fail(api::client_tokens::mismatch());
  // Its time may differ: programs that choose their tokens stamp each attempt anew.
  const EventId id = TRY(id_in(key, prefix));
  return id.str();
}

Result<EventId> next_id(const Draft& draft, const std::optional<EventId>& last) {
  if (!last) return EventId{.time = draft.time, .suffix = draft.first_suffix};
  // A step of more than one makes it unlikely that the id of an erased event comes back.
  const std::uint32_t room = UINT32_MAX - last->suffix;
  if (room == 0) {
    return fail(invalid_field("eventTimestamp",
                              fmt::format("session `{}` can hold no more events of this millisecond", draft.session)));
  }
  return EventId{.time = draft.time, .suffix = last->suffix + (draft.step <= room ? draft.step : 1)};
}

}  // namespace

Result<Inserted> insert(store::Txn& txn, const store::Partition& partition, Draft& draft, Timestamp expires) {
  Inserted inserted;
  if (draft.branch) {
    inserted.root_event_id =
        TRY(branches::resolve(txn, partition, draft.ref(), draft.branch->name, draft.branch->root_event_id, draft.now));
    set_root(draft.row, inserted.root_event_id);
  }
  Millisecond millisecond = TRY(scan_millisecond(txn, partition, draft));
  const bool token_row = has_token(draft) && (draft.token_row || millisecond.crowded);
  if (millisecond.replayed && !millisecond.same_content) return fail(api::client_tokens::mismatch());
  if (!millisecond.replayed && token_row) millisecond.replayed = TRY(replay_by_row(txn, partition, draft));
  if (millisecond.replayed) {
    inserted.event_id = *std::move(millisecond.replayed);
    inserted.replayed = true;
    return inserted;
  }

  const EventId id = TRY(next_id(draft, millisecond.last));
  inserted.event_id = id.str();
  set_expires(draft.row, expires);
  set_token_row(draft.row, token_row);
  TRY(txn.put(partition, keys::event(draft.ref(), inserted.event_id), draft.row));
  if (token_row) {
    TRY(txn.put(partition, keys::token(text_of(draft.token)), encode_token_row(draft.ref(), inserted.event_id)));
  }
  TRY(sessions::ensure(txn, partition, draft.ref(), draft.now));
  return inserted;
}

Result<Stored> find(store::Reader& reader, const store::Partition& partition, SessionRef ref, std::string_view event_id,
                    Timestamp now) {
  if (!EventId::parse(event_id)) return fail(event_not_found(event_id));
  std::optional<std::string> row = TRY(reader.get(partition, keys::event(ref, event_id)));
  if (!row) return fail(event_not_found(event_id));
  const EventView event = TRY(EventView::parse(*row));
  if (!event.live(now)) return fail(event_not_found(event_id));
  return Stored{.event_id = std::string(event_id), .row = *std::move(row)};
}

Result<> erase_row(store::Txn& txn, const store::Partition& partition, std::string_view key, const EventView& row) {
  if (row.token_row) {
    const std::string token_key = keys::token(row.token);
    const std::optional<std::string> token = TRY(txn.get(partition, token_key));
    // A token whose event had expired may have made a newer event since.
    const bool ours = token && TRY(decode_token_row(*token)) == key;
    if (ours) TRY(txn.erase(partition, token_key));
  }
  return txn.erase(partition, key);
}

Result<> erase(store::Txn& txn, const store::Partition& partition, SessionRef ref, std::string_view event_id,
               Timestamp now) {
  const Stored stored = TRY(find(txn, partition, ref, event_id, now));
  const EventView event = TRY(EventView::parse(stored.row));
  TRY(erase_row(txn, partition, keys::event(ref, event_id), event));
  return sessions::note_if_empty(txn, partition, ref, now);
}

}  // namespace warifu::services::memory::events
