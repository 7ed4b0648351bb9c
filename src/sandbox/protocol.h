#pragma once

#include <cstdint>

/// What the server and the first process of a sandbox say to one another, over a SOCK_SEQPACKET socket: one fixed-size
/// message a packet, descriptors beside it. The server believes no number in a Report beyond its meaning here.
namespace warifu::sandbox {

enum class Ask : std::uint32_t {
  kStart,    // with the plan (a memfd), then stdout, stderr and further pipes; answered by kReply, later kExited
  kListen,   // answered by kReply with the listening socket
  kConnect,  // answered by kReply with the socket, perhaps still connecting
  kRun,      // as kStart, for a further program; later kEnded with the same id
  kKill,     // the program whose kRun had the id in `port`, and its process group; no answer
};

struct Request {
  Ask ask{};
  std::uint32_t id = 0;  // repeated in the reply
  std::uint32_t v6 = 0;
  std::uint32_t port = 0;
  std::uint8_t address[16] = {};  // network order; four bytes of it for IPv4
};

enum class Tell : std::uint32_t {
  kReady,   // the first process runs and listens to us
  kReply,   // `error` is 0 or an errno
  kMemory,  // `memory_peak` has grown
  kExited,  // the program has ended, and so has everything else inside
  kEnded,   // a further program, `id`, has ended
};

struct Report {
  Tell tell{};
  std::uint32_t id = 0;
  std::int32_t error = 0;
  std::int32_t status = 0;          // kExited, kEnded: as of waitpid
  std::uint32_t out_of_memory = 0;  // kExited: ended by us for what it used
  std::uint32_t unused = 0;
  std::uint64_t memory_peak = 0;  // bytes
};

/// Head of the plan. Behind it lie `pipe_count` numbers (std::int32_t: under which the pipes are seen), then texts,
/// each ended by a NUL: the folder to work in, the arguments, the environment.
struct PlanHead {
  std::uint32_t argument_count = 0;
  std::uint32_t environment_count = 0;
  std::uint32_t pipe_count = 0;  // stdout and stderr, then the further ones
  std::uint32_t unused = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t data_bytes = 0;  // RLIMIT_DATA of each process
  std::uint64_t file_bytes = 0;
  std::uint64_t processes = 0;
  std::uint64_t open_files = 0;
};

inline constexpr std::uint32_t kPlanBytesMax = 4U << 20;
inline constexpr int kPipesMax = 16;
/// Programs that run at once beside the first one.
inline constexpr int kFurtherMax = 64;
/// The descriptor that the control socket has inside.
inline constexpr int kControlFd = 3;
/// The descriptor that the first process is executed from.
inline constexpr int kImageFd = 4;

}  // namespace warifu::sandbox
