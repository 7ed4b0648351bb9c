#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/inside/inside.h"

namespace warifu::sandbox::inside {
namespace {

/// How often memory is looked at: soon after a change, then ever more seldom.
constexpr int kSampleMsMin = 20;
constexpr int kSampleMsMax = 250;
/// Growth that is worth telling.
constexpr unsigned long long kToldBytes = 256 << 10;

struct State {
  int program = 0;  // process id; 0: none runs
  unsigned long long memory_limit = 0;
  unsigned long long memory_peak = 0;
  unsigned long long memory_last = 0;
  unsigned long long memory_told = 0;
  int sample_ms = kSampleMsMin;
  bool out_of_memory = false;
  struct {
    int process = 0;  // 0: free
    unsigned id = 0;
  } further[kFurtherMax];
};
State state_;

void tell(Report report, int fd = -1) {
  report.memory_peak = state_.memory_peak;
  iovec bytes{.iov_base = &report, .iov_len = sizeof(report)};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = space;
    message.msg_controllen = sizeof(space);
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &fd, sizeof(int));
  }
  // The server has gone: so do we, and all else with us.
  if (sendmsg(kControlFd, &message, MSG_NOSIGNAL) < 0) _exit(0);
}

void note_peak(unsigned long long bytes) {
  if (bytes > state_.memory_peak) state_.memory_peak = bytes;
}

void sample() {
  const unsigned long long used = memory_used(state_.memory_limit);
  note_peak(used);
  const bool steady = used < state_.memory_last + kToldBytes && state_.memory_last < used + kToldBytes;
  state_.sample_ms = steady ? state_.sample_ms * 2 : kSampleMsMin;
  if (state_.sample_ms > kSampleMsMax) state_.sample_ms = kSampleMsMax;
  state_.memory_last = used;
  if (state_.memory_peak > state_.memory_told + kToldBytes) {
    state_.memory_told = state_.memory_peak;
    tell({.tell = Tell::kMemory});
  }
  if (state_.memory_limit > 0 && used > state_.memory_limit) {
    state_.out_of_memory = true;
    kill(-1, SIGKILL);
  }
}

/// The program has ended: what it left behind ends too, before the server hears of it.
void end_of_program(int status) {
  kill(-1, SIGKILL);
  while (waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto largest = static_cast<unsigned long long>(usage.ru_maxrss) * 1024;
  note_peak(largest);
  // Sampling may miss the moment; what a killed process had reached does not.
  const bool over = state_.out_of_memory || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
                                             state_.memory_limit > 0 && largest > state_.memory_limit);
  state_.program = 0;
  for (auto& one : state_.further) one = {};
  tell({.tell = Tell::kExited, .status = status, .out_of_memory = over ? 1U : 0U});
}

void reap() {
  for (;;) {
    int status = 0;
    const int pid = waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return;
    if (pid == state_.program) return end_of_program(status);
    for (auto& one : state_.further) {
      if (one.process != pid) continue;
      one.process = 0;
      tell({.tell = Tell::kEnded, .id = one.id, .status = status});
    }
  }
}

/// A further program; -errno when it cannot be started.
int run_further(const Request& request, const int* fds, int count) {
  if (state_.program == 0) return -ESRCH;
  for (auto& one : state_.further) {
    if (one.process != 0) continue;
    unsigned long long ignored = 0;
    const int out = start_program(fds[0], fds + 1, count - 1, &ignored);
    if (out > 0) one = {.process = out, .id = request.id};
    return out;
  }
  return -EAGAIN;
}

void kill_further(unsigned id) {
  for (const auto& one : state_.further) {
    if (one.process != 0 && one.id == id) kill(-one.process, SIGKILL);
  }
}

void answer(const Request& request, const int* fds, int count) {
  if (request.ask == Ask::kKill) return kill_further(request.port);
  int out = -EINVAL;
  if (request.ask == Ask::kListen) out = listening_socket(request);
  if (request.ask == Ask::kConnect) out = connecting_socket(request);
  if (request.ask == Ask::kStart && count >= 3 && state_.program == 0) {
    out = start_program(fds[0], fds + 1, count - 1, &state_.memory_limit);
  }
  if (request.ask == Ask::kRun && count >= 3) out = run_further(request, fds, count);
  for (int i = 0; i < count; ++i) close(fds[i]);
  const bool socket = request.ask != Ask::kStart && request.ask != Ask::kRun;
  tell({.tell = Tell::kReply, .id = request.id, .error = out < 0 ? -out : 0}, socket && out >= 0 ? out : -1);
  if (socket && out >= 0) close(out);
  if (request.ask == Ask::kStart && out > 0) state_.program = out;
}

/// One request; false when the server has gone.
bool next_request() {
  Request request;
  iovec bytes{.iov_base = &request, .iov_len = sizeof(request)};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int) * (kPipesMax + 1))] = {};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof(space);
  const ssize_t n = recvmsg(kControlFd, &message, MSG_CMSG_CLOEXEC);
  if (n < 0 && errno == EINTR) return true;
  if (n != sizeof(request)) return false;
  int fds[kPipesMax + 1];
  int count = 0;
  if (const cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr && head->cmsg_type == SCM_RIGHTS) {
    count = static_cast<int>((head->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(fds, CMSG_DATA(head), static_cast<unsigned long>(count) * sizeof(int));
  }
  answer(request, fds, count);
  return true;
}

}  // namespace

int serve() {
  // Nobody inside may look into us: our descriptors, our memory.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  close_range(kImageFd, ~0U, 0);
  fcntl(kControlFd, F_SETFD, FD_CLOEXEC);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, nullptr);
  const int ended = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (ended < 0) return 1;
  tell({.tell = Tell::kReady});
  for (;;) {
    pollfd waiting[2] = {{.fd = kControlFd, .events = POLLIN, .revents = 0},
                         {.fd = ended, .events = POLLIN, .revents = 0}};
    const int ready = poll(waiting, 2, state_.program > 0 ? state_.sample_ms : -1);
    if (ready == 0) sample();
    if (waiting[0].revents != 0 && !next_request()) return 0;
    signalfd_siginfo which;
    while (read(ended, &which, sizeof(which)) > 0) reap();
    if (waiting[1].revents != 0) reap();
  }
}

}  // namespace warifu::sandbox::inside
