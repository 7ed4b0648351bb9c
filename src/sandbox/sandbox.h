#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "base/unique_fd.h"

namespace warifu::sandbox {

/// A folder or file of the host, shown inside at `target`. Read-only unless `writable`, which asks that the sandbox's
/// user may write there (as root we hand the folder itself over to it).
struct Bind {
  std::string source;
  std::string target;
  bool writable = false;
};

/// What the processes of one sandbox may use together (memory, processes, tmp) or each (files, cpu).
struct Limits {
  std::uint64_t memory_bytes = 256ULL << 20;
  std::uint64_t tmp_bytes = 512ULL << 20;  // of /tmp; /dev/shm has a fixed, small size
  std::uint64_t file_bytes = 2ULL << 30;   // of one file
  std::uint32_t processes = 256;           // threads count
  std::uint32_t open_files = 1024;
};

/// What a sandbox is made of. Beyond this it sees the system's programs and libraries (/usr, /lib*, a minimal /etc),
/// its own /proc, /dev and an empty writable /tmp: nothing of the host's home, data folder, processes, network,
/// environment.
struct Spec {
  std::string name;  // for logs, and the host name inside
  std::vector<Bind> binds;
  /// Folders that are there and empty, whatever the host or a bind has below them.
  std::vector<std::string> hidden;
  Limits limits;
  /// Names that /etc/hosts maps to 127.0.0.1, so that the server's public URL resolves inside.
  std::vector<std::string> local_names;
};

/// One program in a sandbox. stdin is empty; stdout and stderr come back as bytes.
struct Program {
  std::vector<std::string> argv;  // argv[0]: an absolute path, or a name searched in PATH of `env`
  std::vector<std::pair<std::string, std::string>> env;
  std::string cwd = "/";
  /// Runs on the keeper's thread (or in `drain`) with what was written, as it comes; must not block. `stream`: 1 or 2,
  /// or the number of an entry of `pipes`. Calls for one sandbox never overlap. What nobody reads is not kept.
  std::function<void(int stream, std::string_view bytes)> on_output;
  /// Asked before anything is read; false: what it writes waits, and so in the end does the program, until
  /// Sandbox::resume. Empty: always read.
  std::function<bool()> may_read;
  /// More pipes, open for writing inside under exactly these numbers (3…63), read as stdout is.
  std::vector<int> pipes;
};

/// How a program, or a whole sandbox, ended.
struct Exit {
  int status = 0;              // exit status; 0 when a signal ended it
  int signal = 0;              // 0: it exited
  bool out_of_memory = false;  // ended because the sandbox passed its memory limit
  /// `exit status 1`, `signal: killed`.
  [[nodiscard]] std::string str() const;
};

/// One isolated environment: own user, mount, pid, net, ipc and uts namespace, seccomp filter, no_new_privs. Everything
/// in it ends when this object is stopped or destroyed, when its last owner dies, and by construction when the server
/// is killed. Thread-safe.
class Sandbox {
 public:
  virtual ~Sandbox() = default;

  /// A TCP socket that listens inside at `host`:`port`, owned by us: what connects to it from inside is accepted here.
  /// An address that is not the loopback's is added to it first. kConflict: something listens there already.
  virtual Task<Result<UniqueFd>> listen(std::string host, std::uint16_t port) = 0;
  /// A TCP connection to `host`:`port` inside. Non-blocking, perhaps still connecting: that
  /// nobody listens there may show only on the socket (SO_ERROR).
  virtual Task<Result<UniqueFd>> connect(std::string host, std::uint16_t port) = 0;
  /// Starts the one program of this sandbox. kValidation: it cannot be executed, with the reason. `on_exit` runs once
  /// on the keeper's thread, after the last output. REQUIRES: called once.
  virtual Task<Result<>> start(Program program, std::function<void(const Exit&)> on_exit) = 0;
  /// Starts a further program beside that one, under a number of its own. `on_exit` as of `start`, also when everything
  /// ends; processes that it leaves behind stay until then. Errors as of `start`; kUnavailable: too many run, or the
  /// first program has ended.
  virtual Task<Result<std::uint32_t>> run(Program program, std::function<void(const Exit&)> on_exit) = 0;
  /// Kills a program that `run` started, and its process group. Nothing happens when it has ended.
  virtual void kill(std::uint32_t number) = 0;
  /// Reads again what `may_read` had left unread, of any program.
  virtual void resume() = 0;
  /// Hands over what the program has written so far, on this thread: what it wrote before it sent something that we
  /// have received is then delivered.
  virtual void drain() = 0;
  /// Peak of what all processes used together, as sampled; at least the largest single process's.
  [[nodiscard]] virtual std::uint64_t memory_peak_bytes() const = 0;
  /// Kills everything inside. Comes back at once; `on_exit` follows. Idempotent.
  virtual void stop() = 0;
  /// Comes back when no process of it is left.
  virtual Task<> ended() = 0;
};

/// Makes sandboxes. Thread-safe. Sandboxes must be gone before it, or are stopped with it.
class Driver {
 public:
  virtual ~Driver() = default;
  /// kUnsupported: this machine cannot (no bwrap, user namespaces forbidden), in one line for a person.
  /// kUnavailable: out of processes, memory or descriptors.
  virtual Task<Result<std::shared_ptr<Sandbox>>> open(Spec spec) = 0;
};

struct BubblewrapOptions {
  std::string bwrap = "bwrap";  // a path, or a name searched in PATH
  /// Where a writable cgroup v2 lies (`/sys/fs/cgroup/...`); empty: found from /proc/self/cgroup. When there is none,
  /// rlimits and a sampler hold the limits.
  std::string cgroup;
};

/// A driver of the `bwrap` program, with its keeper's thread. Runs as root (then each sandbox is another unprivileged
/// user of the host) and as an ordinary user. Tries one sandbox: errors as of `open`.
[[nodiscard]] Result<std::unique_ptr<Driver>> open_bubblewrap(BubblewrapOptions options = {});

}  // namespace warifu::sandbox
