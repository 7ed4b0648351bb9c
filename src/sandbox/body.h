#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "net/event.h"
#include "sandbox/cgroup.h"
#include "sandbox/keeper.h"
#include "sandbox/protocol.h"
#include "sandbox/sandbox.h"
#include "sandbox/spawn.h"

namespace warifu::sandbox {

/// One sandbox as the driver has it: the control socket, the program's pipes, and what is being waited for. Shared by
/// its owner's handle and the keeper's watches, which hold it until its last process has gone. Thread-safe.
class Body : public std::enable_shared_from_this<Body> {
 public:
  Body(Keeper& keeper, const Limits& limits, std::shared_ptr<Cgroup> cgroup)
      : keeper_(keeper), limits_(limits), cgroup_(std::move(cgroup)) {}

  /// On the keeper's thread: the processes are there, or not.
  void begin(Result<Spawned> spawned);
  /// Waits until the first process inside has spoken. Errors as of Driver::open.
  Task<Result<>> ready(std::chrono::milliseconds timeout);

  Task<Result<UniqueFd>> socket(Ask ask, std::string host, std::uint16_t port);
  Task<Result<>> start(Program program, std::function<void(const Exit&)> on_exit);
  void drain();
  [[nodiscard]] std::uint64_t memory_peak_bytes() const { return memory_peak_.load(); }
  void stop();
  Task<> ended();
  /// The same for plain code. REQUIRES: not on the keeper's thread.
  void stop_and_wait();

 private:
  struct Pending {
    net::Event done;
    int error = 0;
    UniqueFd fd;
  };
  struct Pipe {
    UniqueFd fd;
    int number = 0;
    bool at_end = false;
  };

  Task<Result<UniqueFd>> ask(Request request, std::vector<int> fds);
  void on_control();
  void on_report(const Report& report, UniqueFd fd);
  void on_process();
  void watch_pipes();
  void drain_pipe(Pipe& pipe, std::size_t bytes_max);
  void tell_exit(const Exit& exit);
  void close_control();
  void fail_pending();
  [[nodiscard]] std::string complaint();

  Keeper& keeper_;
  const Limits limits_;
  const std::shared_ptr<Cgroup> cgroup_;

  std::mutex mutex_;
  UniqueFd control_;                                                     // under mutex_
  std::unordered_map<std::uint32_t, std::shared_ptr<Pending>> pending_;  // under mutex_
  std::uint32_t next_id_ = 1;                                            // under mutex_
  bool stopped_ = false;                                                 // under mutex_
  bool over_ = false;                                                    // under mutex_: no process is left
  std::function<void(const Exit&)> on_exit_;                             // under mutex_; empty once told
  Error failure_;                                                        // under mutex_
  std::vector<net::Event> waiting_;                                      // under mutex_

  std::mutex output_mutex_;
  std::vector<std::unique_ptr<Pipe>> pipes_;              // under output_mutex_
  std::function<void(int, std::string_view)> on_output_;  // under output_mutex_

  Spawned spawned_;  // the keeper's; its control socket moved to control_
  std::atomic<std::uint64_t> memory_peak_ = 0;
  std::atomic<bool> spoke_ = false;
  net::Event ready_;
  std::atomic<bool> gone_ = false;
};

}  // namespace warifu::sandbox
