#include "services/cloudtrail/operations.h"

#include "gen/cloudtrail/events.h"
#include "services/cloudtrail/lookup_events.h"

namespace warifu::services::cloudtrail {

namespace ops = model::cloudtrail::ops;

void bind(api::Registry& registry, audit::Trail& trail) {
  registry.bind(ops::kLookupEvents, [&trail](api::Call& call, model::cloudtrail::LookupEventsInput input) {
    return lookup_events(call, trail, std::move(input));
  });
}

}  // namespace warifu::services::cloudtrail
