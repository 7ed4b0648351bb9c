#include "sandbox/spawn.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "sandbox/filter.h"
#include "sandbox/image.h"
#include "sandbox/protocol.h"

namespace warifu::sandbox {
namespace {

/// Descriptors that we hand down are first moved here, so that none is overwritten by another's new number.
constexpr int kHighFd = 200;
constexpr std::uint64_t kSharedMemoryBytes = 64ULL << 20;
constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/sh\nsbx_user1051:x:993:990::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n";
constexpr std::string_view kGroup = "root:x:0:\nsbx_user1051:x:990:\nnogroup:x:65534:\n";
constexpr std::string_view kNames = "passwd: files\ngroup: files\nhosts: files\n";

std::string errno_text() { return std::strerror(errno); }  // NOLINT(concurrency-mt-unsafe): glibc's is per thread

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : std::string{};
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const std::string candidate = std::string(rest.substr(0, colon)) + "/" + name;
    if (candidate.front() == '/' && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
  }
  return {};
}

std::vector<std::string> system_arguments() {
  std::vector<std::string> out{"--ro-bind", "/usr", "/usr"};
  for (const char* folder : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    struct stat info{};
    if (::lstat(folder, &info) != 0) continue;
    std::array<char, PATH_MAX> target{};
    if (S_ISLNK(info.st_mode) && ::readlink(folder, target.data(), target.size() - 1) > 0) {
      out.insert(out.end(), {"--symlink", target.data(), folder});
    } else {
      out.insert(out.end(), {"--ro-bind", folder, folder});
    }
  }
  // By hand: for its own /dev bwrap makes a second user namespace, in which the network's is not ours to change.
  out.insert(out.end(), {"--tmpfs", "/dev"});
  for (const char* device : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}) {
    out.insert(out.end(), {"--dev-bind", device, device});
  }
  out.insert(out.end(), {"--symlink", "/proc/self/fd", "/dev/fd", "--symlink", "/proc/self/fd/0", "/dev/stdin"});
  out.insert(out.end(), {"--symlink", "/proc/self/fd/1", "/dev/stdout", "--symlink", "/proc/self/fd/2", "/dev/stderr"});
  for (const char* path : {"/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki", "/etc/ca-certificates",
                           "/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
                           "/etc/localtime", "/etc/mime.types", "/etc/protocols", "/etc/services"}) {
    out.insert(out.end(), {"--ro-bind-try", path, path});
  }
  return out;
}

UniqueFd image_file() {
  UniqueFd file = memory_file("warifu-sandbox", sandbox_image());
  if (file && ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return {};
  return file;
}

/// A second opening of a memory file: it has its own position.
UniqueFd reopened(const UniqueFd& file) {
  return UniqueFd(::open(("/proc/self/fd/" + std::to_string(file.get())).c_str(), O_RDONLY | O_CLOEXEC));
}

/// Descriptors for the child, and the numbers that they will have there.
class Handed {
 public:
  int add(const UniqueFd& fd) { return add_as(fd, next_++); }
  int add_as(const UniqueFd& fd, int number) {
    UniqueFd high(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kHighFd));
    ok_ = ok_ && high;
    fds_.emplace_back(std::move(high), number);
    return number;
  }
  /// The first number that none of them has.
  [[nodiscard]] int next() const { return next_; }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] const std::vector<std::pair<UniqueFd, int>>& all() const { return fds_; }

 private:
  std::vector<std::pair<UniqueFd, int>> fds_;
  int next_ = kImageFd + 1;
  bool ok_ = true;
};

std::string hosts_text(const Spec& spec) {
  std::string out = "127.0.0.1 localhost " + spec.name + "\n::1 localhost\n";
  for (const std::string& name : spec.local_names) out += "127.0.0.1 " + name + "\n";
  return out;
}

void add_file(std::vector<std::string>& out, Handed& handed, const char* target, std::string_view text) {
  out.insert(out.end(), {"--perms", "0444", "--ro-bind-data",
                         std::to_string(handed.add(memory_file("warifu-etc", text))), target});
}

/// What each bind needs before bwrap starts.
Result<> prepare(const Spec& spec, bool root, std::uint32_t user) {
  for (const Bind& bind : spec.binds) {
    const bool there = bind.writable && root ? ::chown(bind.source.c_str(), user, user) == 0
                                             : ::access(bind.source.c_str(), F_OK) == 0;
    if (!there) return fail(not_found("`" + bind.source + "`: " + errno_text()));
  }
  return {};
}

std::vector<std::string> bwrap_arguments(const Host& host, const Spec& spec, bool staged, Handed& handed) {
  std::vector<std::string> out{host.bwrap,
                               "--unshare-user",
                               "--unshare-pid",
                               "--unshare-net",
                               "--unshare-ipc",
                               "--unshare-uts",
                               "--unshare-cgroup-try",
                               "--die-with-parent",
                               "--new-session",
                               "--as-pid-1",
                               "--clearenv",
                               "--hostname",
                               spec.name,
                               "--uid",
                               "993",
                               "--gid",
                               "990",
                               "--cap-add",
                               "CAP_NET_ADMIN",
                               "--cap-add",
                               "CAP_NET_BIND_SERVICE"};
  out.insert(out.end(), host.system_arguments.begin(), host.system_arguments.end());
  add_file(out, handed, "/etc/passwd", kPasswd);
  add_file(out, handed, "/etc/group", kGroup);
  add_file(out, handed, "/etc/nsswitch.conf", kNames);
  add_file(out, handed, "/etc/resolv.conf", "");
  add_file(out, handed, "/etc/hosts", hosts_text(spec));
  out.insert(out.end(), {"--proc", "/proc"});
  out.insert(out.end(), {"--size", std::to_string(kSharedMemoryBytes), "--perms", "1777", "--tmpfs", "/dev/shm"});
  out.insert(out.end(), {"--size", std::to_string(spec.limits.tmp_bytes), "--perms", "1777", "--tmpfs", "/tmp"});
  for (std::size_t i = 0; i < spec.binds.size(); ++i) {
    const Bind& bind = spec.binds[i];
    const std::string source = staged ? "/mnt/" + std::to_string(i) : bind.source;
    out.insert(out.end(), {bind.writable ? "--bind" : "--ro-bind", source, bind.target});
  }
  for (const std::string& folder : spec.hidden) {
    out.insert(out.end(), {"--size", "4096", "--perms", "0555", "--tmpfs", folder, "--remount-ro", folder});
  }
  // Both are in memory that no limit counts.
  out.insert(out.end(), {"--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"});
  out.insert(out.end(), {"--seccomp", std::to_string(handed.add(reopened(host.filter)))});
  out.insert(out.end(), {"--", "/proc/self/fd/" + std::to_string(kImageFd), "inside"});
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

Result<pid_t> start_process(std::vector<std::string> arguments, const Handed& handed, const UniqueFd& complaint) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
  ::posix_spawn_file_actions_adddup2(&actions, 0, 1);
  ::posix_spawn_file_actions_adddup2(&actions, complaint.get(), 2);
  for (const auto& [fd, number] : handed.all()) ::posix_spawn_file_actions_adddup2(&actions, fd.get(), number);
  sigset_t all;
  sigset_t none;
  ::sigfillset(&all);
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);

  pid_t pid = -1;
  std::array<char*, 1> environment{nullptr};
  const std::string image = "/proc/self/fd/" + std::to_string(kImageFd);
  const int error =
      ::posix_spawn(&pid, image.c_str(), &actions, &attributes, pointers(arguments).data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error == 0) return pid;
  errno = error;
  return fail(unavailable("cannot start a sandbox's process: " + errno_text()));
}

}  // namespace

UniqueFd memory_file(const char* name, std::string_view text) {
  UniqueFd file(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ::ftruncate(file.get(), static_cast<off_t>(text.size())) != 0) return {};
  if (::pwrite(file.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) return {};
  return file;
}

Result<Host> Host::look(const std::string& bwrap) {
  Host host{.bwrap = find_program(bwrap),
            .root = ::geteuid() == 0,
            .image = image_file(),
            .filter = TRY(system_call_filter()),
            .system_arguments = sandbox::system_arguments()};
  if (host.bwrap.empty()) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "`" + bwrap + "` is not installed (package bubblewrap): functions and agents need it"});
  }
  if (!host.image) return fail(unavailable("no memory file for the sandbox's first process: " + errno_text()));
  return host;
}

Result<Spawned> spawn(const Host& host, const Spec& spec, std::uint32_t user, const UniqueFd& cgroup) {
  std::array<int, 2> control{-1, -1};
  std::array<int, 2> complaint{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, control.data()) != 0) {
    return fail(unavailable("no descriptors are left for a sandbox"));
  }
  Spawned out{.control = UniqueFd(control[0])};
  const UniqueFd theirs(control[1]);
  if (::pipe2(complaint.data(), O_CLOEXEC) != 0) return fail(unavailable("no descriptors are left for a sandbox"));
  out.complaint = UniqueFd(complaint[0]);
  const UniqueFd their_complaint(complaint[1]);
  ::fcntl(out.complaint.get(), F_SETFL, O_NONBLOCK);
  // The first process inside waits for us by poll, and answers blocking.
  ::fcntl(theirs.get(), F_SETFL, 0);

  Handed handed;
  handed.add_as(theirs, kControlFd);
  handed.add_as(host.image, kImageFd);
  TRY(prepare(spec, host.root, user));
  const int joined = cgroup ? handed.add(cgroup) : -1;
  const std::vector<std::string> bwrap = bwrap_arguments(host, spec, host.root, handed);
  std::vector<std::string> arguments{"warifu-sandbox", "outside"};
  for (const int number : {static_cast<int>(::getpid()), host.root ? static_cast<int>(user) : 0, joined, handed.next(),
                           host.root ? static_cast<int>(spec.binds.size()) : 0}) {
    arguments.push_back(std::to_string(number));
  }
  for (std::size_t i = 0; host.root && i < spec.binds.size(); ++i) arguments.push_back(spec.binds[i].source);
  arguments.insert(arguments.end(), bwrap.begin(), bwrap.end());
  if (!handed.ok()) return fail(unavailable("no descriptors are left for a sandbox"));

  out.pid = TRY(start_process(std::move(arguments), handed, their_complaint));
  out.process = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, out.pid, 0)));
  return out;
}

}  // namespace warifu::sandbox
