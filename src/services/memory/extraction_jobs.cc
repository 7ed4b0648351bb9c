#include <algorithm>

#include "services/memory/errors.h"
#include "services/memory/extraction_batch.h"
#include "services/memory/extraction_notices.h"
#include "services/memory/limits.h"
#include "services/memory/memories.h"
#include "services/memory/memory_states.h"
#include "services/memory/operations.h"

namespace warifu::services::memory {
namespace {

using queue::FailedJob;

constexpr std::string_view kFailed = "FAILED";
constexpr std::string_view kInProgress = "IN_PROGRESS";
constexpr std::string_view kPending = "PENDING";
constexpr std::size_t kMessagesShown = 100;
constexpr std::size_t kScanned = 200;  // rows that one page looks at before it ends early
// A position is one of the two lists and where in it.
constexpr char kInFailed = 'j';
constexpr char kInWaiting = 'q';

Error job_not_found(std::string_view id) { return not_found(fmt::format("Extraction job not found: {}", id)); }

bool matches(const std::optional<std::string>& wanted, std::string_view value) { return !wanted || *wanted == value; }

m::ExtractionJobMetadata output_of(const FailedJob& job) {
  m::ExtractionJobMetadata output{.job_id = job.id,
                                  .status = std::string(job.restarted ? kInProgress : kFailed),
                                  .failure_reason = job.reason,
                                  .strategy_id = job.strategy_id,
                                  .session_id = job.session.session,
                                  .actor_id = job.session.actor};
  auto& messages = output.messages.messages_list.emplace();
  for (const queue::Message& message : job.messages) {
    messages.push_back({.event_id = message.event_id, .message_index = message.index});
  }
  return output;
}

/// What a session's entries say, as far as it is shown.
Result<std::vector<m::MessageMetadata>> messages_of(store::Reader& reader, const store::Partition& partition,
                                                    SessionRef ref) {
  std::vector<m::MessageMetadata> messages;
  for (const queue::Entry& entry : TRY(queue::list(reader, partition, ref, kMessagesShown, extraction::kBatchBytes))) {
    std::string row = entry.ingested;
    if (row.empty()) row = TRY(reader.get(partition, keys::event(ref, entry.event_id))).value_or("");
    if (row.empty()) continue;
    const EventView event = TRY(EventView::parse(row));
    std::vector<extract::Turn> turns;
    std::vector<std::size_t> items;
    extraction::append_turns(event.payload, event.created, turns, items);
    for (const std::size_t item : items) {
      if (messages.size() == kMessagesShown) return messages;
      messages.push_back({.event_id = entry.event_id, .message_index = static_cast<std::int32_t>(item)});
    }
  }
  return messages;
}

/// The id of what a session waits for: it has no row of its own.
std::string waiting_id(const memories::Target& target, SessionRef ref) {
  return queue::job_id(fmt::format("{}\n{}\n{}", target.arn, ref.actor, ref.session));
}

m::ExtractionJobMetadata output_of(const memories::Target& target, const queue::Session& session,
                                   const jobs::Status& status, std::vector<m::MessageMetadata> messages) {
  m::ExtractionJobMetadata output{.job_id = waiting_id(target, session.ref()),
                                  .status = std::string(status.phase == jobs::Phase::kRunning ? kInProgress : kPending),
                                  .session_id = session.session,
                                  .actor_id = session.actor};
  if (!status.error.empty()) output.failure_reason = status.error;
  output.messages.messages_list = std::move(messages);
  return output;
}

/// One page under way: failed jobs first, then the sessions that wait.
class Listing {
 public:
  Listing(const memories::Target& target, const m::ExtractionJobFilterInput& filter, std::size_t limit,
          const extraction::Notices* extraction)
      : target_(target), filter_(filter), limit_(limit), extraction_(extraction) {}

  Result<> run(store::Reader& reader, std::string_view start) {
    std::string_view after = start;
    if (!after.empty()) after.remove_prefix(1);
    if (start.empty() || start.front() == kInFailed) {
      if (!TRY(failed(reader, after))) return {};
      after = {};
    }
    // Only failed jobs are FAILED; a session that waits belongs to no one strategy.
    if (filter_.status || filter_.strategy_id) return {};
    return waiting(reader, after);
  }

  m::ListMemoryExtractionJobsOutput output;
  std::string position;  // of the last job looked at; empty: nothing follows

 private:
  bool full() { return output.jobs.size() == limit_ || (++scanned_ > kScanned && !output.jobs.empty()); }

  /// False once the page is full.
  Result<bool> failed(store::Reader& reader, std::string_view after) {
    std::string last(after);
    while (true) {
      const std::vector<FailedJob> page = TRY(queue::list_failed(reader, target_.partition, last, kScanned));
      for (const FailedJob& job : page) {
        if (full()) {
          position = kInFailed + last;
          return false;
        }
        last = job.id;
        if (!matches(filter_.strategy_id, job.strategy_id) || !matches(filter_.actor_id, job.session.actor)) continue;
        if (!matches(filter_.session_id, job.session.session) || (filter_.status && job.restarted)) continue;
        output.jobs.push_back(output_of(job));
      }
      if (page.size() < kScanned) return true;
    }
  }

  Result<> waiting(store::Reader& reader, std::string_view after) {
    std::optional<queue::Session> last;
    if (!after.empty()) {
      const std::size_t separator = after.find('\0');
      if (separator == std::string_view::npos) return fail(invalid_field("nextToken", "invalid nextToken"));
      last = {.actor = std::string(after.substr(0, separator)), .session = std::string(after.substr(separator + 1))};
    }
    while (true) {
      const std::vector<queue::Session> page = TRY(queue::sessions(reader, target_.partition, last, kScanned));
      for (const queue::Session& session : page) {
        if (full()) {
          position = kInWaiting + (last ? last->actor + '\0' + last->session : std::string());
          return {};
        }
        last = session;
        if (!matches(filter_.actor_id, session.actor) || !matches(filter_.session_id, session.session)) continue;
        const jobs::Status status =
            extraction_ == nullptr ? jobs::Status{} : extraction_->status(target_.arn, session.ref());
        output.jobs.push_back(
            output_of(target_, session, status, TRY(messages_of(reader, target_.partition, session.ref()))));
      }
      if (page.size() < kScanned) return {};
    }
  }

  const memories::Target& target_;
  const m::ExtractionJobFilterInput& filter_;
  std::size_t limit_;
  const extraction::Notices* extraction_;
  std::size_t scanned_ = 0;
};

}  // namespace

Task<Result<m::ListMemoryExtractionJobsOutput>> list_extraction_jobs(api::Call& call,
                                                                     m::ListMemoryExtractionJobsInput input,
                                                                     extraction::Notices* extraction) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  std::string position;
  if (input.next_token) position = CO_TRY(call.page_position(*input.next_token));
  const auto limit = static_cast<std::size_t>(input.max_results.value_or(kPageDefault));
  const m::ExtractionJobFilterInput filter = input.filter.value_or(m::ExtractionJobFilterInput{});

  Listing listing(target, filter, limit, extraction);
  CO_TRY(call.db().read([&](store::Reader& reader) -> Result<> {
    TRY(states::require(reader, target.partition, target.id));
    return listing.run(reader, position);
  }));
  if (!listing.position.empty()) listing.output.next_token = call.page_token(listing.position);
  co_return std::move(listing.output);
}

Task<Result<m::StartMemoryExtractionJobOutput>> start_extraction_job(api::Call& call,
                                                                     m::StartMemoryExtractionJobInput input,
                                                                     extraction::Notices* extraction) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  const auto body = [target, id = input.extraction_job.job_id](store::Txn& txn) -> Result<queue::Session> {
    TRY(states::require(txn, target.partition, target.id));
    std::optional<FailedJob> job = TRY(queue::find_failed(txn, target.partition, id));
    if (!job) return fail(job_not_found(id));
    if (job->restarted) return job->session;
    for (queue::Entry& entry : job->entries) {
      entry.strategy_id = job->strategy_id;
      entry.job_id = job->id;
      TRY(queue::put(txn, target.partition, job->session.ref(), entry));
    }
    job->restarted = true;
    TRY(queue::put_failed(txn, target.partition, *job));
    return job->session;
  };
  const queue::Session session = CO_TRY(co_await call.db().write(body));
  if (extraction != nullptr) extraction->notify_now(target.arn, session.ref());
  co_return m::StartMemoryExtractionJobOutput{.job_id = input.extraction_job.job_id};
}

}  // namespace warifu::services::memory
