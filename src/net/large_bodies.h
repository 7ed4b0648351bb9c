#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace warifu::net {

/// The memory that request bodies past the ordinary bound may take together, whoever sends them: they are read before
/// anybody is authenticated. Thread-safe; outlives its reservations.
class LargeBodies : public std::enable_shared_from_this<LargeBodies> {
 public:
  explicit LargeBodies(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Room for `bytes`, given back when the answer is destroyed; nullptr: there is none now.
  [[nodiscard]] std::shared_ptr<void> reserve(std::size_t bytes) {
    std::size_t used = used_.load();
    do {
      if (bytes > bytes_max_ - used) return nullptr;
    } while (!used_.compare_exchange_weak(used, used + bytes));
    return {this, [self = shared_from_this(), bytes](void*) { self->used_ -= bytes; }};
  }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> used_ = 0;
};

}  // namespace warifu::net
