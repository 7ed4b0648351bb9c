#include "services/logs/live_tail.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "net/pause.h"
#include "services/logs/errors.h"
#include "services/logs/filter_pattern.h"
#include "services/logs/limits.h"
#include "services/logs/rows.h"

namespace warifu::services::logs {
namespace {

using Event = m::StartLiveTailResponseStream;
using Clock = std::chrono::steady_clock;

/// Which streams, and what of them.
struct Wanted {
  std::vector<std::string> names, prefixes;
  FilterPattern pattern;

  [[nodiscard]] bool takes(const std::string& stream) const {
    const auto begins = [&](const std::string& prefix) { return stream.starts_with(prefix); };
    if (!names.empty()) return std::ranges::find(names, stream) != names.end();
    return prefixes.empty() || std::ranges::any_of(prefixes, begins);
  }
};

Error ended(std::string why) { return named(ErrorCode::kUnavailable, "SessionStreamingException", std::move(why)); }

class Tail final : public LiveTailEvents {
 public:
  Tail(const api::Call& call, GroupRef ref, Wanted wanted, std::shared_ptr<void> slot)
      : environment_(call.environment()), ref_(std::move(ref)), wanted_(std::move(wanted)), slot_(std::move(slot)) {
    start_.request_id = call.request_id();
    start_.session_id = call.random().uuid();
    start_.log_group_identifiers = std::vector{ref_.arn()};
    if (!wanted_.names.empty()) start_.log_stream_names = wanted_.names;
    if (!wanted_.prefixes.empty()) start_.log_stream_name_prefixes = wanted_.prefixes;
  }

  /// Where everything stands now: only what comes later is shown.
  Result<> look(store::Reader& reader) {
    const GroupRow group = TRY(rows::require_group(reader, ref_));
    group_id_ = group.id;
    bytes_ = group.group.stored_bytes.value_or(0);
    return rows::each_stream(reader, ref_, group, "", "", [this](const StreamRow& stream) {
      known_[stream.id] = stream.next;
      return true;
    });
  }

  Task<Result<std::optional<Event>>> next() override {
    if (!std::exchange(started_, true)) co_return std::optional(Event{.session_start = start_});
    co_await pause_.wait(kLiveTailEvery);
    if (pause_.cancelled()) co_return std::nullopt;
    if (Clock::now() >= end_) {
      co_return fail(named(ErrorCode::kUnavailable, "SessionTimeoutException", "the session has lasted three hours"));
    }
    m::LiveTailSessionUpdate update =
        CO_TRY(environment_.db.read([this](store::Reader& reader) { return news(reader); }));
    co_return std::optional(Event{.session_update = std::move(update)});
  }
  void cancel() override { pause_.cancel(); }

 private:
  Result<m::LiveTailSessionUpdate> news(store::Reader& reader) {
    m::LiveTailSessionUpdate update;
    std::multimap<std::int64_t, m::LiveTailSessionLogEvent> found;  // by time; ties as they came
    const auto group = TRY(rows::find_group(reader, ref_));
    if (!group || group->id != group_id_) return fail(ended("the log group was deleted"));
    const std::int64_t bytes = group->group.stored_bytes.value_or(0);
    if (std::exchange(bytes_, bytes) != bytes) {
      std::vector<StreamRow> changed;
      TRY(rows::each_stream(reader, ref_, *group, "", "", [&](const StreamRow& stream) {
        if (stream.next > known_[stream.id]) changed.push_back(stream);
        return true;
      }));
      for (const StreamRow& stream : changed) {
        const std::uint64_t from = std::exchange(known_[stream.id], stream.next);
        if (wanted_.takes(*stream.stream.log_stream_name)) TRY(take(reader, *group, stream, from, found));
      }
    }
    update.session_metadata = m::LiveTailSessionMetadata{.sampled = found.size() > kLiveTailEventsMax};
    auto& results = update.session_results.emplace();
    for (auto& [time, event] : found) {
      if (results.size() < kLiveTailEventsMax) results.push_back(std::move(event));
    }
    return update;
  }

  /// The stream's events from number `from` on. They stand by their time, mostly at the end: it is read backwards until
  /// all were met.
  Result<> take(store::Reader& reader, const GroupRow& group, const StreamRow& stream, std::uint64_t from,
                std::multimap<std::int64_t, m::LiveTailSessionLogEvent>& out) const {
    const Position begin{.time = rows::oldest_shown(group, environment_.clock.now())};
    const Position end{.time = stream.stream.last_event_timestamp.value_or(0) + 1};
    std::vector<m::LiveTailSessionLogEvent> found;
    std::uint64_t left = stream.next - from;
    std::size_t seen = 0;
    TRY(rows::each_event(reader, ref_, stream, begin, end, store::Direction::kBackward, [&](const EventRow& event) {
      if (event.position.number >= from) {
        --left;
        if (wanted_.pattern.matches(event.message)) {
          found.push_back({.log_stream_name = stream.stream.log_stream_name,
                           .log_group_identifier = ref_.owner.str() + ":" + ref_.group,
                           .message = std::string(event.message),
                           .timestamp = event.position.time,
                           .ingestion_time = event.ingested});
        }
      }
      return left > 0 && ++seen < kFilterEventsMax && found.size() <= kLiveTailEventsMax;
    }));
    for (auto event = found.rbegin(); event != found.rend(); ++event) {
      out.emplace(event->timestamp.value_or(0), std::move(*event));
    }
    return {};
  }

  const api::Environment& environment_;
  const GroupRef ref_;
  const Wanted wanted_;
  const std::shared_ptr<void> slot_;
  m::LiveTailSessionStart start_;
  std::string group_id_;
  std::int64_t bytes_ = 0;                      // stored in the group: they change with every batch
  std::map<std::string, std::uint64_t> known_;  // number of the next event, by the stream's id
  const Clock::time_point end_ = Clock::now() + kLiveTailLasts;
  net::Pause pause_;
  bool started_ = false;
};

}  // namespace

std::shared_ptr<void> LiveTails::enter(const std::string& account_and_region) {
  const std::lock_guard lock(mutex_);
  std::size_t& running = running_[account_and_region];
  if (running >= kLiveTailsMax) return nullptr;
  ++running;
  return {this, [self = shared_from_this(), account_and_region](void*) {
            const std::lock_guard again(self->mutex_);
            const auto found = self->running_.find(account_and_region);
            if (--found->second == 0) self->running_.erase(found);
          }};
}

Task<Result<std::unique_ptr<LiveTailEvents>>> start_live_tail(api::Call& call, LiveTails& tails,
                                                              m::StartLiveTailInput input) {
  if (input.log_group_identifiers.size() != 1) {
    co_return fail(invalid_parameter("A live tail of several log groups is not supported: start one for each."));
  }
  if (input.log_stream_names && input.log_stream_name_prefixes) {
    co_return fail(invalid_parameter("logStreamNames and logStreamNamePrefixes exclude each other"));
  }
  const GroupRef ref = CO_TRY(GroupRef::of(call));
  Wanted wanted{.names = input.log_stream_names.value_or(std::vector<std::string>{}),
                .prefixes = input.log_stream_name_prefixes.value_or(std::vector<std::string>{}),
                .pattern = CO_TRY(FilterPattern::parse(input.log_event_filter_pattern.value_or("")))};
  auto slot = tails.enter(call.account().str() + " " + call.region());
  if (slot == nullptr) {
    co_return fail(named(ErrorCode::kQuotaExceeded, "LimitExceededException",
                         fmt::format("You have reached the maximum number of {} live tail sessions.", kLiveTailsMax)));
  }
  auto tail = std::make_unique<Tail>(call, ref, std::move(wanted), std::move(slot));
  CO_TRY(call.db().read([&](store::Reader& reader) { return tail->look(reader); }));
  co_return std::move(tail);
}

}  // namespace warifu::services::logs
