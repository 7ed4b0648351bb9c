#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "audit/record.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "store/store.h"

namespace warifu::audit {

struct TrailOptions {
  int days_max = 90;  // records older than that are swept
  std::size_t queue_rows_max = 8'192;
  std::size_t queue_bytes_max = std::size_t{64} << 20;
  std::chrono::milliseconds gather{40};        // how long a record waits for others to be written with
  std::chrono::milliseconds wait_max{30'000};  // for room in the queue
  std::chrono::minutes sweep_every{60};
};

/// Writes records that no transaction of their own carries (reads, refusals, what changes answered), in groups, on a
/// thread of its own, within 100 ms where the store keeps up; and sweeps old ones, on another. Thread-safe. A stop
/// writes what is queued; a crash loses what was not written yet. `db` and `clock` must outlive it, and it must outlive
/// its callers.
class Trail {
 public:
  Trail(store::Db& db, const Clock& clock, TrailOptions options = {});
  ~Trail();
  Trail(const Trail&) = delete;
  Trail& operator=(const Trail&) = delete;

  /// Queues `rows`. Returns at once while there is room; else waits for it. kUnavailable when there was none for
  /// `wait_max`: nothing is queued then, and the call must not be answered as if it were recorded.
  [[nodiscard]] Task<Result<>> note(std::vector<Row> rows);
  /// Returns when everything that was noted before can be read; kUnavailable when that took longer than `wait_max`.
  [[nodiscard]] Task<Result<>> settled(std::chrono::milliseconds wait_max = std::chrono::seconds{30});
  /// Writes what is queued and ends the threads; later calls of `note` fail. Before the loops of those who wait go.
  /// Not thread-safe; the destructor does it too.
  void close();

  /// Records from before this are gone, or about to go.
  [[nodiscard]] Timestamp oldest() const;
  /// Sweeps now. For tests; a thread does it by itself.
  void sweep(const std::stop_token& stop = {});

 private:
  using Resume = std::move_only_function<void(Result<>)>;
  using Instant = std::chrono::steady_clock::time_point;
  struct Waiter {
    std::vector<Row> rows;  // to be queued when there is room; empty: waits until `written_ >= until`
    std::uint64_t until = 0;
    Instant deadline;
    Resume resume;
  };

  template <class Enter>
  Task<Result<>> wait(Enter enter);
  [[nodiscard]] bool has_room() const;
  void push(std::vector<Row> rows);
  void run(const std::stop_token& stop);
  void sweep_now_and_then(const std::stop_token& stop);
  [[nodiscard]] std::vector<Row> next_batch(const std::stop_token& stop);
  void write(std::vector<Row> batch, const std::stop_token& stop);
  [[nodiscard]] Result<> write_group(const std::vector<Row>& batch);
  void write_one_by_one(const std::vector<Row>& batch);
  void release_waiters(bool give_up);

  store::Db& db_;
  const Clock& clock_;
  const TrailOptions options_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Row> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t noted_ = 0, written_ = 0;  // rows since the start
  std::deque<Waiter> waiters_;
  bool closed_ = false;
  std::unordered_set<std::string> index_rows_;  // those beside records that are durable; the writing thread's own
  std::jthread thread_;
  std::jthread sweeper_;  // apart, since a long sweep must not keep records waiting
};

}  // namespace warifu::audit
