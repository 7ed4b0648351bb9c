#include "sandbox/keeper.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace warifu::sandbox {
namespace {

constexpr int kEventsMax = 64;

}  // namespace

Keeper::Keeper(UniqueFd poll, UniqueFd wake) : poll_(std::move(poll)), wake_(std::move(wake)) {}

Result<std::unique_ptr<Keeper>> Keeper::start() {
  UniqueFd poll(::epoll_create1(EPOLL_CLOEXEC));
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event{.events = EPOLLIN, .data = {.fd = wake.get()}};
  if (!poll || !wake || ::epoll_ctl(poll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return fail(unavailable("no descriptors are left for sandboxes"));
  }
  std::unique_ptr<Keeper> keeper(new Keeper(std::move(poll), std::move(wake)));
  keeper->thread_ = std::thread([k = keeper.get()] { k->run(); });
  return keeper;
}

Keeper::~Keeper() { stop(); }

void Keeper::post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  const std::uint64_t one = 1;
  // A full counter wakes as well.
  [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof(one));
}

void Keeper::watch(int fd, std::function<void()> readable) {
  watched_[fd] = std::make_shared<std::function<void()>>(std::move(readable));
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Keeper::forget(int fd) {
  if (watched_.erase(fd) > 0) ::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Keeper::after(std::chrono::milliseconds wait, Job job) { timers_.emplace(Clock::now() + wait, std::move(job)); }

void Keeper::stop() {
  post([this] {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  });
  if (thread_.joinable()) thread_.join();
}

int Keeper::wait_ms() const {
  if (timers_.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

void Keeper::run_jobs() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t n = ::read(wake_.get(), &count, sizeof(count));
  std::vector<Job> jobs;
  {
    const std::lock_guard lock(mutex_);
    jobs = std::exchange(jobs_, {});
  }
  for (Job& job : jobs) job();
}

void Keeper::run_timers() {
  while (!timers_.empty() && timers_.begin()->first <= Clock::now()) {
    Job job = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    job();
  }
}

void Keeper::run() {
  std::array<epoll_event, kEventsMax> events{};
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    const int count = ::epoll_wait(poll_.get(), events.data(), kEventsMax, wait_ms());
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == wake_.get()) continue;
      // An earlier event of this round may have forgotten it.
      const auto found = watched_.find(fd);
      if (found == watched_.end()) continue;
      const std::shared_ptr<std::function<void()>> readable = found->second;
      (*readable)();
    }
    run_jobs();
    run_timers();
  }
}

}  // namespace warifu::sandbox
