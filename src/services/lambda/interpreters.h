#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/lambda/executor.h"

namespace warifu::services::lambda {

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

/// Which interpreters this machine has. A name on PATH counts only if it really runs: version managers put shims there
/// for what is not installed. Thread-safe; each name is tried once.
class Interpreters {
 public:
  /// `path`: folders with colons between; `runtimes`: the folder of the runtime clients.
  Interpreters(std::string path, std::string runtimes);
  /// As Executor::choose. Blocks while it tries.
  [[nodiscard]] Result<RuntimeChoice> choose(std::string_view runtime);

 private:
  [[nodiscard]] const std::vector<Interpreter>& running(const std::string& name);
  [[nodiscard]] Result<RuntimeChoice> python(std::string_view runtime);
  [[nodiscard]] Result<RuntimeChoice> node(std::string_view runtime);
  [[nodiscard]] std::optional<Interpreter> python_with_client(int minor);

  const std::string path_;
  const std::string runtimes_;
  std::mutex mutex_;
  std::map<std::string, std::vector<Interpreter>> tried_;             // under mutex_
  std::map<std::string, Result<RuntimeChoice>, std::less<>> chosen_;  // under mutex_
};

}  // namespace warifu::services::lambda
