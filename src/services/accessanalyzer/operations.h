#pragma once

#include "api/registry.h"

namespace warifu::services::accessanalyzer {

/// Binds access-analyzer's handlers: ValidatePolicy.
void bind(api::Registry& registry);

}  // namespace warifu::services::accessanalyzer
