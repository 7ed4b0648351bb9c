#pragma once

#include <stop_token>

#include "search/embedder.h"
#include "store/store.h"

namespace warifu::services::memory {

/// Gives the records of every memory vectors of `embedder`, where they have those of another one: after the server's
/// embedder has changed. Says in the log how far it is. Blocks while it works, in small transactions; what a stop
/// interrupts goes on at the next start. For a thread of its own.
void reembed_memories(store::Db& db, search::Embedder& embedder, const std::stop_token& stop);

}  // namespace warifu::services::memory
