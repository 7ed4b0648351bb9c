#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/inside/inside.h"

namespace warifu::sandbox::inside {
namespace {

constexpr int kFailed = 125;
constexpr unsigned kNobody = 65534;

int failed(const char* what) {
  dprintf(2, "%s: %s\n", what, strerror(errno));
  return kFailed;
}

/// The folders and files of `paths` under kStage, in a mount namespace of our own: bwrap, who runs as another user,
/// cannot reach them by their own paths when a folder above is closed to others.
bool stage(int count, char** paths) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  if (mount("tmpfs", kStage, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0) return false;
  for (int i = 0; i < count; ++i) {
    char to[64];
    snprintf(to, sizeof(to), "%s/%d", kStage, i);
    struct stat info;
    if (stat(paths[i], &info) != 0) return false;
    if (S_ISDIR(info.st_mode)) {
      if (mkdir(to, 0755) != 0) return false;
    } else {
      const int file = open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
      if (file < 0) return false;
      close(file);
    }
    if (mount(paths[i], to, nullptr, MS_BIND | MS_REC, nullptr) != 0) return false;
  }
  return true;
}

bool become(unsigned user) {
  if (setgroups(0, nullptr) != 0) return false;
  if (setresgid(user, user, user) == 0 && setresuid(user, user, user) == 0) return true;
  // A container that knows only the first 65536 users.
  return setresgid(kNobody, kNobody, kNobody) == 0 && setresuid(kNobody, kNobody, kNobody) == 0;
}

}  // namespace

// outside PARENT USER CGROUP FDS COUNT PATH… BWRAP ARGUMENT…; USER 0: stay who we are; CGROUP: a cgroup.procs, or -1;
// FDS: the first that is not ours.
int become_bwrap(int count, char** arguments) {
  if (count < 5) return kFailed;
  const int parent = atoi(arguments[0]);
  const unsigned user = static_cast<unsigned>(strtoul(arguments[1], nullptr, 10));
  const int cgroup = atoi(arguments[2]);
  close_range(static_cast<unsigned>(atoi(arguments[3])), ~0U, 0);
  const int staged = atoi(arguments[4]);
  if (staged < 0 || count < 6 + staged) return kFailed;
  char** rest = arguments + 5 + staged;

  if (cgroup >= 0) {
    // Without it the sampler and the rlimits still hold.
    if (write(cgroup, "0", 1) != 1) dprintf(2, "cannot join the cgroup: %s\n", strerror(errno));
    close(cgroup);
  }
  if (user != 0) {
    if (!stage(staged, arguments + 5)) return failed("cannot mount the sandbox's folders");
    if (!become(user)) return failed("cannot become an unprivileged user");
  }
  // After the change of user, which clears it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) return kFailed;
  execv(rest[0], rest);
  return failed(rest[0]);
}

}  // namespace warifu::sandbox::inside
