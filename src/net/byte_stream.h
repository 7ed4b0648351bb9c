#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/task.h"

namespace warifu::net {

/// A connected byte stream, type-erased so that the HTTP code compiles once for TCP, TLS and memory. One reader and one
/// writer at a time; lives on one event loop and is touched only there.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// At least one byte, or 0 at the end of the stream. kUnavailable: broken, or `cancel` was called meanwhile.
  virtual Task<Result<std::size_t>> read_some(std::span<char> into) = 0;
  /// Writes both, in one system call where it fits. kUnavailable: broken, or `cancel` was called meanwhile.
  virtual Task<Result<>> write_all(std::string_view head, std::string_view body) = 0;
  /// What can be written at once without waiting: the number of bytes taken of `head` then `body`. 0 is always right.
  virtual std::size_t try_write(std::string_view head, std::string_view body) = 0;
  /// Ends our half, so that the peer sees the end while we still read.
  virtual Task<> finish_writing() = 0;
  /// Fails the read or write that is waiting; the stream stays usable.
  virtual void cancel() = 0;
  /// False when the peer has surely gone (or talks out of turn): an idle connection is not worth trying again.
  [[nodiscard]] virtual bool usable() = 0;
  /// True when the peer has surely ended its half or is out of reach, whatever it sent before that and nobody has read.
  [[nodiscard]] virtual bool gone() { return false; }
  /// Closes at once. Idempotent; what waits fails.
  virtual void close() = 0;
};

}  // namespace warifu::net
