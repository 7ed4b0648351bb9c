#include "services/memory/extraction.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "services/memory/extraction_batch.h"
#include "services/memory/extraction_merge.h"
#include "services/memory/keys.h"

namespace warifu::services::memory::extraction {
namespace {

constexpr char kSeparator = '\0';  // in no ARN, actor or session
constexpr std::size_t kSessionsAtOnce = 1'000;
constexpr int kAttemptsAhead = 3;

std::string key_of(std::string_view memory_arn, SessionRef ref) {
  std::string key(memory_arn);
  key += kSeparator;
  key += ref.actor;
  key += kSeparator;
  key += ref.session;
  return key;
}

struct Place {
  memories::Target target;
  queue::Session session;
};

std::optional<Place> place_of(std::string_view key) {
  const std::size_t first = key.find(kSeparator);
  const std::size_t second = first == std::string_view::npos ? first : key.find(kSeparator, first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  std::optional<memories::Target> target = memories::parse_target(key.substr(0, first));
  if (!target) return std::nullopt;
  return Place{.target = *std::move(target),
               .session = {.actor = std::string(key.substr(first + 1, second - first - 1)),
                           .session = std::string(key.substr(second + 1))}};
}

std::string scope_key(const memories::Target& target, std::string_view name_space, std::string_view strategy) {
  return fmt::format("{}\n{}\n{}", target.arn, name_space, strategy);
}

/// What a part's turns became, before it is compared with what is there.
struct Made {
  Part part;
  std::vector<extract::Memory> memories;
  std::vector<records::Metadata> metadata;  // of each
  std::vector<extract::Memory> reflections;
  std::vector<records::Metadata> reflection_metadata;
};

/// Everything that one run will write.
struct Outcome {
  Changes changes;
  std::vector<queue::FailedJob> failures;
};

/// Ids of records and jobs derive from it: the same entries make the same ids.
std::string seed_of(const memories::Target& target, const Batch& batch, const Part& part, std::string_view what) {
  std::string seed = fmt::format("{}\n{}\n{}\n{}", target.arn, part.strategy, part.name_space, what);
  for (const std::size_t index : part.sources) {
    const queue::Entry& entry = batch.sources[index].entry;
    seed += fmt::format("\n{} {} {}", entry.created.ms, entry.event_id, entry.job_id);
  }
  return seed;
}

/// A job that fails again keeps its id, so that whoever started it finds it.
std::string job_id_of(const memories::Target& target, const Batch& batch, const Part& part) {
  const std::string& first = batch.sources[part.sources.front()].entry.job_id;
  const bool restarted =
      std::ranges::all_of(part.sources, [&](std::size_t index) { return batch.sources[index].entry.job_id == first; });
  if (restarted && !first.empty()) return first;
  return queue::job_id(seed_of(target, batch, part, "job"));
}

queue::FailedJob failure_of(const memories::Target& target, const Batch& batch, const Part& part, const Error& error,
                            Timestamp now) {
  queue::FailedJob job{.id = job_id_of(target, batch, part),
                       .session = batch.session,
                       .strategy_id = part.strategy,
                       .reason = failure_reason(error),
                       .failed = now};
  for (const std::size_t index : part.sources) {
    const Source& source = batch.sources[index];
    job.entries.push_back(source.entry);
    for (const std::size_t message : source.messages) {
      job.messages.push_back({.event_id = source.entry.event_id, .index = static_cast<std::uint16_t>(message)});
    }
  }
  log::warn("a strategy could not extract memories",
            {{"memory", target.arn}, {"strategy", part.strategy}, {"job", job.id}, {"why", error.message}});
  return job;
}

/// Strict values, and what was inferred; a schema has each key once.
records::Metadata metadata_of(records::Metadata metadata, const extract::Memory& memory) {
  metadata.insert(metadata.end(), memory.metadata.begin(), memory.metadata.end());
  records::sort_metadata(metadata);
  return metadata;
}

Result<Made> make(Extractor& extractor, const Batch& batch, const Part& part) {
  const Fresh fresh = fresh_of(batch, part);
  const extract::Conversation conversation{.context = batch.context, .fresh = fresh.turns};
  Made made{.part = part, .memories = TRY(extractor.extract(part, conversation))};
  for (const extract::Memory& memory : made.memories) {
    made.metadata.push_back(metadata_of(part.metadata, memory));
  }
  if (!part.reflections.empty() && !made.memories.empty()) {
    made.reflections = TRY(extractor.reflect(part, conversation, made.memories));
  }
  for (const extract::Memory& reflection : made.reflections) {
    made.reflection_metadata.push_back(metadata_of(part.reflection_metadata, reflection));
  }
  return made;
}

/// False: a decision is not known and may not be asked for.
Result<bool> file(const Tools& tools, const memories::Target& target, const Batch& batch, const Made& made,
                  Timestamp now, Decisions& decisions, bool may_ask, Changes& changes) {
  Changes of_part;
  const Filing filing{.part = made.part,
                      .kind = made.part.kind,
                      .name_space = made.part.name_space,
                      .seed = seed_of(target, batch, made.part, "record"),
                      .now = now};
  const bool filed = TRY(merge(tools.db, target.partition, tools.index, decisions, may_ask, filing, made.memories,
                               made.metadata, of_part));
  if (!filed) return false;
  if (!made.reflections.empty()) {
    const Filing above{.part = made.part,
                       .kind = extract::Kind::kReflection,
                       .name_space = made.part.reflections,
                       .seed = seed_of(target, batch, made.part, "reflection"),
                       .now = now};
    const bool reflected = TRY(merge(tools.db, target.partition, tools.index, decisions, may_ask, above,
                                     made.reflections, made.reflection_metadata, of_part));
    if (!reflected) return false;
  }
  // Only a part that went well as a whole leaves anything.
  std::ranges::move(of_part.puts, std::back_inserter(changes.puts));
  std::ranges::move(of_part.erasures, std::back_inserter(changes.erasures));
  return true;
}

/// True: written. False: the memory or the queue is not what was read, and the run has to be made anew.
Result<bool> write(store::Txn& txn, const memories::Target& target, const Batch& batch,
                   const std::vector<records::Prepared>& prepared, const Outcome& outcome) {
  const auto row = TRY(txn.get(store::Partition::account(target.owner), keys::memory(target.region, target.id)));
  if (row != batch.memory_row) return false;
  for (const Source& source : batch.sources) {
    if (!TRY(queue::waits(txn, target.partition, batch.session.ref(), source.entry))) return false;
  }
  for (const Source& source : batch.sources) {
    TRY(queue::erase(txn, target.partition, batch.session.ref(), source.entry));
    if (!source.entry.job_id.empty()) TRY(queue::erase_failed(txn, target.partition, source.entry.job_id));
  }
  TRY(records::erase_all(txn, target.partition, outcome.changes.erasures));
  TRY(records::put_all(txn, target.partition, prepared));
  for (const queue::FailedJob& job : outcome.failures) TRY(queue::put_failed(txn, target.partition, job));
  return true;
}

}  // namespace

ScopeLocks::Guard::Guard(ScopeLocks& locks, std::set<std::string> scopes) : locks_(locks), scopes_(std::move(scopes)) {
  std::unique_lock lock(locks_.mutex_);
  // All or none: nobody holds one while waiting for another.
  locks_.freed_.wait(lock, [&] {
    return std::ranges::none_of(scopes_, [&](const std::string& scope) { return locks_.taken_.contains(scope); });
  });
  locks_.taken_.insert(scopes_.begin(), scopes_.end());
}

ScopeLocks::Guard::~Guard() {
  {
    const std::lock_guard lock(locks_.mutex_);
    for (const std::string& scope : scopes_) locks_.taken_.erase(scope);
  }
  locks_.freed_.notify_all();
}

Extraction::Extraction(const Tools& tools, const jobs::Schedule& schedule)
    : tools_(tools),
      scheduler_(schedule, [this](std::string_view key, std::uint32_t, const std::stop_token&) -> Result<bool> {
        const std::optional<Place> place = place_of(key);
        if (!place) return fail(internal_error("a session's key does not parse"));
        return run(place->target, place->session);
      }) {}

void Extraction::notify(std::string_view memory_arn, SessionRef ref) { scheduler_.notify(key_of(memory_arn, ref)); }

void Extraction::notify_now(std::string_view memory_arn, SessionRef ref) {
  scheduler_.notify_now(key_of(memory_arn, ref));
}

jobs::Status Extraction::status(std::string_view memory_arn, SessionRef ref) const {
  const std::string key = key_of(memory_arn, ref);
  std::vector<jobs::Status> found = scheduler_.list(key, "", 1);
  if (found.empty() || found.front().key != key) return {.key = key};
  return std::move(found.front());
}

namespace {

/// One run under way, from what was read to what is written.
class Run {
 public:
  Run(const Tools& tools, const memories::Target& target, const Batch& batch, Timestamp now)
      : tools_(tools), target_(target), batch_(batch), now_(now), decisions_(tools.extractor) {}

  Result<> make_all() {
    for (const Part& part : plan(batch_)) {
      Result<Made> made = make(tools_.extractor, batch_, part);
      if (made) {
        all_.push_back(*std::move(made));
      } else {
        TRY(note(part, made.error()));
      }
    }
    return {};
  }

  [[nodiscard]] std::set<std::string> scopes() const {
    std::set<std::string> scopes;
    for (const Made& made : all_) {
      scopes.insert(scope_key(target_, made.part.name_space, made.part.strategy));
      if (!made.part.reflections.empty()) scopes.insert(scope_key(target_, made.part.reflections, made.part.strategy));
    }
    return scopes;
  }

  /// Decides what becomes of everything that was made. False: a decision is not known and may not be asked for.
  Result<bool> file_all(bool may_ask) {
    outcome_.changes = {};
    for (auto made = all_.begin(); made != all_.end();) {
      const Result<bool> filed = file(tools_, target_, batch_, *made, now_, decisions_, may_ask, outcome_.changes);
      if (filed && !*filed) return false;
      if (filed) {
        ++made;
        continue;
      }
      TRY(note(made->part, filed.error()));
      made = all_.erase(made);
    }
    return true;
  }

  /// False: what was read is not there any more.
  Result<bool> commit() {
    const std::vector<records::Prepared> prepared = TRY(records::prepare_all(outcome_.changes.puts, tools_.embedder));
    return tools_.db.write_blocking([&](store::Txn& txn) { return write(txn, target_, batch_, prepared, outcome_); });
  }

 private:
  /// A model's failure is the part's; any other ends the run.
  Result<> note(const Part& part, const Error& error) {
    if (!is_model_failure(error)) return fail(error);
    outcome_.failures.push_back(failure_of(target_, batch_, part, error, now_));
    return {};
  }

  const Tools& tools_;
  const memories::Target& target_;
  const Batch& batch_;
  const Timestamp now_;
  Decisions decisions_;
  std::vector<Made> all_;
  Outcome outcome_;
};

}  // namespace

Result<bool> Extraction::run(const memories::Target& target, const queue::Session& session) {
  const Timestamp now = tools_.clock.now();
  const std::optional<Batch> batch =
      TRY(tools_.db.read([&](store::Reader& reader) { return read_batch(reader, target, session, now); }));
  if (!batch || batch->sources.empty()) return false;

  Run run(tools_, target, *batch, now);
  TRY(run.make_all());
  for (int attempt = 0;; ++attempt) {
    // A model is waited for while others may write the scope; what they wrote meanwhile may ask it anew. Only a scope
    // that never stands still is kept from them.
    const bool ahead = tools_.extractor.slow() && attempt < kAttemptsAhead;
    if (ahead) TRY(run.file_all(true));
    const ScopeLocks::Guard guard(locks_, run.scopes());
    const bool filed = TRY(run.file_all(!ahead));
    if (!filed) continue;
    const bool written = TRY(run.commit());
    return !written || batch->more;
  }
}

Result<> Extraction::resume() {
  const std::vector<std::string> arns =
      TRY(tools_.db.read([](store::Reader& reader) { return memories::extracting(reader); }));
  for (const std::string& arn : arns) {
    const std::optional<memories::Target> target = memories::parse_target(arn);
    if (!target) continue;
    std::optional<queue::Session> after;
    while (true) {
      const std::vector<queue::Session> page = TRY(tools_.db.read(
          [&](store::Reader& reader) { return queue::sessions(reader, target->partition, after, kSessionsAtOnce); }));
      for (const queue::Session& session : page) notify_now(arn, session.ref());
      if (page.size() < kSessionsAtOnce) break;
      after = page.back();
    }
  }
  return {};
}

}  // namespace warifu::services::memory::extraction
