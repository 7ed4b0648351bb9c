#include "base/check.h"
#include "services/memory/errors.h"
#include "services/memory/events.h"
#include "services/memory/limits.h"

namespace warifu::services::memory::events {
namespace {

/// One listing under way: takes rows from the newest on and says when it has enough.
struct Listing {
  const EventFilter& filter;
  std::size_t limit;
  bool with_payload;
  Timestamp now;
  std::size_t prefix_size;
  Page page{};
  std::size_t bytes = 0;

  Result<bool> take(std::string_view key, std::string_view row) {
    const std::string_view event_id = key.substr(prefix_size);
    const EventView event = TRY(EventView::parse(row));
    if (!event.live(now)) {
      if (page.expired.size() < kSweepRows) page.expired.emplace_back(key);
      return true;
    }
    if (!matches(filter, event, event_id)) return true;
    if (page.events.size() == limit || bytes >= kPageBytesMax) {
      page.more = true;
      return false;
    }
    const std::string_view kept = with_payload ? row : row.substr(0, row.size() - event.payload.size());
    bytes += kept.size();
    page.events.push_back({.event_id = std::string(event_id), .row = std::string(kept)});
    return true;
  }
};

}  // namespace

Result<Page> list(store::Reader& reader, const store::Partition& partition, SessionRef ref, const EventFilter& filter,
                  std::string_view before, std::size_t limit, bool with_payload, Timestamp now) {
  CHECK(limit > 0, "a page holds an event at least");
  const std::string prefix = keys::events(ref);
  store::Range range = store::prefix_range(prefix, store::Direction::kBackward);
  if (!before.empty()) range.end = prefix + std::string(before);

  Listing listing{
      .filter = filter, .limit = limit, .with_payload = with_payload, .now = now, .prefix_size = prefix.size()};
  Result<> damage;
  TRY(reader.scan(partition, range, [&](std::string_view key, std::string_view row) {
    const Result<bool> more = listing.take(key, row);
    if (!more) damage = fail(more.error());
    return more && *more;
  }));
  TRY(std::move(damage));
  return std::move(listing.page);
}

Result<Liveness> liveness(store::Reader& reader, const store::Partition& partition, SessionRef ref, Timestamp now) {
  Liveness found;
  Result<> damage;
  const store::Range range = store::prefix_range(keys::events(ref), store::Direction::kBackward);
  TRY(reader.scan(partition, range, [&](std::string_view, std::string_view row) {
    const Result<EventView> event = EventView::parse(row);
    if (!event) {
      damage = fail(event.error());
      return false;
    }
    found.live = event->live(now);
    found.last_expiry = std::max(found.last_expiry, event->expires);
    return !found.live;
  }));
  TRY(std::move(damage));
  return found;
}

}  // namespace warifu::services::memory::events
