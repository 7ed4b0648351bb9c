#include "hosting/log_delivery.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "gen/logs/events.h"
#include "gen/logs/groups.h"
#include "gen/logs/streams.h"

namespace warifu::hosting {
namespace {

namespace lm = model::logs;

constexpr std::size_t kQueueBytesMax = 4 * 1024 * 1024;  // of one stream, not yet delivered
constexpr std::size_t kBatchBytesMax = 1'000'000;        // PutLogEvents takes 1 MiB with 26 bytes an event
constexpr std::size_t kBatchEventsMax = 10'000;
constexpr std::size_t kEventOverhead = 26;
constexpr std::size_t kMessageBytesMax = 256 * 1024;
constexpr std::size_t kRolesMax = 1'024;
constexpr std::int64_t kSessionMarginMs = 300'000;
constexpr std::int64_t kDeniedMs = 30'000;
const jobs::Schedule kSchedule{.quiet = std::chrono::milliseconds(20),
                               .at_most = std::chrono::milliseconds(200),
                               .first_retry = std::chrono::milliseconds(1'000),
                               .threads = 2};

bool is(const Error& error, std::string_view name, ErrorCode code) {
  return error.aws_name.empty() ? error.code == code : error.aws_name == name;
}

/// By time, ties as they came, without empty ones: what PutLogEvents takes. (libstdc++'s stable_sort warns in clang.)
std::vector<LogLine> in_order(std::vector<LogLine> lines) {
  std::erase_if(lines, [](const LogLine& line) { return line.message.empty(); });
  std::vector<std::pair<std::int64_t, std::size_t>> order;
  for (std::size_t i = 0; i < lines.size(); ++i) order.emplace_back(lines[i].time.ms, i);
  std::ranges::sort(order);
  std::vector<LogLine> out;
  for (const auto& [time, index] : order) out.push_back(std::move(lines[index]));
  return out;
}

}  // namespace

LogDelivery::LogDelivery(const api::Environment& environment, Background& background, Sessions sessions)
    : environment_(environment),
      background_(background),
      sessions_(std::move(sessions)),
      scheduler_(kSchedule,
                 [this](std::string_view key, std::uint32_t, const std::stop_token&) { return deliver(key); }) {}

void LogDelivery::add(const std::shared_ptr<const LogTarget>& target, const std::string& stream,
                      std::vector<LogLine> lines) {
  if (stopped_) return;
  const std::string key = fmt::format("{}:{}:{}:{}", target->owner.str(), target->region, target->group, stream);
  {
    const std::scoped_lock lock(mutex_);
    Queue& queue = queues_[key];
    queue.target = target;
    queue.stream = stream;
    for (LogLine& line : lines) {
      line.message.resize(std::min(line.message.size(), kMessageBytesMax));
      const std::size_t bytes = line.message.size() + kEventOverhead;
      if (queue.bytes + bytes > kQueueBytesMax) {
        ++queue.dropped;
        continue;
      }
      queue.bytes += bytes;
      queue.lines.push_back(std::move(line));
    }
  }
  scheduler_.notify(key);
}

Result<bool> LogDelivery::deliver(std::string_view key) {
  Queue queue;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = queues_.find(key);
    if (found == queues_.end()) return false;
    queue = std::move(found->second);
    queues_.erase(found);
  }
  if (queue.dropped > 0) {
    queue.lines.push_back({.time = environment_.clock.now(),
                           .message = fmt::format("{} lines were dropped: they came too fast", queue.dropped)});
  }
  if (queue.lines.empty()) return false;
  const Result<> sent = background_.wait_for(send(*queue.target, queue.stream, std::move(queue.lines)));
  if (!sent) {
    log::debug("a function's log could not be delivered",
               {{"function", queue.target->source_arn}, {"why", sent.error().message}});
  }
  return false;
}

Task<Result<api::As>> LogDelivery::session_of(const LogTarget& target) {
  const Timestamp now = environment_.clock.now();
  const std::string key = target.source_arn + " " + target.role_arn;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = roles_.find(key);
    if (found != roles_.end()) {
      if (found->second.denied_until > now) co_return fail(unavailable("the role may not write logs"));
      if (found->second.session.credentials.expires.ms - kSessionMarginMs > now.ms) {
        co_return api::as_session(found->second.session.principal);
      }
    }
  }
  api::RoleSession session = CO_TRY(co_await sessions_(target));
  const std::scoped_lock lock(mutex_);
  if (roles_.size() >= kRolesMax) roles_.clear();
  api::As as = api::as_session(session.principal);
  roles_.insert_or_assign(key, Session{.session = std::move(session), .denied_until = {}});
  co_return as;
}

Task<Result<>> LogDelivery::create(const LogTarget& target, const std::string& stream, const api::As& as) {
  const auto make_stream = [&] {
    lm::CreateLogStreamInput input;
    input.log_group_name = target.group;
    input.log_stream_name = stream;
    return environment_.client->invoke(lm::ops::kCreateLogStream, std::move(input), as, target.region);
  };
  const auto made = co_await make_stream();
  if (made || is(made.error(), "ResourceAlreadyExistsException", ErrorCode::kConflict)) co_return Result<>{};
  if (!is(made.error(), "ResourceNotFoundException", ErrorCode::kNotFound)) co_return fail(made.error());
  lm::CreateLogGroupInput group;
  group.log_group_name = target.group;
  const auto grouped =
      co_await environment_.client->invoke(lm::ops::kCreateLogGroup, std::move(group), as, target.region);
  if (!grouped && !is(grouped.error(), "ResourceAlreadyExistsException", ErrorCode::kConflict)) {
    co_return fail(grouped.error());
  }
  const auto again = co_await make_stream();
  if (!again && !is(again.error(), "ResourceAlreadyExistsException", ErrorCode::kConflict)) {
    co_return fail(again.error());
  }
  co_return Result<>{};
}

Task<Result<>> LogDelivery::put(const LogTarget& target, const std::string& stream, const api::As& as,
                                const std::vector<LogLine>& lines) {
  for (std::size_t at = 0; at < lines.size();) {
    lm::PutLogEventsInput input;
    input.log_group_name = target.group;
    input.log_stream_name = stream;
    for (std::size_t bytes = 0; at < lines.size() && input.log_events.size() < kBatchEventsMax; ++at) {
      bytes += lines[at].message.size() + kEventOverhead;
      if (bytes > kBatchBytesMax && !input.log_events.empty()) break;
      input.log_events.push_back({.timestamp = lines[at].time.ms, .message = lines[at].message});
    }
    const auto sent = co_await environment_.client->invoke(lm::ops::kPutLogEvents, std::move(input), as, target.region);
    if (!sent) co_return fail(sent.error());
  }
  co_return Result<>{};
}

Task<Result<>> LogDelivery::send(const LogTarget& target, std::string stream, std::vector<LogLine> lines) {
  const api::As as = CO_TRY(co_await session_of(target));
  lines = in_order(std::move(lines));
  Result<> sent = co_await put(target, stream, as, lines);
  if (!sent && is(sent.error(), "ResourceNotFoundException", ErrorCode::kNotFound)) {
    sent = co_await create(target, stream, as);
    if (sent) sent = co_await put(target, stream, as, lines);
  }
  if (!sent && sent.error().code == ErrorCode::kAccessDenied) {
    const std::scoped_lock lock(mutex_);
    const auto found = roles_.find(target.source_arn + " " + target.role_arn);
    if (found != roles_.end()) found->second.denied_until = {environment_.clock.now().ms + kDeniedMs};
  }
  co_return sent;
}

void LogDelivery::stop() {
  if (stopped_.exchange(true)) return;
  scheduler_.stop();
  std::vector<std::string> keys;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [key, queue] : queues_) keys.push_back(key);
  }
  for (const std::string& key : keys) (void)deliver(key);
}

}  // namespace warifu::hosting
