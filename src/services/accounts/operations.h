#pragma once

#include "api/registry.h"

/// The server's own service (`warifu`): its accounts, made and deleted with the management credentials only. Not AWS's.
namespace warifu::services::accounts {

void bind(api::Registry& registry);
/// ImportAccount, ImportOrganization, ImportResourcePolicies: a real estate from files, for the same credentials.
void bind_import(api::Registry& registry);

}  // namespace warifu::services::accounts
