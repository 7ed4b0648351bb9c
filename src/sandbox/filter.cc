#include "sandbox/filter.h"

#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <memory>
#include <string_view>

namespace warifu::sandbox {
namespace {

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

/// Answered EPERM: what no program inside has a reason for.
constexpr auto kForbidden = std::to_array<const char*>({
    // Mounts and namespaces.
    "mount",
    "umount2",
    "umount",
    "pivot_root",
    "chroot",
    "unshare",
    "setns",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    // Other processes' memory and descriptors.
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "kcmp",
    "pidfd_getfd",
    "process_madvise",
    // The kernel itself.
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "quotactl",
    "quotactl_fd",
    "syslog",
    "iopl",
    "ioperm",
    "lookup_dcookie",
    "vhangup",
    "nfsservctl",
    "uselib",
    "_sysctl",
    "sysfs",
    "ustat",
    "fanotify_init",
    // Clocks, names, devices.
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "stime",
    "sethostname",
    "setdomainname",
    "mknod",
    "mknodat",
    // Keys are not of a namespace; handles open files past their folders.
    "add_key",
    "request_key",
    "keyctl",
    "open_by_handle_at",
    "name_to_handle_at",
    // Placement that other processes of the machine would feel.
    "mbind",
    "set_mempolicy",
    "set_mempolicy_home_node",
    "migrate_pages",
    "move_pages",
    "sched_setscheduler",
    "sched_setattr",
    "ioprio_set",
});

/// Answered ENOSYS, so that programs fall back on something else.
constexpr auto kMissing = std::to_array<const char*>({
    "clone3",  // its flags lie in memory, where no filter sees them
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    // Memory that belongs to no process, and so passes every limit but a cgroup's.
    "memfd_create",
    "memfd_secret",
    "shmget",
    "shmat",
    "shmctl",
    "shmdt",
    "msgget",
    "mq_open",
    "semget",
});

/// An int in a register: what stands above it is nobody's.
constexpr scmp_datum_t kInt = 0xffffffffU;

bool refuse(scmp_filter_ctx filter, const char* name, int error) {
  const int number = seccomp_syscall_resolve_name(name);
  if (number == __NR_SCMP_ERROR || number < 0) return true;  // not of this architecture, or newer than libseccomp
  return seccomp_rule_add(filter, SCMP_ACT_ERRNO(static_cast<unsigned>(error)), number, 0) == 0;
}

bool rule(scmp_filter_ctx filter, int error, int number, std::initializer_list<scmp_arg_cmp> when) {
  return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(static_cast<unsigned>(error)), number,
                                static_cast<unsigned>(when.size()), when.begin()) == 0;
}

scmp_arg_cmp has_bits(unsigned argument, scmp_datum_t mask, scmp_datum_t bits) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = bits};
}

bool refuse_arguments(scmp_filter_ctx filter) {
  bool ok = true;
  constexpr std::array kNamespaces{CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
                                   CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};
  for (const int flag : kNamespaces) {
    const auto bit = static_cast<scmp_datum_t>(flag);
    ok = ok && rule(filter, EPERM, SCMP_SYS(clone), {has_bits(0, bit, bit)});
  }
  // Input for a terminal that the server may have been started from.
  for (const scmp_datum_t request : {scmp_datum_t{TIOCSTI}, scmp_datum_t{TIOCLINUX}}) {
    ok = ok && rule(filter, EPERM, SCMP_SYS(ioctl), {has_bits(1, kInt, request)});
  }
  return ok;
}

/// Socket families that network namespaces do not hold apart (vsock, Bluetooth), or that no function needs.
bool refuse_sockets(scmp_filter_ctx filter) {
  bool ok = true;
  constexpr scmp_datum_t kFamiliesMax = 64;
  for (scmp_datum_t family = 0; family < kFamiliesMax; ++family) {
    if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK) continue;
    ok = ok && rule(filter, EAFNOSUPPORT, SCMP_SYS(socket), {has_bits(0, kInt, family)});
  }
  ok = ok && rule(filter, EAFNOSUPPORT, SCMP_SYS(socket),
                  {{.arg = 0, .op = SCMP_CMP_GE, .datum_a = kFamiliesMax, .datum_b = 0}});
  return ok &&
         rule(filter, EAFNOSUPPORT, SCMP_SYS(socket),
              {has_bits(0, kInt, AF_NETLINK), {.arg = 2, .op = SCMP_CMP_NE, .datum_a = NETLINK_ROUTE, .datum_b = 0}});
}

}  // namespace

Result<UniqueFd> system_call_filter() {
  const auto bad = [] {
    return fail({.code = ErrorCode::kUnsupported, .message = "libseccomp cannot write the sandbox's filter"});
  };
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release);
  if (!filter) return bad();
  bool ok = true;
  for (const char* name : kForbidden) ok = ok && refuse(filter.get(), name, EPERM);
  for (const char* name : kMissing) ok = ok && refuse(filter.get(), name, ENOSYS);
  if (!ok || !refuse_arguments(filter.get()) || !refuse_sockets(filter.get())) return bad();
  UniqueFd file(::memfd_create("warifu-seccomp", MFD_CLOEXEC));
  if (!file || seccomp_export_bpf(filter.get(), file.get()) != 0) return bad();
  return file;
}

}  // namespace warifu::sandbox
