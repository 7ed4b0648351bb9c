#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <limits>
#include <queue>

#include "services/logs/errors.h"
#include "services/logs/filter_pattern.h"
#include "services/logs/limits.h"
#include "services/logs/operations.h"

namespace warifu::services::logs {
namespace {

constexpr std::size_t kBatch = 256;  // events of one stream that are at hand
constexpr std::size_t kStreamsMax = 10'000;

/// Where a search stands: events order by time, then stream, then place in the stream.
struct Place {
  std::int64_t time = 0;
  std::string stream;
  std::uint64_t number = 0;
  auto operator<=>(const Place&) const = default;

  [[nodiscard]] std::string str() const { return fmt::format("{} {} {}", time, number, stream); }
  [[nodiscard]] static std::optional<Place> parse(const std::string& text) {
    Place place;
    const char* const end = text.data() + text.size();
    const auto time = std::from_chars(text.data(), end, place.time);
    if (time.ec != std::errc{} || time.ptr == end || *time.ptr != ' ') return std::nullopt;
    const auto number = std::from_chars(time.ptr + 1, end, place.number);
    if (number.ec != std::errc{} || number.ptr == end || *number.ptr != ' ') return std::nullopt;
    place.stream.assign(number.ptr + 1, end);
    return place;
  }
};

struct Found {
  Place place;
  std::int64_t ingested = 0;
  std::string message;
};

/// One stream of a search, a batch of its events at hand.
class Cursor {
 public:
  Cursor(const GroupRef& ref, StreamRow stream, Position begin, Position end)
      : ref_(ref), stream_(std::move(stream)), begin_(begin), end_(end) {}

  [[nodiscard]] const std::string& name() const { return *stream_.stream.log_stream_name; }
  [[nodiscard]] const Found& front() const { return batch_.front(); }
  void pop() { batch_.pop_front(); }
  /// False: there is nothing more.
  Result<bool> fill(store::Reader& reader) {
    if (!batch_.empty() || done_) return !batch_.empty();
    TRY(rows::each_event(reader, ref_, stream_, begin_, end_, store::Direction::kForward, [&](const EventRow& event) {
      batch_.push_back({.place = {.time = event.position.time, .stream = name(), .number = event.position.number},
                        .ingested = event.ingested,
                        .message = std::string(event.message)});
      begin_ = {.time = event.position.time, .number = event.position.number + 1};
      return batch_.size() < kBatch;
    }));
    done_ = batch_.size() < kBatch;
    return !batch_.empty();
  }

 private:
  const GroupRef& ref_;
  StreamRow stream_;
  Position begin_, end_;
  std::deque<Found> batch_;
  bool done_ = false;
};

struct Search {
  const GroupRef& ref;
  const m::FilterLogEventsInput& input;
  const FilterPattern& pattern;
  std::optional<Place> after;
  Position begin{}, end{};
  std::size_t limit = kAnswerEventsMax;
};

bool selected(const m::FilterLogEventsInput& input, const std::string& name) {
  return !input.log_stream_names || std::ranges::find(*input.log_stream_names, name) != input.log_stream_names->end();
}

/// Where a stream is to be read from, when the search goes on after `place`.
Position begin_in(const Search& search, const std::string& stream) {
  if (!search.after) return search.begin;
  const Place& place = *search.after;
  Position from{.time = place.time};
  if (stream < place.stream) from.time = place.time + 1;
  if (stream == place.stream) from.number = place.number + 1;
  return std::max(from, search.begin);
}

Result<std::vector<Cursor>> open_streams(store::Reader& reader, const Search& search, const GroupRow& group) {
  std::vector<Cursor> cursors;
  const std::string prefix = search.input.log_stream_name_prefix.value_or("");
  TRY(rows::each_stream(reader, search.ref, group, prefix, "", [&](const StreamRow& stream) {
    const std::string& name = *stream.stream.log_stream_name;
    const bool over = stream.stream.last_event_timestamp.value_or(0) < begin_in(search, name).time;
    if (stream.next > 0 && !over && selected(search.input, name)) {
      cursors.emplace_back(search.ref, stream, begin_in(search, name), search.end);
    }
    return cursors.size() < kStreamsMax;
  }));
  return cursors;
}

m::FilteredLogEvent shown(const Found& found) {
  const auto mark = static_cast<std::uint32_t>(std::hash<std::string>{}(found.place.stream));
  return {.log_stream_name = found.place.stream,
          .timestamp = found.place.time,
          .message = found.message,
          .ingestion_time = found.ingested,
          .event_id = fmt::format("{:026}{:010}{:020}", found.place.time, mark, found.place.number)};
}

/// Merges the streams by time until the answer is full or enough was looked at; the place that it ends at, if so.
Result<std::optional<Place>> merge(store::Reader& reader, std::vector<Cursor> cursors, const Search& search,
                                   std::vector<m::FilteredLogEvent>& out) {
  const auto later = [&](std::size_t a, std::size_t b) { return cursors[b].front().place < cursors[a].front().place; };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> heads(later);
  for (std::size_t i = 0; i < cursors.size(); ++i) {
    const bool any = TRY(cursors[i].fill(reader));
    if (any) heads.push(i);
  }
  std::size_t seen = 0;
  std::size_t bytes = 0;
  std::optional<Place> last;
  while (!heads.empty()) {
    if (out.size() == search.limit || seen == kFilterEventsMax || bytes > kAnswerBytesMax) return last;
    const std::size_t at = heads.top();
    heads.pop();
    const Found& found = cursors[at].front();
    ++seen;
    last = found.place;
    if (search.pattern.matches(found.message)) {
      bytes += found.message.size() + kEventOverhead;
      out.push_back(shown(found));
    }
    cursors[at].pop();
    const bool more = TRY(cursors[at].fill(reader));
    if (more) heads.push(at);
  }
  return std::nullopt;
}

}  // namespace

Task<Result<m::FilterLogEventsOutput>> filter_log_events(api::Call& call, m::FilterLogEventsInput input) {
  const GroupRef ref = CO_TRY(GroupRef::of(call));
  if (input.log_stream_names && input.log_stream_name_prefix) {
    co_return fail(invalid_parameter("logStreamNames and logStreamNamePrefix exclude each other"));
  }
  const FilterPattern pattern = CO_TRY(FilterPattern::parse(input.filter_pattern.value_or("")));
  Search search{.ref = ref, .input = input, .pattern = pattern};
  if (input.limit) search.limit = static_cast<std::size_t>(*input.limit);
  if (input.next_token) {
    const auto position = call.page_position(*input.next_token);
    if (position) search.after = Place::parse(*position);
    if (!search.after) co_return fail(bad_token());
  }
  co_return call.db().read([&](store::Reader& reader) -> Result<m::FilterLogEventsOutput> {
    const GroupRow group = TRY(rows::require_group(reader, ref));
    search.begin.time = std::max(input.start_time.value_or(0), rows::oldest_shown(group, call.now()));
    // Both ends count here, unlike in GetLogEvents.
    const std::int64_t end = input.end_time.value_or(std::numeric_limits<std::int64_t>::max() - 1);
    search.end.time = std::min(end, std::numeric_limits<std::int64_t>::max() - 1) + 1;
    auto cursors = TRY(open_streams(reader, search, group));
    m::FilterLogEventsOutput output;
    output.searched_log_streams.emplace();
    const auto place = TRY(merge(reader, std::move(cursors), search, output.events.emplace()));
    if (place) output.next_token = call.page_token(place->str());
    return output;
  });
}

}  // namespace warifu::services::logs
