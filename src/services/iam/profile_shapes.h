#pragma once

#include "identity/types.h"
#include "services/iam/shared.h"

namespace warifu::services::iam {

/// With its role and without tags, as listings show it.
[[nodiscard]] Result<m::InstanceProfile> shown_profile(store::Reader& reader, const AccountId& account,
                                                       const identity::InstanceProfile& profile);

}  // namespace warifu::services::iam
