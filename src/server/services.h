#pragma once

#include "api/registry.h"

namespace warifu::server {

/// Binds every handler that this server has.
void bind_services(api::Registry& registry);

}  // namespace warifu::server
