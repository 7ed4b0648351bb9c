#include "sandbox/plan.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "sandbox/spawn.h"

namespace warifu::sandbox {
namespace {

constexpr int kPipeNumberMin = 3;
constexpr int kPipeNumberMax = 63;
constexpr std::size_t kTextsMax = 8192;

/// Private writable memory of one process: the resident limit is watched, so this only bounds how fast it can be
/// passed. Stacks of threads count whole, touched or not.
std::uint64_t data_bytes(const Limits& limits) { return 2 * limits.memory_bytes + (512ULL << 20); }

std::vector<int> numbers_of(const Program& program) {
  std::vector<int> out{STDOUT_FILENO, STDERR_FILENO};
  out.insert(out.end(), program.pipes.begin(), program.pipes.end());
  return out;
}

}  // namespace

Result<ProgramPipes> open_pipes(const Program& program) {
  ProgramPipes out{.numbers = numbers_of(program)};
  std::vector<int> sorted = out.numbers;
  std::ranges::sort(sorted);
  const bool twice = std::ranges::adjacent_find(sorted) != sorted.end();
  const bool outside =
      std::ranges::any_of(program.pipes, [](int number) { return number < kPipeNumberMin || number > kPipeNumberMax; });
  if (twice || outside || out.numbers.size() > static_cast<std::size_t>(kPipesMax)) {
    return fail(validation_error("a program's pipes are numbered 3 to 63, each once"));
  }
  for (std::size_t i = 0; i < out.numbers.size(); ++i) {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
      return fail(unavailable("no descriptors are left for a program's output"));
    out.ours.emplace_back(ends[0]);
    out.theirs.emplace_back(ends[1]);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }
  return out;
}

Result<UniqueFd> write_plan(const Program& program, const Limits& limits) {
  std::vector<std::string> texts{program.cwd};
  texts.insert(texts.end(), program.argv.begin(), program.argv.end());
  for (const auto& [name, value] : program.env) texts.push_back(name + "=" + value);
  const std::vector<int> numbers = numbers_of(program);
  if (program.argv.empty()) return fail(validation_error("a program needs a name"));
  if (program.argv.size() > kTextsMax || program.env.size() > kTextsMax) {
    return fail(validation_error("a program has too many arguments or variables"));
  }
  const PlanHead head{.argument_count = static_cast<std::uint32_t>(program.argv.size()),
                      .environment_count = static_cast<std::uint32_t>(program.env.size()),
                      .pipe_count = static_cast<std::uint32_t>(numbers.size()),
                      .memory_bytes = limits.memory_bytes,
                      .data_bytes = data_bytes(limits),
                      .file_bytes = limits.file_bytes,
                      .processes = limits.processes,
                      .open_files = limits.open_files};
  std::string bytes(reinterpret_cast<const char*>(&head), sizeof(head));
  bytes.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(int));
  for (const std::string& text : texts) {
    if (text.find('\0') != std::string::npos) return fail(validation_error("an argument or variable holds a NUL"));
    bytes.append(text).push_back('\0');
  }
  if (bytes.size() > kPlanBytesMax) return fail(validation_error("a program's arguments and variables are too long"));
  UniqueFd file = memory_file("warifu-plan", bytes);
  if (!file) return fail(unavailable("no memory file for a program's plan"));
  return file;
}

bool send_request(int control, const Request& request, const std::vector<int>& fds) {
  Request copy = request;
  iovec bytes{.iov_base = &copy, .iov_len = sizeof(copy)};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * (kPipesMax + 1))> space{};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = space.data();
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(head), fds.data(), sizeof(int) * fds.size());
  }
  return ::sendmsg(control, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof(copy));
}

}  // namespace warifu::sandbox
