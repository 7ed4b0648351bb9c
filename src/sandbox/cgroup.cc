#include "sandbox/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace warifu::sandbox {
namespace {

constexpr std::string_view kRoot = "/sys/fs/cgroup";

std::string read_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> bytes{};
  const ssize_t n = file ? ::read(file.get(), bytes.data(), bytes.size()) : -1;
  return n > 0 ? std::string(bytes.data(), static_cast<std::size_t>(n)) : std::string{};
}

bool write_file(const std::string& path, std::string_view text) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// Where the unified hierarchy has us; empty: nowhere.
std::string own_group() {
  struct statfs info{};
  if (::statfs(kRoot.data(), &info) != 0 || info.f_type != CGROUP2_SUPER_MAGIC) return {};
  const std::string lines = "\n" + read_file("/proc/self/cgroup");
  const std::size_t at = lines.find("\n0::");
  if (at == std::string::npos) return {};
  const std::string path = lines.substr(at + 4, lines.find('\n', at + 4) - at - 4);
  return std::string(kRoot) + (path == "/" ? "" : path);
}

bool has_controllers(const std::string& text) {
  return text.find("memory") != std::string::npos && text.find("pids") != std::string::npos;
}

}  // namespace

Cgroup::~Cgroup() { ::rmdir(path_.c_str()); }

bool Cgroup::out_of_memory() const {
  const std::string events = "\n" + read_file(path_ + "/memory.events");
  const std::size_t at = events.find("\noom_kill ");
  return at != std::string::npos && events.at(at + 10) != '0';
}

std::unique_ptr<Cgroups> Cgroups::open(std::string path) {
  const bool own = path.empty();
  if (own) path = own_group();
  if (path.empty() || ::access((path + "/cgroup.subtree_control").c_str(), W_OK) != 0) return nullptr;
  if (!has_controllers(read_file(path + "/cgroup.controllers"))) return nullptr;
  if (!has_controllers(read_file(path + "/cgroup.subtree_control"))) {
    // A group with processes of its own can hand no controller down: ours move into a leaf first.
    const std::string leaf = path + "/warifu-server";
    if (own && (::mkdir(leaf.c_str(), 0755) == 0 || errno == EEXIST)) write_file(leaf + "/cgroup.procs", "0");
    if (!write_file(path + "/cgroup.subtree_control", "+memory +pids")) return nullptr;
  }
  return std::unique_ptr<Cgroups>(new Cgroups(std::move(path)));
}

std::shared_ptr<Cgroup> Cgroups::make(const std::string& name, const Limits& limits) const {
  const std::string path = path_ + "/warifu-" + name;
  if (::mkdir(path.c_str(), 0755) != 0) return nullptr;
  UniqueFd procs(::open((path + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  auto group = std::make_shared<Cgroup>(path, std::move(procs));
  // Pages of /tmp count too.
  const std::uint64_t memory = limits.memory_bytes + limits.tmp_bytes;
  if (!group->procs() || !write_file(path + "/memory.max", std::to_string(memory)) ||
      !write_file(path + "/pids.max", std::to_string(limits.processes + 8))) {
    return nullptr;
  }
  write_file(path + "/memory.swap.max", "0");
  return group;
}

}  // namespace warifu::sandbox
