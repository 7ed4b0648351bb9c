#pragma once

#include <stop_token>

#include "api/registry.h"
#include "store/store.h"

namespace warifu::server {

/// Binds every handler that this server has.
void bind_services(api::Registry& registry);

/// Finishes what services left half done when the server last ended: sweeps of deleted memories. Blocks while it works,
/// in bounded transactions; for a thread of its own.
void resume_background_work(store::Db& db, const std::stop_token& stop);

}  // namespace warifu::server
