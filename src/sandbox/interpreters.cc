#include "sandbox/interpreters.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/unique_fd.h"

extern char** environ;

namespace warifu::sandbox {
namespace {

constexpr std::chrono::seconds kTrialTime{5};
constexpr std::size_t kAnswerBytesMax = 8192;
constexpr int kPythonMinorMax = 20;
constexpr std::size_t kPackageFoldersMax = 8;
constexpr const char* kPythonQuestion =
    "import os, site, sys\n"
    "print(*sys.version_info[:3])\n"
    "print(os.path.realpath(getattr(sys, '_base_executable', None) or sys.executable))\n"
    "print(os.path.realpath(sys.base_prefix))\n"
    "for p in site.getsitepackages([sys.base_prefix]) + ['/usr/lib/python3/dist-packages']:\n"
    "    if os.path.isdir(p) and os.path.realpath(p) == p: print(p)";
constexpr const char* kNodeQuestion =
    "const fs = require('fs'), path = require('path'), p = fs.realpathSync(process.execPath);"
    "console.log(process.versions.node.split('.').join(' ')); console.log(p);"
    "console.log(path.dirname(path.dirname(p)))";

/// What a program prints within kTrialTime; nullopt: it does not run, or ends with a failure.
std::optional<std::string> answer_of(const std::vector<std::string>& command) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  const UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
  ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), 1);
  ::posix_spawn_file_actions_adddup2(&actions, 0, 2);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  theirs.reset();
  if (error != 0) return std::nullopt;

  const auto late = std::chrono::steady_clock::now() + kTrialTime;
  std::string out;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(late - std::chrono::steady_clock::now());
    pollfd waiting{.fd = ours.get(), .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) {
      ::kill(pid, SIGKILL);
      break;
    }
    std::array<char, 1024> bytes{};
    const ssize_t n = ::read(ours.get(), bytes.data(), bytes.size());
    if (n <= 0) break;
    out.append(bytes.data(), static_cast<std::size_t>(n));
    if (out.size() > kAnswerBytesMax) ::kill(pid, SIGKILL);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? std::optional(std::move(out)) : std::nullopt;
}

std::string take_line(std::string_view& text, char end = '\n') {
  const std::size_t at = text.find(end);
  std::string out(text.substr(0, at));
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return out;
}

int take_number(std::string_view& text) {
  const std::string word = take_line(text, ' ');
  int value = -1;
  std::from_chars(word.data(), word.data() + word.size(), value);
  return value;
}

std::optional<Interpreter> interview(const std::string& program, bool python) {
  const std::optional<std::string> said =
      python ? answer_of({program, "-I", "-c", kPythonQuestion}) : answer_of({program, "-e", kNodeQuestion});
  if (!said) return std::nullopt;
  std::string_view rest = *said;
  const std::string numbers = take_line(rest);
  std::string_view left = numbers;
  Interpreter out;
  out.major = take_number(left);
  out.minor = take_number(left);
  out.patch = take_number(left);
  out.program = take_line(rest);
  out.prefix = take_line(rest);
  if (out.minor < 0 || !out.program.starts_with('/') || !out.prefix.starts_with('/') || out.prefix == "/") {
    return std::nullopt;
  }
  while (out.packages.size() < kPackageFoldersMax && rest.starts_with('/')) out.packages.push_back(take_line(rest));
  if (out.prefix == "/usr" || out.prefix.starts_with("/usr/")) out.prefix.clear();
  return out;
}

/// The number behind `prefix`, to the end or to a dot: 22 of `nodejs22.x`.
int number_after(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return -1;
  text.remove_prefix(prefix.size());
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && (end == text.data() + text.size() || *end == '.') ? value : -1;
}

Error unsupported(std::string message) { return {.code = ErrorCode::kUnsupported, .message = std::move(message)}; }

RuntimeChoice choice(const Interpreter& found, std::string note) {
  return {.program = found.program, .prefix = found.prefix, .packages = found.packages, .note = std::move(note)};
}

std::string path_of_process() {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return path == nullptr ? "/usr/bin:/bin" : path;
}

}  // namespace

std::string Interpreter::version() const {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

Interpreters::Interpreters(std::string path, Fit fit)
    : path_(path.empty() ? path_of_process() : std::move(path)), fit_(std::move(fit)) {}

const std::vector<Interpreter>& Interpreters::running(const std::string& name) {
  const auto known = tried_.find(name);
  if (known != tried_.end()) return known->second;
  std::vector<Interpreter> out;
  std::string_view rest = path_;
  while (!rest.empty()) {
    const std::string program = take_line(rest, ':') + "/" + name;
    if (!program.starts_with('/') || ::access(program.c_str(), X_OK) != 0) continue;
    if (std::optional<Interpreter> found = interview(program, name.starts_with("python"))) out.push_back(*found);
  }
  return tried_[name] = std::move(out);
}

std::optional<Interpreter> Interpreters::fitting_python(int minor) {
  const std::string version = "3." + std::to_string(minor);
  if (!fits("python", minor)) return std::nullopt;
  for (const std::string& name : {"python" + version, std::string("python3")}) {
    for (const Interpreter& found : running(name)) {
      if (found.major == 3 && found.minor == minor) return found;
    }
  }
  return std::nullopt;
}

Result<RuntimeChoice> Interpreters::python(std::string_view runtime) {
  const int asked = number_after(runtime, "python3.");
  if (asked < 0) return fail(unsupported("`" + std::string(runtime) + "` is no runtime of Python that is known here"));
  if (const auto exact = fitting_python(asked)) return choice(*exact, "");
  const auto instead = [&](const Interpreter& found) {
    return choice(found, std::string(runtime) + " is not installed here: it runs on Python " + found.version() + " (" +
                             found.program + ")");
  };
  for (int minor = asked + 1; minor <= kPythonMinorMax; ++minor) {
    if (const auto newer = fitting_python(minor)) return instead(*newer);
  }
  const std::optional<Interpreter> system = interview("/usr/bin/python3", true);
  if (system && fits("python", system->minor)) return instead(*system);
  return fail(unsupported("no Python that can run " + std::string(runtime) +
                          " is installed here (`make build` installs the runtime clients)"));
}

Result<RuntimeChoice> Interpreters::node(std::string_view runtime) {
  const int asked = number_after(runtime, "nodejs");
  const std::vector<Interpreter>& found = running("node");
  if (asked < 0 || !fits("node", 0) || found.empty()) {
    return fail(unsupported("no Node.js that can run " + std::string(runtime) + " is installed here"));
  }
  const Interpreter* best = &found.front();
  for (const Interpreter& one : found) {
    if (one.major == asked) best = &one;
  }
  if (best->major == asked) return choice(*best, "");
  return choice(*best, std::string(runtime) + " is not installed here: it runs on Node.js " + best->version() + " (" +
                           best->program + ")");
}

Result<RuntimeChoice> Interpreters::choose(std::string_view runtime) {
  const std::lock_guard lock(mutex_);
  const auto known = chosen_.find(runtime);
  if (known != chosen_.end()) return known->second;
  Result<RuntimeChoice> out = fail(unsupported("runtime `" + std::string(runtime) + "` cannot run here"));
  if (runtime.starts_with("python")) out = python(runtime);
  if (runtime.starts_with("nodejs")) out = node(runtime);
  if (runtime.starts_with("provided")) out = RuntimeChoice{};
  chosen_.emplace(runtime, out);
  return out;
}

std::string find_runtimes(std::string_view asked) {
  if (!asked.empty()) return std::string(asked);
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return {};
  for (const char* place : {"../runtimes", "../lib/warifu/runtimes", "../share/warifu/runtimes"}) {
    const std::filesystem::path folder = (program.parent_path() / place).lexically_normal();
    if (std::filesystem::exists(folder / "stamp", error)) return folder.string();
  }
  return {};
}

}  // namespace warifu::sandbox
