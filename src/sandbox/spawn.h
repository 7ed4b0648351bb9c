#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "sandbox/sandbox.h"

namespace warifu::sandbox {

/// What every sandbox of this machine is made with. Immutable once made.
struct Host {
  std::string bwrap;                          // absolute path
  bool root = false;                          // then each sandbox gets a user of its own
  UniqueFd image;                             // the program that runs first inside (sealed memfd)
  UniqueFd filter;                            // system_call_filter()
  std::vector<std::string> system_arguments;  // bwrap's, for the system's programs and libraries

  /// kUnsupported: no bwrap, or no filter, in words.
  [[nodiscard]] static Result<Host> look(const std::string& bwrap);
};

/// The processes that a new sandbox consists of at first, and our ends.
struct Spawned {
  pid_t pid = -1;      // bwrap's outer process, a child of this one
  UniqueFd process;    // pidfd of it
  UniqueFd control;    // non-blocking SOCK_SEQPACKET
  UniqueFd complaint;  // what bwrap says on stderr; non-blocking
};

/// Starts bwrap. `user`: whom it runs as, when root. `cgroup`: an open cgroup.procs, or none. The calling thread must
/// live as long as the sandbox. kNotFound: a bind's source is not there; kUnavailable: out of something.
[[nodiscard]] Result<Spawned> spawn(const Host& host, const Spec& spec, std::uint32_t user, const UniqueFd& cgroup);

/// A file in memory with this text, read from its start.
[[nodiscard]] UniqueFd memory_file(const char* name, std::string_view text);

}  // namespace warifu::sandbox
