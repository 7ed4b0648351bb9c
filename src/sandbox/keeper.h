#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace warifu::sandbox {

/// One thread that waits on descriptors of sandboxes and starts their processes: a child that is to die with its parent
/// dies with the thread that made it, so that thread must last. `post` from any thread; all else on the keeper's own.
/// What it runs must not block for long and must not throw.
class Keeper {
 public:
  using Clock = std::chrono::steady_clock;
  using Job = std::move_only_function<void()>;

  [[nodiscard]] static Result<std::unique_ptr<Keeper>> start();
  ~Keeper();  // stop()
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  void post(Job job);
  /// Runs `readable` whenever `fd` can be read or has ended, until `forget`.
  void watch(int fd, std::function<void()> readable);
  void forget(int fd);
  void after(std::chrono::milliseconds wait, Job job);
  /// Runs what has been posted, then ends the thread. Idempotent.
  void stop();

 private:
  Keeper(UniqueFd poll, UniqueFd wake);
  void run();
  void run_jobs();
  void run_timers();
  [[nodiscard]] int wait_ms() const;

  UniqueFd poll_;
  UniqueFd wake_;
  std::mutex mutex_;
  std::vector<Job> jobs_;  // under mutex_
  bool stopping_ = false;  // under mutex_
  std::unordered_map<int, std::shared_ptr<std::function<void()>>> watched_;
  std::multimap<Clock::time_point, Job> timers_;
  std::thread thread_;
};

}  // namespace warifu::sandbox
