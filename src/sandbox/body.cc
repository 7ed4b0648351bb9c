#include "sandbox/body.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "sandbox/plan.h"

namespace warifu::sandbox {
namespace {

constexpr std::chrono::milliseconds kAnswerTimeout{10'000};
/// Once its socket is closed, the first process inside ends by itself; this is for one that cannot.
constexpr std::chrono::milliseconds kKillAfter{2'000};
constexpr std::size_t kReadBytes = 64UL * 1024;
/// What is read of one pipe before others have their turn, and of a program that has ended.
constexpr std::size_t kTurnBytesMax = 256UL * 1024;
constexpr std::size_t kLastBytesMax = 4UL * 1024 * 1024;

Error refused(int error) {
  const std::string text = std::strerror(error);  // NOLINT(concurrency-mt-unsafe): glibc's is per thread
  if (error == EADDRINUSE) return conflict("the address is in use inside the sandbox");
  return unavailable("the sandbox answered: " + text);
}

Error stopped_error() { return unavailable("the sandbox has stopped"); }

}  // namespace

void Body::begin(Result<Spawned> spawned) {
  if (!spawned) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(spawned).error();
    over_ = stopped_ = true;
    gone_.store(true);
    gone_.notify_all();
    ready_.set();
    return;
  }
  spawned_ = std::move(*spawned);
  bool stopped = false;
  {
    const std::lock_guard lock(mutex_);
    control_ = std::move(spawned_.control);
    stopped = stopped_;
  }
  const auto self = shared_from_this();
  keeper_.watch(control_.get(), [self] { self->on_control(); });
  keeper_.watch(spawned_.process.get(), [self] { self->on_process(); });
  if (stopped) close_control();
}

Task<Result<>> Body::ready(std::chrono::milliseconds timeout) {
  const bool in_time = co_await ready_.wait(timeout);
  if (spoke_.load()) co_return Result<>{};
  stop();
  if (!in_time) co_return fail(unavailable("a sandbox did not start in time"));
  const std::lock_guard lock(mutex_);
  co_return fail(failure_);
}

// The answers of the first process, on the keeper's thread.
void Body::on_control() {
  for (;;) {
    Report report;
    iovec bytes{.iov_base = &report, .iov_len = sizeof(report)};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> space{};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = space.data();
    message.msg_controllen = space.size();
    int control = -1;
    {
      const std::lock_guard lock(mutex_);
      control = control_.get();
    }
    if (control < 0) return;
    const ssize_t n = ::recvmsg(control, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n != sizeof(report)) return close_control();
    UniqueFd fd;
    if (const cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr && head->cmsg_type == SCM_RIGHTS) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(head), sizeof(number));
      fd.reset(number);
    }
    on_report(report, std::move(fd));
  }
}

void Body::on_report(const Report& report, UniqueFd fd) {
  if (report.memory_peak > memory_peak_.load()) memory_peak_.store(report.memory_peak);
  switch (report.tell) {
    case Tell::kReady:
      spoke_.store(true);
      ready_.set();
      return;
    case Tell::kReply: {
      std::shared_ptr<Pending> pending;
      {
        const std::lock_guard lock(mutex_);
        const auto found = pending_.find(report.id);
        if (found == pending_.end()) return;
        pending = std::move(found->second);
        pending_.erase(found);
      }
      pending->error = report.error;
      pending->fd = std::move(fd);
      pending->done.set();
      return;
    }
    case Tell::kMemory:
      return;
    case Tell::kExited:
    case Tell::kEnded: {
      Exit exit{.out_of_memory = report.out_of_memory != 0 || (cgroup_ && cgroup_->out_of_memory())};
      if (WIFSIGNALED(report.status)) exit.signal = WTERMSIG(report.status);
      if (WIFEXITED(report.status)) exit.status = WEXITSTATUS(report.status);
      return report.tell == Tell::kExited ? tell_exit(exit) : tell_end(report.id, exit);
    }
  }
}

// The first program has ended, and all else with it.
void Body::tell_exit(const Exit& exit) {
  std::map<std::uint32_t, std::shared_ptr<Listener>> listeners;
  {
    const std::lock_guard lock(mutex_);
    listeners = std::exchange(listeners_, {});
  }
  take_rest(std::nullopt);
  for (const auto& [program, listener] : listeners) {
    if (listener->on_exit) listener->on_exit(program == 0 ? exit : Exit{.signal = SIGKILL});
  }
}

void Body::tell_end(std::uint32_t program, const Exit& exit) {
  std::shared_ptr<Listener> listener;
  {
    const std::lock_guard lock(mutex_);
    const auto found = listeners_.find(program);
    if (found == listeners_.end()) return;
    listener = std::move(found->second);
    listeners_.erase(found);
  }
  take_rest(program);
  if (listener->on_exit) listener->on_exit(exit);
}

// What is left in the pipes of one program, or of all, which then go.
void Body::take_rest(std::optional<std::uint32_t> program) {
  const std::lock_guard lock(output_mutex_);
  std::erase_if(pipes_, [&](const std::unique_ptr<Pipe>& pipe) {
    if (program && pipe->program != *program) return false;
    if (pipe->fd) drain_pipe(*pipe, kLastBytesMax);
    if (pipe->fd && pipe->watched) keeper_.forget(pipe->fd.get());
    return true;
  });
}

void Body::on_process() {
  int status = 0;
  if (::waitpid(spawned_.pid, &status, WNOHANG) == 0) return;
  on_control();  // what it said last
  {
    const std::lock_guard lock(mutex_);
    failure_ = {.code = ErrorCode::kUnsupported, .message = "no sandbox can be made here: " + complaint()};
    over_ = stopped_ = true;
  }
  close_control();
  tell_exit({.signal = SIGKILL});
  keeper_.forget(spawned_.process.get());
  spawned_.process.reset();
  std::vector<net::Event> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting = std::exchange(waiting_, {});
  }
  for (net::Event& event : waiting) event.set();
  gone_.store(true);
  gone_.notify_all();
  ready_.set();
}

std::string Body::complaint() {
  std::array<char, 512> bytes{};
  const ssize_t n = ::read(spawned_.complaint.get(), bytes.data(), bytes.size());
  std::string text(bytes.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  text.resize(std::min(text.size(), text.find('\n')));
  if (text.empty()) text = "its first process ended";
  return text;
}

// On the keeper's thread.
void Body::close_control() {
  UniqueFd control;
  {
    const std::lock_guard lock(mutex_);
    control = std::move(control_);
  }
  if (control) {
    keeper_.forget(control.get());
    ::shutdown(control.get(), SHUT_RDWR);
  }
  fail_pending();
}

void Body::fail_pending() {
  std::unordered_map<std::uint32_t, std::shared_ptr<Pending>> pending;
  {
    const std::lock_guard lock(mutex_);
    pending = std::exchange(pending_, {});
  }
  for (auto& [id, one] : pending) {
    one->error = ECONNRESET;
    one->done.set();
  }
}

void Body::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
  }
  keeper_.post([self = shared_from_this()] {
    self->close_control();
    self->keeper_.after(kKillAfter, [self] {
      if (self->spawned_.process) ::syscall(SYS_pidfd_send_signal, self->spawned_.process.get(), SIGKILL, nullptr, 0);
    });
  });
}

Task<> Body::ended() {
  net::Event event;
  {
    const std::lock_guard lock(mutex_);
    if (over_) co_return;
    waiting_.push_back(event);
  }
  co_await event.wait();
}

void Body::stop_and_wait() {
  stop();
  gone_.wait(false);
}

// Requests.
Task<Result<UniqueFd>> Body::ask(Request request, std::vector<int> fds) {
  auto pending = std::make_shared<Pending>();
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || !control_) co_return fail(stopped_error());
    if (request.id == 0) request.id = next_id_++;
    pending_[request.id] = pending;
    if (!send_request(control_.get(), request, fds)) {
      pending_.erase(request.id);
      co_return fail(stopped_error());
    }
  }
  if (!co_await pending->done.wait(kAnswerTimeout)) co_return fail(unavailable("the sandbox does not answer"));
  if (pending->error != 0) co_return fail(refused(pending->error));
  co_return std::move(pending->fd);
}

Task<Result<UniqueFd>> Body::socket(Ask what, std::string host, std::uint16_t port) {
  Request request{.ask = what, .port = port};
  if (::inet_pton(AF_INET6, host.c_str(), request.address) == 1) {
    request.v6 = 1;
  } else if (::inet_pton(AF_INET, host.c_str(), request.address) != 1) {
    co_return fail(validation_error("`" + host + "` is not an address"));
  }
  UniqueFd fd = CO_TRY(co_await ask(request, {}));
  if (!fd) co_return fail(stopped_error());
  co_return fd;
}

Task<Result<>> Body::launch(Request request, Program program, std::function<void(const Exit&)> on_exit) {
  ProgramPipes pipes = CO_TRY(open_pipes(program));
  const UniqueFd plan = CO_TRY(write_plan(program, limits_));
  std::vector<int> fds{plan.get()};
  for (const UniqueFd& fd : pipes.theirs) fds.push_back(fd.get());
  const std::uint32_t number = request.ask == Ask::kStart ? 0 : request.id;
  auto listener =
      std::make_shared<Listener>(std::move(on_exit), std::move(program.on_output), std::move(program.may_read));
  {
    const std::lock_guard lock(mutex_);
    listeners_[number] = listener;
  }
  {
    const std::lock_guard lock(output_mutex_);
    for (std::size_t i = 0; i < pipes.ours.size(); ++i) {
      pipes_.push_back(std::make_unique<Pipe>(std::move(pipes.ours[i]), pipes.numbers[i], number, listener));
    }
  }
  keeper_.post([self = shared_from_this()] { self->watch_pipes(); });
  const Result<UniqueFd> started = co_await ask(request, std::move(fds));
  if (started) co_return Result<>{};
  keeper_.post([self = shared_from_this(), number] { self->take_rest(number); });
  const std::lock_guard lock(mutex_);
  listeners_.erase(number);
  co_return fail(validation_error("`" + program.argv.front() + "` cannot be started: " + started.error().message));
}

Task<Result<>> Body::start(Program program, std::function<void(const Exit&)> on_exit) {
  co_return co_await launch({.ask = Ask::kStart}, std::move(program), std::move(on_exit));
}

Task<Result<std::uint32_t>> Body::run(Program program, std::function<void(const Exit&)> on_exit) {
  Request request{.ask = Ask::kRun};
  {
    const std::lock_guard lock(mutex_);
    request.id = next_id_++;
  }
  CO_TRY(co_await launch(request, std::move(program), std::move(on_exit)));
  co_return request.id;
}

void Body::kill(std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  // A socket that is gone ends the program too.
  if (control_) static_cast<void>(send_request(control_.get(), {.ask = Ask::kKill, .port = number}, {}));
}

void Body::resume() {
  keeper_.post([self = shared_from_this()] { self->watch_pipes(); });
}

// Output.
void Body::watch_pipes() {
  const std::lock_guard lock(output_mutex_);
  for (const auto& pipe : pipes_) {
    if (pipe->watched || !pipe->fd) continue;
    pipe->watched = true;
    keeper_.watch(pipe->fd.get(), [self = shared_from_this(), p = pipe.get()] {
      const std::lock_guard inner(self->output_mutex_);
      self->on_pipe(*p);
    });
  }
}

// Under output_mutex_, on the keeper's thread.
void Body::on_pipe(Pipe& pipe) {
  const bool wanted = !pipe.listener->may_read || pipe.listener->may_read();
  if (wanted) drain_pipe(pipe, kTurnBytesMax);
  if (wanted && !pipe.at_end) return;
  keeper_.forget(pipe.fd.get());
  pipe.watched = false;
  if (pipe.at_end) pipe.fd.reset();
}

void Body::drain() {
  const std::lock_guard lock(output_mutex_);
  for (const auto& pipe : pipes_) {
    if (pipe->program == 0) drain_pipe(*pipe, kTurnBytesMax);
  }
}

// Under output_mutex_.
void Body::drain_pipe(Pipe& pipe, std::size_t bytes_max) {
  std::array<char, kReadBytes> bytes;  // NOLINT: filled by read
  for (std::size_t total = 0; pipe.fd && !pipe.at_end && total < bytes_max;) {
    const ssize_t n = ::read(pipe.fd.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;
    if (n == 0) {
      pipe.at_end = true;
      return;
    }
    total += static_cast<std::size_t>(n);
    if (pipe.listener->on_output) pipe.listener->on_output(pipe.number, {bytes.data(), static_cast<std::size_t>(n)});
    // Less than asked for: the pipe was empty; another read would only say so.
    if (static_cast<std::size_t>(n) < bytes.size()) return;
  }
}

}  // namespace warifu::sandbox
