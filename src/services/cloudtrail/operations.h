#pragma once

#include "api/registry.h"
#include "audit/trail.h"

/// AWS CloudTrail: the trail of calls, as its accounts may read it.
namespace warifu::services::cloudtrail {

/// AWS's limit of LookupEvents, for each account and region; what ten seconds of rest save up may come at once.
inline constexpr double kLookupsPerSecond = 2;

/// `trail` must outlive the registry's calls. `lookups_per_second` 0: no limit.
void bind(api::Registry& registry, audit::Trail& trail, double lookups_per_second = kLookupsPerSecond);

}  // namespace warifu::services::cloudtrail
