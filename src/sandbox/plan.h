#pragma once

#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "sandbox/protocol.h"
#include "sandbox/sandbox.h"

namespace warifu::sandbox {

/// A program's pipes: our reading ends, non-blocking; its writing ends; and the numbers that they have inside.
struct ProgramPipes {
  std::vector<UniqueFd> ours;
  std::vector<UniqueFd> theirs;
  std::vector<int> numbers;
};

/// stdout, stderr and `program.pipes`. kValidation: a number out of range or twice; kUnavailable: no descriptors.
[[nodiscard]] Result<ProgramPipes> open_pipes(const Program& program);

/// The plan as a memory file (protocol.h). kValidation: no program, a NUL in a text, or beyond kPlanBytesMax.
[[nodiscard]] Result<UniqueFd> write_plan(const Program& program, const Limits& limits);

/// Sends one request with descriptors. False: it cannot be sent, the other end has gone.
[[nodiscard]] bool send_request(int control, const Request& request, const std::vector<int>& fds);

}  // namespace warifu::sandbox
