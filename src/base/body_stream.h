#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/task.h"

namespace warifu::http {

/// A response's body while it is made. Used by one coroutine on one event loop; destroying it ends what makes it. While
/// nobody asks for the next piece nothing more is made: a slow reader costs no memory.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  /// The next piece, not empty; nullopt: the body is whole. An error: it never will be, and the connection is cut so
  /// that the reader does not take the part for the whole.
  virtual Task<Result<std::optional<std::string>>> next() = 0;
  /// The reader has gone: makes a `next` that waits fail soon. Called on the same event loop, at any time, repeatedly.
  virtual void cancel() = 0;
};

}  // namespace warifu::http
