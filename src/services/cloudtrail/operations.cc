#include "services/cloudtrail/operations.h"

#include <memory>

#include "gen/cloudtrail/events.h"
#include "services/cloudtrail/lookup_events.h"

namespace warifu::services::cloudtrail {

namespace ops = model::cloudtrail::ops;

void bind(api::Registry& registry, audit::Trail& trail, double lookups_per_second) {
  // The binding's own: it is joined when the registry goes, which is before the store.
  auto desk = std::make_shared<LookupDesk>(trail, lookups_per_second);
  registry.bind(ops::kLookupEvents, [desk](api::Call& call, model::cloudtrail::LookupEventsInput input) {
    return lookup_events(call, *desk, std::move(input));
  });
}

}  // namespace warifu::services::cloudtrail
