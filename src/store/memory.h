#pragma once

#include <memory>

#include "store/store.h"

namespace warifu::store {

/// An engine that keeps everything in this process's memory and nothing after it: for tests and throw-away servers.
/// Same contract as every engine. A reading closure must not wait for a write: it holds off commits while it runs.
[[nodiscard]] std::unique_ptr<Db> open_memory();

}  // namespace warifu::store
