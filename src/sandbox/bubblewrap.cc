#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <utility>

#include "base/log.h"
#include "net/blocking.h"
#include "net/event.h"
#include "sandbox/body.h"
#include "sandbox/cgroup.h"
#include "sandbox/keeper.h"
#include "sandbox/sandbox.h"
#include "sandbox/spawn.h"

namespace warifu::sandbox {
namespace {

/// Users that sandboxes of a server that runs as root get, one each; far from what distributions hand out.
constexpr std::uint32_t kFirstUser = 0x61000000;
constexpr std::uint32_t kUserCount = 0x10000;
constexpr std::chrono::milliseconds kReadyTimeout{10'000};

/// The owner's end of a sandbox: the processes end with it.
class Handle final : public Sandbox {
 public:
  explicit Handle(std::shared_ptr<Body> body) : body_(std::move(body)) {}
  ~Handle() override { body_->stop(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  Task<Result<UniqueFd>> listen(std::string host, std::uint16_t port) override {
    return body_->socket(Ask::kListen, std::move(host), port);
  }
  Task<Result<UniqueFd>> connect(std::string host, std::uint16_t port) override {
    return body_->socket(Ask::kConnect, std::move(host), port);
  }
  Task<Result<>> start(Program program, std::function<void(const Exit&)> on_exit) override {
    return body_->start(std::move(program), std::move(on_exit));
  }
  Task<Result<std::uint32_t>> run(Program program, std::function<void(const Exit&)> on_exit) override {
    return body_->run(std::move(program), std::move(on_exit));
  }
  void kill(std::uint32_t number) override { body_->kill(number); }
  void resume() override { body_->resume(); }
  void drain() override { body_->drain(); }
  [[nodiscard]] std::uint64_t memory_peak_bytes() const override { return body_->memory_peak_bytes(); }
  void stop() override { body_->stop(); }
  Task<> ended() override { return body_->ended(); }

 private:
  std::shared_ptr<Body> body_;
};

class Bubblewrap final : public Driver {
 public:
  Bubblewrap(Host host, std::unique_ptr<Cgroups> cgroups, std::unique_ptr<Keeper> keeper)
      : host_(std::move(host)), cgroups_(std::move(cgroups)), keeper_(std::move(keeper)) {}
  ~Bubblewrap() override;
  Bubblewrap(const Bubblewrap&) = delete;
  Bubblewrap& operator=(const Bubblewrap&) = delete;

  Task<Result<std::shared_ptr<Sandbox>>> open(Spec spec) override;

 private:
  Host host_;
  std::unique_ptr<Cgroups> cgroups_;  // null: rlimits and the sampler
  std::unique_ptr<Keeper> keeper_;
  std::atomic<std::uint32_t> next_ = 0;
  std::mutex mutex_;
  std::vector<std::weak_ptr<Body>> bodies_;  // under mutex_
};

Bubblewrap::~Bubblewrap() {
  std::vector<std::weak_ptr<Body>> bodies;
  {
    const std::lock_guard lock(mutex_);
    bodies = std::exchange(bodies_, {});
  }
  for (const auto& weak : bodies) {
    if (const auto body = weak.lock()) body->stop_and_wait();
  }
  keeper_->stop();
}

Task<Result<std::shared_ptr<Sandbox>>> Bubblewrap::open(Spec spec) {
  const std::uint32_t number = next_.fetch_add(1);
  std::shared_ptr<Cgroup> cgroup =
      cgroups_ ? cgroups_->make(std::to_string(::getpid()) + "-" + std::to_string(number), spec.limits) : nullptr;
  auto body = std::make_shared<Body>(*keeper_, spec.limits, cgroup);
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(bodies_, [](const std::weak_ptr<Body>& old) { return old.expired(); });
    bodies_.push_back(body);
  }
  keeper_->post([this, body, cgroup, number, s = std::move(spec)] {
    static const UniqueFd kNone;
    body->begin(spawn(host_, s, kFirstUser + number % kUserCount, cgroup ? cgroup->procs() : kNone));
  });
  CO_TRY(co_await body->ready(kReadyTimeout));
  co_return std::make_shared<Handle>(std::move(body));
}

Task<Result<>> try_one(Driver& driver) {
  const std::shared_ptr<Sandbox> sandbox = CO_TRY(co_await driver.open({.name = "probe"}));
  sandbox->stop();
  co_await sandbox->ended();
  co_return Result<>{};
}

}  // namespace

Result<std::unique_ptr<Driver>> open_bubblewrap(BubblewrapOptions options) {
  Host host = TRY(Host::look(options.bwrap));
  std::unique_ptr<Keeper> keeper = TRY(Keeper::start());
  auto driver =
      std::make_unique<Bubblewrap>(std::move(host), Cgroups::open(std::move(options.cgroup)), std::move(keeper));
  TRY(net::run_blocking(try_one(*driver)));
  return driver;
}

std::string Exit::str() const {
  if (signal == 0) return "exit status " + std::to_string(status);
  const char* name = ::sigdescr_np(signal);
  std::string text = name == nullptr ? std::to_string(signal) : name;
  if (!text.empty()) text.front() = static_cast<char>(text.front() | 0x20);
  return "signal: " + text;
}

}  // namespace warifu::sandbox
