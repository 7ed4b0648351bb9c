#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/runtime/runtimes.h"

namespace warifu::services::runtime {

/// A runtime with what requests to it need, as of one revision. Immutable; shared by requests.
struct KnownRuntime {
  struct Serving {
    Endpoint endpoint;
    std::shared_ptr<const Version> version;
  };
  RuntimePlace place;
  std::uint64_t revision = 0;
  std::vector<Serving> endpoints;

  /// nullptr: there is no such endpoint.
  [[nodiscard]] const Serving* find(std::string_view name) const;
  /// What DEFAULT serves: how those are told who name no endpoint that is there.
  [[nodiscard]] const Version& newest() const;
};

/// Runtimes by id, read once for each revision: a request costs one small read that its thread mostly has kept.
/// Thread-safe.
class Directory {
 public:
  /// Keeps at most `runtimes_max` runtimes.
  explicit Directory(std::size_t runtimes_max = 1024);
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  /// nullptr: there is no such runtime. What `reader` sees, never older.
  [[nodiscard]] Result<std::shared_ptr<const KnownRuntime>> find(store::Reader& reader, std::string_view id) const;

 private:
  struct Cache;
  std::unique_ptr<Cache> cache_;
};

}  // namespace warifu::services::runtime
