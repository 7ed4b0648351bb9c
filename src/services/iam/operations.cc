#include "services/iam/operations.h"

#include "services/iam/nouns.h"

namespace warifu::services::iam {

void bind(api::Registry& registry) {
  bind_users(registry);
  bind_access_keys(registry);
  bind_groups(registry);
  bind_roles(registry);
  bind_service_linked_roles(registry);
  bind_policies(registry);
  bind_policy_versions(registry);
  bind_policy_entities(registry);
  bind_inline_policies(registry);
  bind_attachments(registry);
  bind_boundaries(registry);
  bind_instance_profiles(registry);
  bind_oidc_providers(registry);
  bind_tags(registry);
  bind_account(registry);
  bind_authorization_details(registry);
  bind_simulation(registry);
}

}  // namespace warifu::services::iam
