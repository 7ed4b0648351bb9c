#include <deque>
#include <mutex>
#include <utility>

#include "agents/session.h"
#include "net/event.h"

namespace warifu::agents {
namespace {

using Steady = Session::Steady;

/// What a program may have written that nobody has taken; then it waits.
constexpr std::size_t kUntakenBytesMax = 512UL * 1024;
/// One event of AWS's stream takes as much.
constexpr std::size_t kPieceBytesMax = 64UL * 1024;
constexpr std::chrono::milliseconds kEndFollows{5'000};

class Running final : public Command {
 public:
  Running(std::shared_ptr<sandbox::Sandbox> sandbox, Lease lease, std::chrono::seconds timeout)
      : sandbox_(std::move(sandbox)), lease_(std::move(lease)), late_(Steady::now() + timeout) {}
  ~Running() override { Running::cancel(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  Task<Result<>> begin(sandbox::Program program) {
    program.on_output = [state = state_](int stream, std::string_view bytes) { state->add(stream, bytes); };
    program.may_read = [state = state_] { return state->has_room(); };
    number_ = CO_TRY(
        co_await sandbox_->run(std::move(program), [state = state_](const sandbox::Exit& exit) { state->end(exit); }));
    co_return Result<>{};
  }

  Task<Result<Event>> next() override {
    for (;;) {
      bool room = false;
      net::Event changed;
      std::optional<Event> event = state_->take(timed_out_, changed, room);
      if (room) sandbox_->resume();
      if (event) co_return std::move(*event);
      if (cancelled_) co_return fail(unavailable("the command was cancelled"));
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(late_ - Steady::now());
      if (left.count() > 0 && co_await changed.wait(left)) continue;
      if (left.count() > 0 && Steady::now() < late_) continue;
      if (std::exchange(timed_out_, true)) co_return fail(unavailable("the command does not end"));
      sandbox_->kill(*number_);
      late_ = Steady::now() + kEndFollows;
    }
  }

  void cancel() override {
    cancelled_ = true;
    if (number_ && !state_->ended()) sandbox_->kill(*number_);
    state_->wake();
  }

 private:
  struct State {
    std::mutex mutex;
    std::deque<Output> untaken;         // under mutex
    std::size_t untaken_bytes = 0;      // under mutex
    bool full = false;                  // under mutex: the keeper was told to wait
    std::optional<sandbox::Exit> exit;  // under mutex
    net::Event changed;                 // under mutex: a new one for each wait

    void add(int stream, std::string_view bytes) {
      const std::lock_guard lock(mutex);
      untaken_bytes += bytes.size();
      for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kPieceBytesMax))) {
        untaken.push_back({.stream = stream, .bytes = std::string(bytes.substr(0, kPieceBytesMax))});
      }
      changed.set();
    }
    bool has_room() {
      const std::lock_guard lock(mutex);
      full = untaken_bytes >= kUntakenBytesMax;
      return !full;
    }
    void end(const sandbox::Exit& how) {
      const std::lock_guard lock(mutex);
      exit = how;
      changed.set();
    }
    bool ended() {
      const std::lock_guard lock(mutex);
      return exit.has_value();
    }
    void wake() {
      const std::lock_guard lock(mutex);
      changed.set();
    }
    std::optional<Event> take(bool timed_out, net::Event& next_change, bool& room) {
      const std::lock_guard lock(mutex);
      if (!untaken.empty()) {
        Output out = std::move(untaken.front());
        untaken.pop_front();
        untaken_bytes -= out.bytes.size();
        room = full && untaken_bytes < kUntakenBytesMax / 2;
        if (room) full = false;
        return out;
      }
      if (exit) return End{.exit_code = exit->signal != 0 ? 128 + exit->signal : exit->status, .timed_out = timed_out};
      room = std::exchange(full, false);
      changed = next_change;
      return std::nullopt;
    }
  };

  const std::shared_ptr<sandbox::Sandbox> sandbox_;
  const Lease lease_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  std::optional<std::uint32_t> number_;
  Steady::time_point late_;
  bool timed_out_ = false;
  bool cancelled_ = false;
};

}  // namespace

Task<Result<std::unique_ptr<Command>>> run_command(std::shared_ptr<sandbox::Sandbox> sandbox, sandbox::Program program,
                                                   std::chrono::seconds timeout, Lease lease) {
  if (!sandbox) co_return fail(unavailable("the session has ended"));
  auto running = std::make_unique<Running>(std::move(sandbox), std::move(lease), timeout);
  CO_TRY(co_await running->begin(std::move(program)));
  co_return running;
}

}  // namespace warifu::agents
