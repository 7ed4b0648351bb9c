#pragma once

#include "api/registry.h"

/// AWS Organizations (JSON 1.1, version 2016-11-28), as far as it takes part in authorization.
namespace warifu::services::organizations {

void bind(api::Registry& registry);

}  // namespace warifu::services::organizations
