#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/inside/inside.h"

namespace warifu::sandbox::inside {
namespace {

using Bytes = unsigned long long;

/// The file's beginning as text; false when it is not there (the process has gone).
bool read_text(const char* pid, const char* name, char* into, unsigned long size) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t n = read(fd, into, size - 1);
  close(fd);
  into[n > 0 ? n : 0] = '\0';
  return n > 0;
}

Bytes resident(const char* pid) {
  char text[256];
  if (!read_text(pid, "statm", text, sizeof(text))) return 0;
  char* second = nullptr;
  strtoull(text, &second, 10);
  return strtoull(second, nullptr, 10) * static_cast<Bytes>(sysconf(_SC_PAGESIZE));
}

/// Its share: pages that several processes have count once in all.
Bytes proportional(const char* pid) {
  char text[1024];
  if (!read_text(pid, "smaps_rollup", text, sizeof(text))) return resident(pid);
  const char* line = strstr(text, "\nPss:");
  return line == nullptr ? 0 : strtoull(line + 5, nullptr, 10) * 1024;
}

Bytes sum(Bytes (*of)(const char* pid)) {
  DIR* folder = opendir("/proc");
  if (folder == nullptr) return 0;
  Bytes total = 0;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || strcmp(entry->d_name, "1") == 0) continue;
    total += of(entry->d_name);
  }
  closedir(folder);
  return total;
}

}  // namespace

unsigned long long memory_used(unsigned long long limit) {
  const Bytes rough = sum(resident);
  return rough <= limit ? rough : sum(proportional);
}

}  // namespace warifu::sandbox::inside
