#include "services/logs/rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/arn.h"
#include "gen/logs/shapes.h"
#include "json/value.h"
#include "json/writer.h"
#include "services/logs/errors.h"
#include "services/logs/limits.h"
#include "store/keys.h"
#include "wire/stored.h"

namespace warifu::services::logs {
namespace {

constexpr std::string_view kGroup = "log-group:";
constexpr std::string_view kStream = ":log-stream:";

std::string line(const std::string& id, std::uint64_t next) {
  std::string head;
  json::Writer(head)
      .begin_object()
      .key("id")
      .string(id)
      .key("next")
      .integer(static_cast<std::int64_t>(next))
      .end_object();
  return head + "\n";
}

/// A row is a line of what only we need and the JSON that clients see.
template <class T>
struct Decoded {
  T value;
  std::string id;
  std::uint64_t next = 0;
};
template <class T>
Result<Decoded<T>> decode(const wire::Shape& shape, std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  const auto head = json::parse(bytes.substr(0, end));
  if (end == std::string_view::npos || !head || !head->is_object()) return fail(bad_row());
  Decoded<T> out;
  out.id = head->find_string("id").value_or("");
  const json::Value* next = head->find("next");
  out.next = static_cast<std::uint64_t>(next == nullptr ? 0 : next->as_int64().value_or(0));
  TRY(wire::from_json(m::tables::kDescribeLogGroups, shape, bytes.substr(end + 1), &out.value));
  return out;
}

Result<GroupRow> decode_group(std::string_view bytes) {
  auto decoded = TRY(decode<m::LogGroup>(m::shapes::kLogGroup, bytes));
  return GroupRow{.group = std::move(decoded.value), .id = std::move(decoded.id)};
}
Result<StreamRow> decode_stream(std::string_view bytes) {
  auto decoded = TRY(decode<m::LogStream>(m::shapes::kLogStream, bytes));
  return StreamRow{.stream = std::move(decoded.value), .id = std::move(decoded.id), .next = decoded.next};
}

/// Rows of a family whose names begin with `prefix`, those after `after`. Keys order as names do.
store::Range named_range(const std::string& family, std::string_view prefix, std::string_view after) {
  std::string begin = family;
  store::append_text(begin, prefix);
  begin.pop_back();
  store::Range range = store::prefix_range(begin);
  if (after.empty()) return range;
  std::string next = family;
  store::append_text(next, after);
  range.begin = std::max(range.begin, next + '\0');
  return range;
}

template <class T, class Decode>
Result<> each_row(store::Reader& reader, const store::Partition& partition, const store::Range& range,
                  Decode decode_row, const std::function<bool(const T&)>& visit) {
  Result<> failure;
  TRY(reader.scan(partition, range, [&](std::string_view, std::string_view value) {
    const Result<T> row = decode_row(value);
    if (!row) failure = std::unexpected(row.error());
    return row && visit(*row);
  }));
  return failure;
}

std::string named(char family, std::string_view first) {
  std::string key(1, family);
  store::append_text(key, first);
  return key;
}
std::string named(char family, std::string_view first, std::string_view second) {
  std::string key = named(family, first);
  store::append_text(key, second);
  return key;
}

}  // namespace

std::string GroupRef::arn() const { return fmt::format("arn:aws:logs:{}:{}:log-group:{}", region, owner.str(), group); }

std::optional<GroupRef> GroupRef::parse(std::string_view arn) {
  const auto view = ArnView::parse(arn);
  if (!view || view->service != "logs" || !view->resource.starts_with(kGroup)) return std::nullopt;
  const auto owner = AccountId::parse(view->account);
  if (!owner || view->region.empty()) return std::nullopt;
  std::string_view rest = view->resource.substr(kGroup.size());
  if (rest.ends_with(":*")) rest.remove_suffix(2);
  GroupRef ref{.owner = *owner, .region = std::string(view->region), .group = {}};
  if (const std::size_t mark = rest.find(kStream); mark != std::string_view::npos) {
    ref.stream = rest.substr(mark + kStream.size());
    rest = rest.substr(0, mark);
  }
  ref.group = rest;
  if (ref.group.empty() || ref.group.find(':') != std::string::npos) return std::nullopt;
  return ref;
}

Result<GroupRef> GroupRef::of(const api::Call& call) {
  auto ref = parse(call.resource());
  if (!ref) return fail(invalid_parameter(fmt::format("`{}` names no log group", call.resource())));
  return std::move(*ref);
}

namespace rows {

Result<std::optional<GroupRow>> find_group(store::Reader& reader, const GroupRef& ref) {
  const auto bytes = TRY(reader.get(ref.partition(), keys::group(ref.region, ref.group)));
  if (!bytes) return std::nullopt;
  return TRY(decode_group(*bytes));
}

Result<GroupRow> require_group(store::Reader& reader, const GroupRef& ref) {
  auto row = TRY(find_group(reader, ref));
  if (!row) return fail(no_group());
  return std::move(*row);
}

Result<> put_group(store::Txn& txn, const GroupRef& ref, const GroupRow& row) {
  return txn.put(ref.partition(), keys::group(ref.region, ref.group),
                 line(row.id, 0) + wire::to_json(m::shapes::kLogGroup, &row.group));
}

Result<> each_group(store::Reader& reader, const AccountId& owner, std::string_view region, std::string_view prefix,
                    std::string_view after, const std::function<bool(const GroupRow&)>& visit) {
  return each_row<GroupRow>(reader, store::Partition::service(owner, "logs"),
                            named_range(keys::groups(region), prefix, after), decode_group, visit);
}

Result<> each_group_of_all_regions(store::Reader& reader, const AccountId& owner,
                                   const std::function<bool(const GroupRow&)>& visit) {
  return each_row<GroupRow>(reader, store::Partition::service(owner, "logs"), store::prefix_range(keys::groups()),
                            decode_group, visit);
}

Result<std::optional<StreamRow>> find_stream(store::Reader& reader, const GroupRef& ref, const GroupRow& group,
                                             std::string_view name) {
  const auto bytes = TRY(reader.get(ref.partition(), keys::stream(group.id, name)));
  if (!bytes) return std::nullopt;
  return TRY(decode_stream(*bytes));
}

Result<StreamRow> require_stream(store::Reader& reader, const GroupRef& ref, const GroupRow& group,
                                 std::string_view name) {
  auto row = TRY(find_stream(reader, ref, group, name));
  if (!row) return fail(no_stream());
  return std::move(*row);
}

Result<> put_stream(store::Txn& txn, const GroupRef& ref, const GroupRow& group, const StreamRow& row) {
  return txn.put(ref.partition(), keys::stream(group.id, row.stream.log_stream_name.value_or("")),
                 line(row.id, row.next) + wire::to_json(m::shapes::kLogStream, &row.stream));
}

Result<> each_stream(store::Reader& reader, const GroupRef& ref, const GroupRow& group, std::string_view prefix,
                     std::string_view after, const std::function<bool(const StreamRow&)>& visit) {
  return each_row<StreamRow>(reader, ref.partition(), named_range(keys::streams(group.id), prefix, after),
                             decode_stream, visit);
}

Result<> put_event(store::Txn& txn, const GroupRef& ref, const StreamRow& stream, const EventRow& event) {
  std::string value;
  store::append_u64(value, static_cast<std::uint64_t>(event.ingested));
  return txn.put(ref.partition(), keys::event(stream.id, event.position), value.append(event.message));
}

Result<> each_event(store::Reader& reader, const GroupRef& ref, const StreamRow& stream, Position begin, Position end,
                    store::Direction direction, const VisitEvent& visit) {
  const std::size_t prefix = keys::events(stream.id).size();
  const store::Range range{
      .begin = keys::event(stream.id, begin), .end = keys::event(stream.id, end), .direction = direction};
  if (range.begin >= range.end) return {};
  Result<> failure;
  TRY(reader.scan(ref.partition(), range, [&](std::string_view key, std::string_view value) {
    key.remove_prefix(prefix);
    const auto time = store::take_u64(key);
    const auto number = store::take_u64(key);
    const auto ingested = store::take_u64(value);
    if (!time || !number || !ingested) failure = fail(bad_row());
    return failure && visit({.position = {.time = static_cast<std::int64_t>(*time), .number = *number},
                             .ingested = static_cast<std::int64_t>(*ingested),
                             .message = value});
  }));
  return failure;
}

Result<> erase_group(store::Txn& txn, const GroupRef& ref, const GroupRow& row) {
  TRY(txn.put(store::Partition::system(), keys::group_garbage(ref.owner, row.id), ""));
  return txn.erase(ref.partition(), keys::group(ref.region, ref.group));
}

Result<> erase_stream(store::Txn& txn, const GroupRef& ref, const GroupRow& group, const StreamRow& row) {
  TRY(txn.put(store::Partition::system(), keys::stream_garbage(ref.owner, row.id), ""));
  return txn.erase(ref.partition(), keys::stream(group.id, row.stream.log_stream_name.value_or("")));
}

std::int64_t oldest_shown(const GroupRow& group, Timestamp now) {
  if (!group.group.retention_in_days) return 0;
  return std::max<std::int64_t>(0, now.ms - *group.group.retention_in_days * kDayMs);
}

}  // namespace rows

namespace keys {

std::string groups() { return "g"; }
std::string groups(std::string_view region) { return named('g', region); }
std::string group(std::string_view region, std::string_view name) { return named('g', region, name); }
std::string streams(std::string_view group_id) { return named('s', group_id); }
std::string stream(std::string_view group_id, std::string_view name) { return named('s', group_id, name); }
std::string events(std::string_view stream_id) { return named('e', stream_id); }
std::string event(std::string_view stream_id, Position position) {
  std::string key = events(stream_id);
  store::append_u64(key, static_cast<std::uint64_t>(std::max<std::int64_t>(0, position.time)));
  store::append_u64(key, position.number);
  return key;
}
std::string garbage() { return "logs-garbage/"; }
std::string group_garbage(const AccountId& owner, std::string_view id) {
  return fmt::format("{}{}/g/{}", garbage(), owner.str(), id);
}
std::string stream_garbage(const AccountId& owner, std::string_view id) {
  return fmt::format("{}{}/s/{}", garbage(), owner.str(), id);
}

}  // namespace keys
}  // namespace warifu::services::logs
