#include "store/committer.h"

#include <exception>
#include <iterator>

namespace warifu::store {
namespace {

void tell(auto& entry) {
  // The closure goes first: a caller that goes on must be able to rely on its captures being released.
  entry.body = nullptr;
  entry.done(std::move(entry.outcome));
}

}  // namespace

Committer::Committer(GroupWriter& writer, CommitterLimits limits)
    : writer_(writer),
      limits_(limits),
      completer_([this] { complete_loop(); }),
      committer_([this] { commit_loop(); }) {}

Committer::~Committer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  queued_.notify_one();
  committer_.join();
  {
    const std::lock_guard lock(finished_mutex_);
    finished_stopping_ = true;
  }
  finished_.notify_one();
  completer_.join();
}

void Committer::submit(Db::WriteBody body, Db::Done done) {
  const char* refusal = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      refusal = "the store is shutting down";
    } else if (queue_.size() >= limits_.queue_max) {
      refusal = "too many writes are waiting";
    } else {
      queue_.push_back({std::move(body), std::move(done)});
      // The committer sleeps only on an empty queue.
      if (queue_.size() > 1) return;
    }
  }
  if (refusal == nullptr) return queued_.notify_one();
  done(fail(unavailable(refusal)));
}

Committer::Group Committer::next_group() {
  std::unique_lock lock(mutex_);
  queued_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), limits_.group_max));
  const auto begin = queue_.begin();
  Group group(std::make_move_iterator(begin), std::make_move_iterator(begin + count));
  queue_.erase(begin, begin + count);
  return group;
}

void Committer::commit_loop() {
  for (;;) {
    Group group = next_group();
    if (group.empty()) return;
    run_group(std::move(group));
  }
}

Result<> Committer::run_one(const Entry& entry) {
  try {
    return writer_.run(entry.body);
  } catch (const std::exception& e) {
    return fail(internal_error(e.what()));
  }
}

void Committer::run_group(Group group) {
  std::size_t begun = 0;
  while (begun < group.size()) {
    Group part;
    while (begun < group.size() && (part.empty() || writer_.group_bytes() < limits_.group_bytes_max)) {
      group[begun].outcome = run_one(group[begun]);
      part.push_back(std::move(group[begun++]));
    }
    if (const Result<> committed = writer_.commit(); !committed) {
      // Also those whose closure failed: it may have failed because of what it saw of this group.
      for (Entry& entry : part) entry.outcome = committed;
    }
    finish(std::move(part));
  }
}

void Committer::finish(Group group) {
  bool busy = false;
  {
    const std::lock_guard lock(mutex_);
    busy = !queue_.empty();
  }
  if (!busy) {
    // Nothing else to run: telling the waiters here saves a lone writer the switch to another thread.
    for (Entry& entry : group) tell(entry);
    return;
  }
  {
    const std::lock_guard lock(finished_mutex_);
    finished_groups_.push_back(std::move(group));
  }
  finished_.notify_one();
}

void Committer::complete_loop() {
  for (;;) {
    std::unique_lock lock(finished_mutex_);
    finished_.wait(lock, [this] { return finished_stopping_ || !finished_groups_.empty(); });
    if (finished_groups_.empty()) return;
    Group group = std::move(finished_groups_.front());
    finished_groups_.pop_front();
    lock.unlock();
    for (Entry& entry : group) tell(entry);
  }
}

}  // namespace warifu::store
