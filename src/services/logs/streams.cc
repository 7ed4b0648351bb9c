#include <fmt/format.h>

#include <algorithm>

#include "services/logs/errors.h"
#include "services/logs/limits.h"
#include "services/logs/operations.h"

namespace warifu::services::logs {
namespace {

constexpr std::size_t kIdChars = 24;
constexpr std::string_view kByTime = "LastEventTime";

std::int64_t last_event(const m::LogStream& stream) { return stream.last_event_timestamp.value_or(0); }

/// How a listing orders streams; equal ones by name.
struct Order {
  bool by_time = false;
  bool descending = false;

  [[nodiscard]] bool operator()(const m::LogStream& a, const m::LogStream& b) const {
    const m::LogStream& first = descending ? b : a;
    const m::LogStream& second = descending ? a : b;
    if (by_time && last_event(first) != last_event(second)) return last_event(first) < last_event(second);
    return first.log_stream_name < second.log_stream_name;
  }
};

/// A page's end as a token holds it: its last stream's time and name.
std::string position_of(const m::LogStream& stream) {
  return fmt::format("{} {}", last_event(stream), stream.log_stream_name.value_or(""));
}
m::LogStream stream_at(const std::string& position) {
  const std::size_t space = position.find(' ');
  m::LogStream stream;
  stream.last_event_timestamp = std::strtoll(position.c_str(), nullptr, 10);
  stream.log_stream_name = position.substr(space == std::string::npos ? position.size() : space + 1);
  return stream;
}

}  // namespace

Task<Result<m::CreateLogStreamOutput>> create_log_stream(api::Call& call, m::CreateLogStreamInput input) {
  const GroupRef ref = CO_TRY(GroupRef::of(call));
  StreamRow row{.id = call.random().text(kIdChars, kAlphanumeric)};
  row.stream.log_stream_name = input.log_stream_name;
  row.stream.creation_time = call.now().ms;
  row.stream.arn = fmt::format("{}:log-stream:{}", ref.arn(), input.log_stream_name);
  row.stream.stored_bytes = 0;
  const auto body = [ref, row](store::Txn& txn) -> Result<m::CreateLogStreamOutput> {
    const GroupRow group = TRY(rows::require_group(txn, ref));
    const auto present = TRY(rows::find_stream(txn, ref, group, *row.stream.log_stream_name));
    if (present) return fail(stream_exists());
    TRY(rows::put_stream(txn, ref, group, row));
    return m::CreateLogStreamOutput{};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::DeleteLogStreamOutput>> delete_log_stream(api::Call& call, m::DeleteLogStreamInput input) {
  const GroupRef ref = CO_TRY(GroupRef::of(call));
  const auto body = [ref, name = input.log_stream_name](store::Txn& txn) -> Result<m::DeleteLogStreamOutput> {
    const GroupRow group = TRY(rows::require_group(txn, ref));
    const StreamRow row = TRY(rows::require_stream(txn, ref, group, name));
    TRY(rows::erase_stream(txn, ref, group, row));
    return m::DeleteLogStreamOutput{};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::DescribeLogStreamsOutput>> describe_log_streams(api::Call& call, m::DescribeLogStreamsInput input) {
  const GroupRef ref = CO_TRY(GroupRef::of(call));
  const Order order{.by_time = input.order_by == kByTime, .descending = input.descending.value_or(false)};
  if (order.by_time && input.log_stream_name_prefix) {
    co_return fail(invalid_parameter("Cannot order by LastEventTime with a logStreamNamePrefix."));
  }
  std::optional<m::LogStream> after;
  if (input.next_token) {
    const auto position = call.page_position(*input.next_token);
    if (!position) co_return fail(bad_token());
    after = stream_at(*position);
  }
  const auto limit = static_cast<std::size_t>(input.limit.value_or(kDescribeDefault));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::DescribeLogStreamsOutput> {
    const GroupRow group = TRY(rows::require_group(reader, ref));
    m::DescribeLogStreamsOutput output;
    auto& streams = output.log_streams.emplace();
    // Only a page and one are ever kept: of what comes after the last page, the first in order.
    TRY(rows::each_stream(reader, ref, group, input.log_stream_name_prefix.value_or(""), "", [&](const StreamRow& row) {
      if (after && !order(*after, row.stream)) return true;
      const auto place = std::ranges::upper_bound(streams, row.stream, order);
      if (streams.size() > limit && place == streams.end()) return true;
      streams.insert(place, row.stream);
      if (streams.size() > limit + 1) streams.pop_back();
      return true;
    }));
    if (streams.size() > limit) {
      streams.pop_back();
      output.next_token = call.page_token(position_of(streams.back()));
    }
    return output;
  });
}

}  // namespace warifu::services::logs
