#pragma once

#include "sandbox/protocol.h"

/// The program that a sandbox begins with. It is small, static and free of the C++ library: it starts in well under a
/// millisecond, and needs no file of the sandbox.
namespace warifu::sandbox::inside {

/// Where `become_bwrap` mounts folders; a folder that every system has.
inline constexpr const char* kStage = "/mnt";

/// Runs outside, before bwrap: takes the user, the cgroup and the private mounts that only root can make, then becomes
/// bwrap. `arguments` as written by spawn.cc. Comes back only on failure, with an exit status.
[[nodiscard]] int become_bwrap(int count, char** arguments);

/// Runs inside, as process 1: answers the server's requests until the server is gone, and all else ends with it.
[[nodiscard]] int serve();

/// A TCP socket at an address inside, which is added to the loopback first where it is not one of its own. The socket,
/// or -errno.
[[nodiscard]] int listening_socket(const Request& request);
[[nodiscard]] int connecting_socket(const Request& request);

/// Forks the program of `plan` (a memfd). The child's process id, or -errno of what kept it from starting.
/// `memory_bytes` gets the plan's limit. Takes `pipes`.
[[nodiscard]] int start_program(int plan, const int* pipes, int pipe_count, unsigned long long* memory_bytes);

/// Bytes that all processes but the first use together: resident, and shared pages once where the sum passes `limit`.
[[nodiscard]] unsigned long long memory_used(unsigned long long limit);

}  // namespace warifu::sandbox::inside
