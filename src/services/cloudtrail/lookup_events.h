#pragma once

#include "api/call.h"
#include "audit/trail.h"
#include "base/hop.h"
#include "gen/cloudtrail/events.h"
#include "services/cloudtrail/lookup_limit.h"

namespace warifu::services::cloudtrail {

/// What lookups share. A page may look at thousands of rows: away from the loops that answer requests.
struct LookupDesk {
  LookupDesk(audit::Trail& its_trail, double per_second) : trail(its_trail), limit(per_second) {}

  audit::Trail& trail;
  LookupLimit limit;
  Workers workers{1};
};

/// LookupEvents: the caller's account's management events of the last 90 days in the call's region, newest first. What
/// was answered before the call came is among them. A page may be short, or empty, and still have a next one: a search
/// for what is rare stops when it has looked at enough. ThrottlingException: the account looked too often.
[[nodiscard]] Task<Result<model::cloudtrail::LookupEventsOutput>> lookup_events(
    api::Call& call, LookupDesk& desk, model::cloudtrail::LookupEventsInput input);

}  // namespace warifu::services::cloudtrail
