#include <fmt/format.h>

#include <algorithm>

#include "services/memory/errors.h"
#include "services/memory/event_outputs.h"
#include "services/memory/events.h"
#include "services/memory/extraction_notices.h"
#include "services/memory/extraction_queue.h"
#include "services/memory/idempotency.h"
#include "services/memory/limits.h"
#include "services/memory/memories.h"
#include "services/memory/memory_states.h"
#include "services/memory/namespace_variables.h"
#include "services/memory/operations.h"
#include "services/memory/payloads.h"

namespace warifu::services::memory {
namespace {

/// Half of the suffixes lie above it, so that a millisecond has room for many events.
constexpr std::uint64_t kFirstSuffixes = 1ULL << 31;
constexpr std::uint64_t kSteps = 1ULL << 16;

Result<> check_timestamp(Timestamp time) {
  if (time.ms >= 0 && time.ms <= kEventTimestampMax) return {};
  return fail(invalid_field("eventTimestamp",
                            "eventTimestamp must be a time from 1970-01-01T00:00:00Z to "
                            "9999-12-31T23:59:59.999Z"));
}

Result<EventContent> content_of(const m::CreateEventInput& input) {
  EventContent content{.skip_extraction = input.extraction_mode.has_value()};
  if (input.branch && input.branch->name != kMainBranch) {
    const std::string root = input.branch->root_event_id.value_or("");
    if (!root.empty() && !EventId::parse(root)) return fail(root_not_in_session(root));
    content.branch = Branch{.name = input.branch->name, .root_event_id = root};
  } else if (input.branch && input.branch->root_event_id) {
    return fail(invalid_field("branch.rootEventId", "branch `main` has no rootEventId"));
  }
  if (input.metadata) {
    for (const auto& [key, value] : *input.metadata) {
      content.metadata.emplace_back(key, value.string_value.value_or(""));
    }
  }
  content.namespace_variables = namespace_variables_of(input.extraction_config);
  content.payload = TRY(payloads::encode(input.payload));
  return content;
}

/// A new event of `call`, encoded, so that its transaction only reads what it must and writes.
events::Draft draft_of(api::Call& call, const memories::Target& target, const m::CreateEventInput& input,
                       const EventContent& content) {
  const std::string token = input.client_token.value_or("");
  events::Draft draft{.actor = input.actor_id,
                      .time = input.event_timestamp,
                      .now = call.now(),
                      .branch = content.branch,
                      .token = idempotency::event_token(call.account(), token),
                      .token_row = !token.empty() && !idempotency::made_for_one_request(token),
                      .first_suffix = static_cast<std::uint32_t>(call.random().below(kFirstSuffixes)),
                      .step = static_cast<std::uint32_t>(1 + call.random().below(kSteps))};
  if (input.session_id) {
    draft.session = *input.session_id;
  } else {
    draft.session =
        token.empty() ? call.random().uuid() : idempotency::derived_session(target.arn, draft.actor, draft.token);
  }
  draft.row = encode_event(draft.now, draft.token, content);
  return draft;
}

/// Blobs are never looked into.
bool says_something(const m::CreateEventInput& input) {
  return std::ranges::any_of(input.payload,
                             [](const m::PayloadType& item) { return item.conversational || item.json; });
}

struct Written {
  events::Inserted event;
  bool waits = false;  // for extraction
};

/// A replay answers the first event's.
Timestamp timestamp_of(const events::Inserted& inserted, Timestamp asked) {
  const std::optional<EventId> id = inserted.replayed ? EventId::parse(inserted.event_id) : std::nullopt;
  return id ? id->time : asked;
}

m::Event output_of(const m::CreateEventInput& input, const std::string& session, const events::Inserted& inserted,
                   EventContent content) {
  m::Event output{.memory_id = input.memory_id,
                  .actor_id = input.actor_id,
                  .session_id = session,
                  .event_id = inserted.event_id,
                  .event_timestamp = timestamp_of(inserted, input.event_timestamp),
                  .payload = wire::Document{.json = std::move(content.payload)},
                  .metadata = input.metadata};
  output.branch.emplace().name = content.branch ? content.branch->name : std::string(kMainBranch);
  if (!inserted.root_event_id.empty()) output.branch->root_event_id = inserted.root_event_id;
  return output;
}

}  // namespace

Task<Result<m::CreateEventOutput>> create_event(api::Call& call, m::CreateEventInput input,
                                                extraction::Notices* extraction) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  CO_TRY(check_timestamp(input.event_timestamp));
  EventContent content = CO_TRY(content_of(input));
  events::Draft draft = draft_of(call, target, input, content);
  const std::string session = draft.session;
  const bool to_extract = !content.skip_extraction && says_something(input);

  auto body = [target, to_extract, draft = std::move(draft),
               variables = content.namespace_variables](store::Txn& txn) mutable -> Result<Written> {
    const states::State state = TRY(states::require(txn, target.partition, target.id));
    if (!variables.empty()) {
      const memories::Memory memory = TRY(memories::require(txn, target));
      TRY(check_namespace_variables(memory, variables));
    }
    Written written{.event = TRY(events::insert(txn, target.partition, draft, state.expires(draft.now)))};
    written.waits = to_extract && state.extracts && !written.event.replayed;
    if (written.waits) {
      TRY(queue::put(txn, target.partition, draft.ref(), {.created = draft.now, .event_id = written.event.event_id}));
    }
    return written;
  };
  const Written written = CO_TRY(co_await call.db().write(std::move(body)));
  if (written.waits && extraction != nullptr) extraction->notify(target.arn, {input.actor_id, session});
  co_return m::CreateEventOutput{.event = output_of(input, session, written.event, std::move(content))};
}

}  // namespace warifu::services::memory
