#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/inside/inside.h"

extern char** environ;

namespace warifu::sandbox::inside {
namespace {

constexpr unsigned kTextsMax = 8192;
constexpr int kHighFd = 128;

/// The plan, laid out: pointers into the mapped memfd.
struct Plan {
  PlanHead head;
  const int* pipe_numbers = nullptr;
  char* cwd = nullptr;
  char* arguments[kTextsMax + 1];
  char* environment[kTextsMax + 1];
};
Plan plan_;

bool lay_out(char* bytes, unsigned long size) {
  if (size < sizeof(PlanHead)) return false;
  memcpy(&plan_.head, bytes, sizeof(PlanHead));
  const PlanHead& head = plan_.head;
  if (head.pipe_count < 2 || head.pipe_count > kPipesMax || head.argument_count == 0) return false;
  if (head.argument_count > kTextsMax || head.environment_count > kTextsMax) return false;
  unsigned long at = sizeof(PlanHead) + head.pipe_count * sizeof(int);
  if (at >= size || bytes[size - 1] != '\0') return false;
  plan_.pipe_numbers = reinterpret_cast<const int*>(bytes + sizeof(PlanHead));
  for (unsigned i = 0; i < 1 + head.argument_count + head.environment_count; ++i) {
    if (at >= size) return false;
    char* text = bytes + at;
    at += strlen(text) + 1;
    if (i == 0) {
      plan_.cwd = text;
    } else if (i <= head.argument_count) {
      plan_.arguments[i - 1] = text;
    } else {
      plan_.environment[i - 1 - head.argument_count] = text;
    }
  }
  plan_.arguments[head.argument_count] = nullptr;
  plan_.environment[head.environment_count] = nullptr;
  return true;
}

bool limit(int what, unsigned long long most) {
  const rlimit value{.rlim_cur = most, .rlim_max = most};
  return setrlimit(static_cast<__rlimit_resource>(what), &value) == 0;
}

bool set_limits() {
  const PlanHead& head = plan_.head;
  return limit(RLIMIT_CORE, 0) && limit(RLIMIT_DATA, head.data_bytes) && limit(RLIMIT_FSIZE, head.file_bytes) &&
         limit(RLIMIT_NPROC, head.processes) && limit(RLIMIT_NOFILE, head.open_files) && limit(RLIMIT_MSGQUEUE, 0) &&
         limit(RLIMIT_MEMLOCK, 64 << 10);
}

/// Nothing of what we may do ourselves is left to the program.
bool drop_capabilities() {
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return false;
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const __user_cap_data_struct none[2] = {};
  return syscall(SYS_capset, &header, none) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

bool place_descriptors(const int* pipes, int pipe_count, int* failure) {
  int high[kPipesMax];
  for (int i = 0; i < pipe_count; ++i) {
    if ((high[i] = fcntl(pipes[i], F_DUPFD_CLOEXEC, kHighFd)) < 0) return false;
  }
  if ((*failure = fcntl(*failure, F_DUPFD_CLOEXEC, kHighFd)) < 0) return false;
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0 || dup2(null, 0) < 0) return false;
  for (int i = 0; i < pipe_count; ++i) {
    if (dup2(high[i], plan_.pipe_numbers[i]) < 0) return false;
  }
  return true;
}

void run_child(const int* pipes, int pipe_count, int failure) {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  if (place_descriptors(pipes, pipe_count, &failure) && setsid() > 0 && chdir(plan_.cwd) == 0 && set_limits() &&
      drop_capabilities() && sigprocmask(SIG_SETMASK, &none, nullptr) == 0) {
    environ = plan_.environment;
    execvp(plan_.arguments[0], plan_.arguments);
  }
  const int error = errno != 0 ? errno : EINVAL;
  if (write(failure, &error, sizeof(error)) < 0) _exit(126);
  _exit(127);
}

}  // namespace

int start_program(int plan, const int* pipes, int pipe_count, unsigned long long* memory_bytes) {
  struct stat info;
  if (fstat(plan, &info) != 0 || info.st_size <= 0 || info.st_size > kPlanBytesMax) return -EINVAL;
  const auto size = static_cast<unsigned long>(info.st_size);
  void* mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, plan, 0);
  if (mapped == MAP_FAILED) return -errno;
  int out = -EINVAL;
  int failure[2] = {-1, -1};
  if (lay_out(static_cast<char*>(mapped), size) && static_cast<int>(plan_.head.pipe_count) == pipe_count &&
      pipe2(failure, O_CLOEXEC) == 0) {
    out = fork();
    if (out == 0) run_child(pipes, pipe_count, failure[1]);
    if (out < 0) out = -errno;
    close(failure[1]);
    int error = 0;
    if (out > 0 && read(failure[0], &error, sizeof(error)) == sizeof(error)) out = -error;
    close(failure[0]);
  }
  *memory_bytes = plan_.head.memory_bytes;
  munmap(mapped, size);
  return out;
}

}  // namespace warifu::sandbox::inside
