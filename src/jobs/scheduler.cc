#include "jobs/scheduler.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"

namespace warifu::jobs {
namespace {

std::chrono::milliseconds pause_after(const Schedule& schedule, std::uint32_t failures) {
  std::chrono::milliseconds pause = schedule.first_retry;
  for (std::uint32_t i = 1; i < failures && pause < schedule.last_retry; ++i) pause *= 2;
  return std::min(pause, schedule.last_retry);
}

}  // namespace

Scheduler::Scheduler(const Schedule& schedule, Run run) : schedule_(schedule), run_(std::move(run)) {
  CHECK(schedule_.threads > 0, "a scheduler without threads would run nothing");
  for (std::size_t i = 0; i < schedule_.threads; ++i) {
    threads_.emplace_back([this] { work(stop_.get_token()); });
  }
}

Scheduler::~Scheduler() { stop(); }

void Scheduler::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_.request_stop();
  }
  changed_.notify_all();
  threads_.clear();  // joins
}

void Scheduler::notify(std::string_view key) { note(key, schedule_.quiet); }
void Scheduler::notify_now(std::string_view key) { note(key, std::chrono::milliseconds(0)); }

void Scheduler::note(std::string_view key, std::chrono::milliseconds quiet) {
  const Time now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  auto entry = entries_.find(key);
  if (entry == entries_.end()) {
    entry = entries_.emplace(key, Entry{.first = now}).first;
  } else if (entry->second.running) {
    if (!entry->second.noticed) entry->second.first = now;
    entry->second.noticed = true;
    return;
  } else if (entry->second.failures > 0 && quiet.count() > 0) {
    return;  // its retry will see what is new
  }
  set_due(entry, std::min(now + quiet, std::max(entry->second.first + schedule_.at_most, now)));
}

/// The key's one place in the queue. The mutex is held.
void Scheduler::set_due(Entries::iterator entry, Time due) {
  const auto [begin, end] = queue_.equal_range(entry->second.due);
  const auto old = std::find_if(begin, end, [&](const auto& queued) { return queued.second == entry->first; });
  if (old != end) queue_.erase(old);
  entry->second.due = due;
  queue_.emplace(due, entry->first);
  changed_.notify_one();
}

void Scheduler::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (queue_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const Time due = queue_.begin()->first;
    if (due > std::chrono::steady_clock::now()) {
      changed_.wait_until(lock, due);
      continue;
    }
    const std::string key = std::move(queue_.begin()->second);
    queue_.erase(queue_.begin());
    Entry& entry = entries_.find(key)->second;
    entry.running = true;
    entry.noticed = false;
    const std::uint32_t failures = entry.failures;

    lock.unlock();
    const Result<bool> outcome = run_(key, failures, stop);
    lock.lock();
    finish(key, outcome);
  }
}

/// What comes after a run of `key`. The mutex is held.
void Scheduler::finish(const std::string& key, const Result<bool>& outcome) {
  const auto found = entries_.find(key);
  Entry& entry = found->second;
  const Time now = std::chrono::steady_clock::now();
  entry.running = false;
  if (!outcome) {
    entry.failures += 1;
    entry.error = outcome.error().message;
    log::warn("background work failed and will be tried again",
              {{"why", entry.error}, {"failures", std::to_string(entry.failures)}});
    set_due(found, now + pause_after(schedule_, entry.failures));
  } else if (*outcome || entry.noticed) {
    entry.failures = 0;
    entry.error.clear();
    if (!entry.noticed) entry.first = now;
    set_due(found, *outcome ? now : std::min(now + schedule_.quiet, entry.first + schedule_.at_most));
  } else {
    entries_.erase(found);
  }
  changed_.notify_all();
}

std::vector<Status> Scheduler::list(std::string_view prefix, std::string_view after, std::size_t limit) const {
  std::vector<Status> found;
  const std::lock_guard lock(mutex_);
  auto at = after < prefix ? entries_.lower_bound(prefix) : entries_.upper_bound(after);
  for (; at != entries_.end() && at->first.starts_with(prefix) && found.size() < limit; ++at) {
    const Entry& entry = at->second;
    const Phase phase = entry.running ? Phase::kRunning : entry.failures > 0 ? Phase::kRetrying : Phase::kWaiting;
    found.push_back({.key = at->first, .phase = phase, .failures = entry.failures, .error = entry.error});
  }
  return found;
}

std::size_t Scheduler::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

bool Scheduler::wait_idle(std::chrono::milliseconds at_most) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, at_most, [&] { return entries_.empty(); });
}

}  // namespace warifu::jobs
