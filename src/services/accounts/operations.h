#pragma once

#include "api/registry.h"

/// The server's own service (`warifu`): its accounts, made and deleted with the management credentials only. Not AWS's.
namespace warifu::services::accounts {

void bind(api::Registry& registry);

}  // namespace warifu::services::accounts
