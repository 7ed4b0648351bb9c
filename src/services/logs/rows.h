#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "gen/logs/events.h"
#include "gen/logs/groups.h"
#include "gen/logs/streams.h"
#include "store/store.h"

/// Rows of log groups, streams and events, in the owner's partition `logs` (docs/storage.md). Streams hang on the id of
/// their group and events on that of their stream, so that what is deleted is gone at once, whatever is swept later.
/// Functions over a transaction.
namespace warifu::services::logs {

namespace m = model::logs;

/// A log group, perhaps a stream of it, as the call was authorized on it.
struct GroupRef {
  AccountId owner;
  std::string region, group;
  std::string stream{};

  [[nodiscard]] std::string arn() const;  // without `:*`
  [[nodiscard]] store::Partition partition() const { return store::Partition::service(owner, "logs"); }
  /// Of the call's first permission. InvalidParameterException: it names no group.
  [[nodiscard]] static Result<GroupRef> of(const api::Call& call);
  /// `…:log-group:NAME`, with or without `:*` or `:log-stream:STREAM`.
  [[nodiscard]] static std::optional<GroupRef> parse(std::string_view arn);
};

struct GroupRow {
  m::LogGroup group;
  std::string id;
};
struct StreamRow {
  m::LogStream stream;
  std::string id;
  std::uint64_t next = 0;  // number of the next event: ties keep the order in which they came
};

/// Where an event stands in its stream.
struct Position {
  std::int64_t time = 0;
  std::uint64_t number = 0;
  auto operator<=>(const Position&) const = default;
};
struct EventRow {
  Position position;
  std::int64_t ingested = 0;
  std::string_view message;
};
/// False stops.
using VisitEvent = std::function<bool(const EventRow&)>;

namespace rows {

[[nodiscard]] Result<std::optional<GroupRow>> find_group(store::Reader& reader, const GroupRef& ref);
[[nodiscard]] Result<GroupRow> require_group(store::Reader& reader, const GroupRef& ref);
[[nodiscard]] Result<> put_group(store::Txn& txn, const GroupRef& ref, const GroupRow& row);
/// Groups of the region whose names begin with `prefix`, after `after`.
[[nodiscard]] Result<> each_group(store::Reader& reader, const AccountId& owner, std::string_view region,
                                  std::string_view prefix, std::string_view after,
                                  const std::function<bool(const GroupRow&)>& visit);
[[nodiscard]] Result<> each_group_of_all_regions(store::Reader& reader, const AccountId& owner,
                                                 const std::function<bool(const GroupRow&)>& visit);

[[nodiscard]] Result<std::optional<StreamRow>> find_stream(store::Reader& reader, const GroupRef& ref,
                                                           const GroupRow& group, std::string_view name);
[[nodiscard]] Result<StreamRow> require_stream(store::Reader& reader, const GroupRef& ref, const GroupRow& group,
                                               std::string_view name);
[[nodiscard]] Result<> put_stream(store::Txn& txn, const GroupRef& ref, const GroupRow& group, const StreamRow& row);
[[nodiscard]] Result<> each_stream(store::Reader& reader, const GroupRef& ref, const GroupRow& group,
                                   std::string_view prefix, std::string_view after,
                                   const std::function<bool(const StreamRow&)>& visit);

[[nodiscard]] Result<> put_event(store::Txn& txn, const GroupRef& ref, const StreamRow& stream, const EventRow& event);
/// Events from `begin` to before `end`, in that direction.
[[nodiscard]] Result<> each_event(store::Reader& reader, const GroupRef& ref, const StreamRow& stream, Position begin,
                                  Position end, store::Direction direction, const VisitEvent& visit);

/// Erases the group's or the stream's row, and marks what hangs on it for the sweep.
[[nodiscard]] Result<> erase_group(store::Txn& txn, const GroupRef& ref, const GroupRow& row);
[[nodiscard]] Result<> erase_stream(store::Txn& txn, const GroupRef& ref, const GroupRow& group, const StreamRow& row);

/// When the oldest event that is still shown may have been; 0: any time.
[[nodiscard]] std::int64_t oldest_shown(const GroupRow& group, Timestamp now);

}  // namespace rows

namespace keys {
[[nodiscard]] std::string groups();                                                  // g
[[nodiscard]] std::string groups(std::string_view region);                           // g region
[[nodiscard]] std::string group(std::string_view region, std::string_view name);     // g region name
[[nodiscard]] std::string streams(std::string_view group_id);                        // s group
[[nodiscard]] std::string stream(std::string_view group_id, std::string_view name);  // s group name
[[nodiscard]] std::string events(std::string_view stream_id);                        // e stream
[[nodiscard]] std::string event(std::string_view stream_id, Position position);      // e stream u64 u64
// In partition `system`.
[[nodiscard]] std::string garbage();                                                    // logs-garbage/
[[nodiscard]] std::string group_garbage(const AccountId& owner, std::string_view id);   // logs-garbage/ account /g/ id
[[nodiscard]] std::string stream_garbage(const AccountId& owner, std::string_view id);  // logs-garbage/ account /s/ id
}  // namespace keys

}  // namespace warifu::services::logs
