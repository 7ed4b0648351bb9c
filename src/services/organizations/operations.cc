#include "services/organizations/operations.h"

#include "services/organizations/nouns.h"

namespace warifu::services::organizations {

void bind(api::Registry& registry) {
  bind_organization(registry);
  bind_accounts(registry);
  bind_handshakes(registry);
  bind_units(registry);
  bind_policies(registry);
  bind_attachments(registry);
  bind_delegates(registry);
  bind_tags(registry);
}

}  // namespace warifu::services::organizations
