#pragma once

#include "api/registry.h"
#include "audit/trail.h"

/// AWS CloudTrail: the trail of calls, as its accounts may read it.
namespace warifu::services::cloudtrail {

/// `trail` must outlive the registry's calls.
void bind(api::Registry& registry, audit::Trail& trail);

}  // namespace warifu::services::cloudtrail
