#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/unique_fd.h"
#include "sandbox/sandbox.h"

namespace warifu::sandbox {

/// One sandbox's group. Gone with its owner, when no process is left in it.
class Cgroup {
 public:
  Cgroup(std::string path, UniqueFd procs) : path_(std::move(path)), procs_(std::move(procs)) {}
  ~Cgroup();
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;

  /// Open for writing `0`: who writes joins.
  [[nodiscard]] const UniqueFd& procs() const { return procs_; }
  /// True when the kernel has killed a process in it for memory.
  [[nodiscard]] bool out_of_memory() const;

 private:
  std::string path_;
  UniqueFd procs_;
};

/// Makes control groups (version 2) below one that has been left to us. Thread-safe.
class Cgroups {
 public:
  /// `path`: of a group that we may make others in; empty: our own one. Null: there is none with the memory and pids
  /// controllers, and limits are held otherwise.
  [[nodiscard]] static std::unique_ptr<Cgroups> open(std::string path);
  /// Null: it could not be made.
  [[nodiscard]] std::shared_ptr<Cgroup> make(const std::string& name, const Limits& limits) const;

 private:
  explicit Cgroups(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace warifu::sandbox
