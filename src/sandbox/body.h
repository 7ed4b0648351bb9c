#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
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
  Task<Result<std::uint32_t>> run(Program program, std::function<void(const Exit&)> on_exit);
  void kill(std::uint32_t number);
  void resume();
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
  /// What is told of one program: the first one's number is 0.
  struct Listener {
    std::function<void(const Exit&)> on_exit;  // under mutex_; empty once told
    std::function<void(int, std::string_view)> on_output;
    std::function<bool()> may_read;
  };
  struct Pipe {
    UniqueFd fd;
    int number = 0;
    std::uint32_t program = 0;
    std::shared_ptr<const Listener> listener;
    bool at_end = false;
    bool watched = false;
  };

  Task<Result<UniqueFd>> ask(Request request, std::vector<int> fds);
  void on_control();
  void on_report(const Report& report, UniqueFd fd);
  void on_process();
  Task<Result<>> launch(Request request, Program program, std::function<void(const Exit&)> on_exit);
  void watch_pipes();
  void on_pipe(Pipe& pipe);
  void drain_pipe(Pipe& pipe, std::size_t bytes_max);
  void tell_exit(const Exit& exit);
  void tell_end(std::uint32_t program, const Exit& exit);
  void take_rest(std::optional<std::uint32_t> program);
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
  std::map<std::uint32_t, std::shared_ptr<Listener>> listeners_;         // under mutex_
  Error failure_;                                                        // under mutex_
  std::vector<net::Event> waiting_;                                      // under mutex_

  std::mutex output_mutex_;
  std::vector<std::unique_ptr<Pipe>> pipes_;  // under output_mutex_

  Spawned spawned_;  // the keeper's; its control socket moved to control_
  std::atomic<std::uint64_t> memory_peak_ = 0;
  std::atomic<bool> spoke_ = false;
  net::Event ready_;
  std::atomic<bool> gone_ = false;
};

}  // namespace warifu::sandbox
