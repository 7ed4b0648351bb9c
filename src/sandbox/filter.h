#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

namespace warifu::sandbox {

/// The filter of system calls that everything inside runs under, as a file of BPF instructions (bwrap --seccomp). It
/// refuses what reaches beyond the namespaces or around the limits: mounts, new namespaces, tracing, kernel keys,
/// modules, BPF, io_uring, memory that no limit counts, sockets of families other than unix, inet and route. All else
/// is allowed, since programs are not ours. kUnsupported: libseccomp cannot write it.
[[nodiscard]] Result<UniqueFd> system_call_filter();

}  // namespace warifu::sandbox
