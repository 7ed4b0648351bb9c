#include "services/memory/event_outputs.h"
#include "services/memory/events.h"
#include "services/memory/memories.h"
#include "services/memory/memory_states.h"
#include "services/memory/operations.h"

namespace warifu::services::memory {

Task<Result<m::GetEventOutput>> get_event(api::Call& call, m::GetEventInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  const SessionRef ref{input.actor_id, input.session_id};
  const events::Stored stored = CO_TRY(call.db().read([&](store::Reader& reader) -> Result<events::Stored> {
    TRY(states::require(reader, target.partition, target.id));
    return events::find(reader, target.partition, ref, input.event_id, call.now());
  }));
  const EventView event = CO_TRY(EventView::parse(stored.row));
  co_return m::GetEventOutput{.event = event_output(input.memory_id, ref, stored.event_id, event, true)};
}

Task<Result<m::DeleteEventOutput>> delete_event(api::Call& call, m::DeleteEventInput input) {
  memories::Target target = CO_TRY(memories::target_of(call));
  const auto body = [target = std::move(target), now = call.now(),
                     input = std::move(input)](store::Txn& txn) -> Result<m::DeleteEventOutput> {
    TRY(states::require(txn, target.partition, target.id));
    TRY(events::erase(txn, target.partition, {input.actor_id, input.session_id}, input.event_id, now));
    return m::DeleteEventOutput{.event_id = input.event_id};
  };
  co_return co_await call.db().write(body);
}

}  // namespace warifu::services::memory
