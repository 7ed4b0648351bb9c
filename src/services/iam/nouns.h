#pragma once

#include "api/registry.h"

/// One function a noun: each binds the operations that its source file handles.
namespace warifu::services::iam {

void bind_users(api::Registry& registry);
void bind_access_keys(api::Registry& registry);
void bind_groups(api::Registry& registry);
void bind_roles(api::Registry& registry);
void bind_service_linked_roles(api::Registry& registry);
void bind_policies(api::Registry& registry);
void bind_policy_versions(api::Registry& registry);
void bind_policy_entities(api::Registry& registry);
void bind_inline_policies(api::Registry& registry);
void bind_attachments(api::Registry& registry);
void bind_boundaries(api::Registry& registry);
void bind_instance_profiles(api::Registry& registry);
void bind_oidc_providers(api::Registry& registry);
void bind_tags(api::Registry& registry);
void bind_account(api::Registry& registry);
void bind_authorization_details(api::Registry& registry);
void bind_simulation(api::Registry& registry);

}  // namespace warifu::services::iam
