#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "services/logs/errors.h"
#include "services/logs/limits.h"
#include "services/logs/operations.h"

namespace warifu::services::logs {
namespace {

constexpr std::string_view kSequence = "49590302116612352464112365870132741536421203516419866626";  // ignored by all
constexpr Position kEnd{.time = std::numeric_limits<std::int64_t>::max(),
                        .number = std::numeric_limits<std::uint64_t>::max()};

Result<> check_batch(const std::vector<m::InputLogEvent>& events) {
  std::size_t bytes = 0;
  for (const m::InputLogEvent& event : events) bytes += event.message.size() + kEventOverhead;
  if (bytes > kBatchBytesMax) {
    return fail(
        invalid_parameter(fmt::format("Upload too large: {} bytes exceeds limit of {}", bytes, kBatchBytesMax)));
  }
  if (!std::ranges::is_sorted(events, {}, &m::InputLogEvent::timestamp)) {
    return fail(invalid_parameter("Log events in a single PutLogEvents request must be in chronological order."));
  }
  if (!events.empty() && events.back().timestamp - events.front().timestamp > kBatchSpanMs) {
    return fail(
        invalid_parameter("The batch of log events in a single PutLogEvents request cannot span more than 24 hours."));
  }
  return {};
}

/// Which events of a batch, sorted by time, are taken: [first, last).
struct Taken {
  std::size_t first = 0, last = 0;
  std::optional<m::RejectedLogEventsInfo> rejected{};
};

Taken taken_of(const std::vector<m::InputLogEvent>& events, const GroupRow& group, Timestamp now) {
  const auto from = [&](std::int64_t time) {
    return static_cast<std::size_t>(std::ranges::lower_bound(events, time, {}, &m::InputLogEvent::timestamp) -
                                    events.begin());
  };
  const std::size_t too_old = from(now.ms - kTooOldMs);
  const std::size_t expired = from(rows::oldest_shown(group, now));
  const std::size_t too_new = from(now.ms + kTooNewMs + 1);
  Taken taken{.first = std::min(std::max(too_old, expired), too_new), .last = too_new};
  m::RejectedLogEventsInfo rejected;
  if (too_old > 0) rejected.too_old_log_event_end_index = static_cast<std::int32_t>(too_old);
  if (expired > 0) rejected.expired_log_event_end_index = static_cast<std::int32_t>(expired);
  if (too_new < events.size()) rejected.too_new_log_event_start_index = static_cast<std::int32_t>(too_new);
  if (too_old > 0 || expired > 0 || too_new < events.size()) taken.rejected = rejected;
  return taken;
}

Result<m::PutLogEventsOutput> write_events(store::Txn& txn, const GroupRef& ref, const m::PutLogEventsInput& input,
                                           Timestamp now) {
  GroupRow group = TRY(rows::require_group(txn, ref));
  StreamRow row = TRY(rows::require_stream(txn, ref, group, input.log_stream_name));
  const Taken taken = taken_of(input.log_events, group, now);
  m::PutLogEventsOutput output{.next_sequence_token = std::string(kSequence),
                               .rejected_log_events_info = taken.rejected};
  if (taken.first >= taken.last) return output;
  std::int64_t bytes = 0;
  for (std::size_t i = taken.first; i < taken.last; ++i) {
    const m::InputLogEvent& event = input.log_events[i];
    bytes += static_cast<std::int64_t>(event.message.size() + kEventOverhead);
    TRY(rows::put_event(
        txn, ref, row,
        {.position = {.time = event.timestamp, .number = row.next++}, .ingested = now.ms, .message = event.message}));
  }
  const std::int64_t first = input.log_events[taken.first].timestamp;
  const std::int64_t last = input.log_events[taken.last - 1].timestamp;
  m::LogStream& stream = row.stream;
  stream.first_event_timestamp = std::min(stream.first_event_timestamp.value_or(first), first);
  stream.last_event_timestamp = std::max(stream.last_event_timestamp.value_or(last), last);
  stream.last_ingestion_time = now.ms;
  stream.upload_sequence_token = std::string(kSequence);
  group.group.stored_bytes = group.group.stored_bytes.value_or(0) + bytes;
  TRY(rows::put_stream(txn, ref, group, row));
  TRY(rows::put_group(txn, ref, group));
  return output;
}

/// `f/<time>/<number>` goes on after that event, `b/…` before it.
std::string token_of(char direction, Position position) {
  return fmt::format("{}/{:020}{:020}/s", direction, position.time, position.number);
}
struct Token {
  bool forward = true;
  Position position;
};
std::optional<Token> token_in(std::string_view text) {
  constexpr std::size_t kDigits = 20;
  if (text.size() != 2 + 2 * kDigits + 2 || !text.ends_with("/s") || text[1] != '/') return std::nullopt;
  if (text[0] != 'f' && text[0] != 'b') return std::nullopt;
  const std::string_view digits = text.substr(2, 2 * kDigits);
  if (!std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  Position position;
  const auto time = std::from_chars(digits.data(), digits.data() + kDigits, position.time);
  const auto number = std::from_chars(digits.data() + kDigits, digits.data() + 2 * kDigits, position.number);
  if (time.ec != std::errc{} || number.ec != std::errc{}) return std::nullopt;
  return Token{.forward = text[0] == 'f', .position = position};
}

Position after(Position position) {
  if (position.number == kEnd.number) return {.time = position.time, .number = position.number};
  return {.time = position.time, .number = position.number + 1};
}

/// Events of one page, oldest first.
struct Page {
  std::vector<m::OutputLogEvent> events;
  Position first{}, last{};
  std::size_t bytes = 0;

  [[nodiscard]] bool take(const EventRow& event, std::size_t limit) {
    bytes += event.message.size() + kEventOverhead;
    if (events.size() == limit || (bytes > kAnswerBytesMax && !events.empty())) return false;
    if (events.empty()) first = event.position;
    last = event.position;
    events.push_back(
        {.timestamp = event.position.time, .message = std::string(event.message), .ingestion_time = event.ingested});
    return true;
  }
  void reverse() {
    std::ranges::reverse(events);
    std::swap(first, last);
  }
};

/// What part of the stream a page is read from, and from which of its ends.
struct Window {
  Position begin{}, end = kEnd;
  bool forward = true;
};

Result<Window> window_of(const m::GetLogEventsInput& input, const GroupRow& group, Timestamp now) {
  Window window{.forward = input.start_from_head.value_or(false)};
  window.begin.time = std::max(input.start_time.value_or(0), rows::oldest_shown(group, now));
  if (input.end_time) window.end = {.time = *input.end_time};
  if (!input.next_token) return window;
  const auto token = token_in(*input.next_token);
  if (!token) return fail(bad_token());
  window.forward = token->forward;
  if (token->forward) window.begin = std::max(window.begin, after(token->position));
  if (!token->forward) window.end = std::min(window.end, token->position);
  return window;
}

}  // namespace

Task<Result<m::PutLogEventsOutput>> put_log_events(api::Call& call, m::PutLogEventsInput input) {
  const GroupRef ref = CO_TRY(GroupRef::of(call));
  CO_TRY(check_batch(input.log_events));
  const auto body = [ref, input = std::move(input), now = call.now()](store::Txn& txn) {
    return write_events(txn, ref, input, now);
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::GetLogEventsOutput>> get_log_events(api::Call& call, m::GetLogEventsInput input) {
  const GroupRef ref = CO_TRY(GroupRef::of(call));
  const auto limit = static_cast<std::size_t>(input.limit.value_or(static_cast<std::int32_t>(kAnswerEventsMax)));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetLogEventsOutput> {
    const GroupRow group = TRY(rows::require_group(reader, ref));
    const StreamRow stream = TRY(rows::require_stream(reader, ref, group, input.log_stream_name));
    const Window window = TRY(window_of(input, group, call.now()));
    Page page;
    const auto direction = window.forward ? store::Direction::kForward : store::Direction::kBackward;
    TRY(rows::each_event(reader, ref, stream, window.begin, window.end, direction,
                         [&](const EventRow& event) { return page.take(event, limit); }));
    if (!window.forward) page.reverse();
    m::GetLogEventsOutput output;
    if (page.events.empty()) {
      // Where nothing more is, the token that was given comes back: so a reader knows the end.
      const auto given = input.next_token ? token_in(*input.next_token) : std::nullopt;
      const Position here = given ? given->position : Position{.time = window.begin.time};
      page.first = page.last = here;
    }
    output.next_forward_token = token_of('f', page.last);
    output.next_backward_token = token_of('b', page.first);
    output.events = std::move(page.events);
    return output;
  });
}

}  // namespace warifu::services::logs
