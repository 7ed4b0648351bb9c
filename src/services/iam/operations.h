#pragma once

#include "api/registry.h"

namespace warifu::services::iam {

/// Binds IAM's operations to their handlers.
void bind(api::Registry& registry);

}  // namespace warifu::services::iam
