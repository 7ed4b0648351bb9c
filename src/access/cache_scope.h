#pragma once

#include <cstdint>

namespace warifu::access {

/// Keeps the caches of one server apart from another's in the same process: identity versions count per store. Cheap to
/// copy; two that were made separately never share an entry.
class CacheScope {
 public:
  CacheScope();
  [[nodiscard]] std::uint64_t id() const { return id_; }

 private:
  std::uint64_t id_;
};

}  // namespace warifu::access
