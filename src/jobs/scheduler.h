#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"

/// Runs background work of this process soon after it becomes due: once a key has been quiet for a while, one run a
/// key at a time, several keys at once. What is due lies durably in its service's own rows, written in the transaction
/// of the fact that it follows from; the scheduler only knows when to look, so that losing it loses nothing: whoever
/// starts the server notifies it of every key that has rows.
namespace warifu::jobs {

struct Schedule {
  std::chrono::milliseconds quiet{200};        // a key runs this long after its last notice
  std::chrono::milliseconds at_most{2'000};    // … or this long after its first, under a stream of notices
  std::chrono::milliseconds first_retry{500};  // doubles with every failure
  std::chrono::milliseconds last_retry{60'000};
  std::size_t threads = 2;
};

enum class Phase : std::uint8_t { kWaiting, kRunning, kRetrying };

/// What one key is up to.
struct Status {
  std::string key;
  Phase phase = Phase::kWaiting;
  std::uint32_t failures = 0;  // in a row
  std::string error;           // of the last failure; empty when none
};

/// Thread-safe.
class Scheduler {
 public:
  /// One run for `key`, on one of the scheduler's threads; `failures` have gone before it in a row. True: more is due,
  /// so run again at once after others that wait. An error is retried later, with growing pauses, for ever: a run that
  /// gives up must make its rows say so and succeed. Must end soon after `stop` is requested.
  using Run = std::move_only_function<Result<bool>(std::string_view key, std::uint32_t failures, std::stop_token stop)>;

  /// Starts the threads.
  Scheduler(const Schedule& schedule, Run run);
  /// Stops, as `stop`.
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Something became due for `key`. While the key runs, it will run once more afterwards.
  void notify(std::string_view key);
  /// As `notify`, without the pause: when a person asked for it, and at start.
  void notify_now(std::string_view key);

  /// Keys that start with `prefix`, in byte order, `limit` at most, after key `after`.
  [[nodiscard]] std::vector<Status> list(std::string_view prefix, std::string_view after, std::size_t limit) const;
  [[nodiscard]] std::size_t size() const;

  /// Blocks until nothing waits, runs or is to be retried, or the time is over; true in the first case. For tests.
  [[nodiscard]] bool wait_idle(std::chrono::milliseconds at_most) const;
  /// Starts nothing more and waits for what runs. Idempotent.
  void stop();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Entry {
    Time first;  // notice that is not served yet
    Time due;
    bool running = false;
    bool noticed = false;  // while running
    std::uint32_t failures = 0;
    std::string error;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  void note(std::string_view key, std::chrono::milliseconds quiet);
  void set_due(Entries::iterator entry, Time due);
  void work(const std::stop_token& stop);
  void finish(const std::string& key, const Result<bool>& outcome);

  Schedule schedule_;
  Run run_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Entries entries_;
  std::multimap<Time, std::string> queue_;  // of entries that do not run, by when they are due
  std::stop_source stop_;
  std::vector<std::jthread> threads_;
};

}  // namespace warifu::jobs
