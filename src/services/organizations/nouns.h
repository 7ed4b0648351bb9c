#pragma once

#include "api/registry.h"

/// One file a noun; each binds its operations.
namespace warifu::services::organizations {

void bind_organization(api::Registry& registry);
void bind_accounts(api::Registry& registry);
void bind_handshakes(api::Registry& registry);
void bind_units(api::Registry& registry);
void bind_policies(api::Registry& registry);
void bind_attachments(api::Registry& registry);
void bind_delegates(api::Registry& registry);
void bind_tags(api::Registry& registry);

}  // namespace warifu::services::organizations
