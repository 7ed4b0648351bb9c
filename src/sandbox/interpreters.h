#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace warifu::sandbox {

/// Which interpreter a runtime gets on this machine.
struct RuntimeChoice {
  std::string program;  // absolute path; empty for `provided.*`
  std::string prefix;   // what must be mounted for it; empty: under /usr
  /// Folders of the machine's own packages: who runs code as AWS would hides them, so that none runs here for what AWS
  /// lacks.
  std::vector<std::string> packages;
  /// For people (log, GetFunction's StateReason): empty when it is exactly the one asked for.
  std::string note;
};

/// What a program of an interpreter said of itself.
struct Interpreter {
  int major = 0;
  int minor = 0;
  int patch = 0;
  std::string program;  // absolute, no shim, no virtual environment
  std::string prefix;   // empty: under /usr
  std::vector<std::string> packages;
  [[nodiscard]] std::string version() const;
};

/// Whether a language (`python`, `node`) can be used in its minor version (Node.js: 0): what else it needs is there.
using Fit = std::function<bool(std::string_view language, int minor)>;

/// Which interpreters this machine has. A name on PATH counts only if it really runs: version managers put shims there
/// for what is not installed. Thread-safe; each name is tried once.
class Interpreters {
 public:
  /// `path`: folders with colons between; empty: this process' own PATH. `fit`: empty for no further need.
  explicit Interpreters(std::string path = {}, Fit fit = {});
  /// For `python3.13`, `nodejs22.x`, `provided.al2023`; the nearest newer one, or the system's, where the very one is
  /// not installed (`note` says so). kUnsupported: none, in words. Blocks the first time.
  [[nodiscard]] Result<RuntimeChoice> choose(std::string_view runtime);

 private:
  [[nodiscard]] const std::vector<Interpreter>& running(const std::string& name);
  [[nodiscard]] Result<RuntimeChoice> python(std::string_view runtime);
  [[nodiscard]] Result<RuntimeChoice> node(std::string_view runtime);
  [[nodiscard]] std::optional<Interpreter> fitting_python(int minor);
  [[nodiscard]] bool fits(std::string_view language, int minor) const { return !fit_ || fit_(language, minor); }

  const std::string path_;
  const Fit fit_;
  std::mutex mutex_;
  std::map<std::string, std::vector<Interpreter>> tried_;             // under mutex_
  std::map<std::string, Result<RuntimeChoice>, std::less<>> chosen_;  // under mutex_
};

/// The folder of what this project adds to interpreters (runtime clients, boto3): `asked` when not empty, else
/// `../runtimes`, `../lib/warifu/runtimes` or `../share/warifu/runtimes` beside the running program, whichever holds
/// its stamp. Empty: none is there.
[[nodiscard]] std::string find_runtimes(std::string_view asked);

}  // namespace warifu::sandbox
