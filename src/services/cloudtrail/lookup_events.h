#pragma once

#include "api/call.h"
#include "audit/trail.h"
#include "gen/cloudtrail/events.h"

namespace warifu::services::cloudtrail {

/// LookupEvents: the caller's account's management events of the last 90 days in the call's region, newest first. What
/// was answered before the call came is among them. A page may be short, or empty, and still have a next one: a search
/// for what is rare stops when it has looked at enough.
[[nodiscard]] Task<Result<model::cloudtrail::LookupEventsOutput>> lookup_events(
    api::Call& call, audit::Trail& trail, model::cloudtrail::LookupEventsInput input);

}  // namespace warifu::services::cloudtrail
