#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "store/store.h"

namespace warifu::store {

/// Where the committer's work lands: an engine's single writer. Called from the committer's thread alone.
class GroupWriter {
 public:
  virtual ~GroupWriter() = default;
  /// Runs `body` against the latest state and what earlier bodies of the group wrote; keeps nothing of a body that
  /// fails.
  [[nodiscard]] virtual Result<> run(const Db::WriteBody& body) = 0;
  /// Makes what the group wrote durable, then visible to readers, and begins the next group. On an error the group
  /// is dropped.
  [[nodiscard]] virtual Result<> commit() = 0;
  /// Bytes that the group has gathered.
  [[nodiscard]] virtual std::size_t group_bytes() const = 0;
};

/// Bounds on what waits and on what goes down with one sync.
struct CommitterLimits {
  std::size_t queue_max = 16'384;
  std::size_t group_max = 512;
  std::size_t group_bytes_max = 4 * 1024 * 1024;
};

/// Runs writing closures one after another on one thread, in groups; serializable by construction. While one group's
/// waiters are told by a second thread, the next group runs. Thread-safe. REQUIRES: `writer` outlives it.
class Committer {
 public:
  explicit Committer(GroupWriter& writer, CommitterLimits limits = {});
  /// Runs what is queued, tells every waiter, then ends both threads.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  /// As Db::write_with.
  void submit(Db::WriteBody body, Db::Done done);

 private:
  struct Entry {
    Db::WriteBody body;
    Db::Done done;
    Result<> outcome{};
  };
  using Group = std::vector<Entry>;

  void commit_loop();
  void complete_loop();
  void run_group(Group group);
  void finish(Group group);
  [[nodiscard]] Result<> run_one(const Entry& entry);
  [[nodiscard]] Group next_group();

  GroupWriter& writer_;
  const CommitterLimits limits_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable queued_;
  std::deque<Entry> queue_;
  bool stopping_ = false;

  std::mutex finished_mutex_;  // guards what follows
  std::condition_variable finished_;
  std::deque<Group> finished_groups_;
  bool finished_stopping_ = false;

  std::thread completer_;
  std::thread committer_;
};

}  // namespace warifu::store
