#include <fmt/format.h>

#include "services/memory/actors.h"
#include "services/memory/errors.h"
#include "services/memory/event_outputs.h"
#include "services/memory/events.h"
#include "services/memory/limits.h"
#include "services/memory/memories.h"
#include "services/memory/memory_states.h"
#include "services/memory/operations.h"
#include "services/memory/sessions.h"
#include "services/memory/sweep.h"

namespace warifu::services::memory {
namespace {

/// Expired rows that a listing must have passed over before it is worth a write to erase them.
constexpr std::size_t kWorthSweeping = 64;

std::size_t page_limit(const std::optional<std::int32_t>& max_results) {
  return static_cast<std::size_t>(max_results.value_or(kPageDefault));
}

Result<std::string> position_of(const api::Call& call, const std::optional<std::string>& token) {
  if (!token) return std::string();
  return call.page_position(*token);
}

Error bad_token() { return invalid_field("nextToken", "invalid nextToken"); }

Result<MetadataFilter> metadata_filter(const m::EventMetadataFilterExpression& expression, std::size_t number) {
  const std::string field = fmt::format("filter.eventMetadata.{}.member", number);
  if (!expression.left.metadata_key) {
    return fail(invalid_field(field, fmt::format("{}.left.metadataKey is required", field)));
  }
  const bool has_value =
      expression.right && expression.right->metadata_value && expression.right->metadata_value->string_value;
  MetadataFilter filter{.key = *expression.left.metadata_key};
  if (expression.operator_ == "EQUALS_TO") {
    if (!has_value) return fail(invalid_field(field, fmt::format("{}.right is required by EQUALS_TO", field)));
    filter.op = MetadataOperator::kEqualsTo;
    filter.value = *expression.right->metadata_value->string_value;
    return filter;
  }
  if (expression.right) {
    return fail(invalid_field(field, fmt::format("{}.right is not allowed with {}", field, expression.operator_)));
  }
  filter.op = expression.operator_ == "EXISTS" ? MetadataOperator::kExists : MetadataOperator::kNotExists;
  return filter;
}

/// The filter of a request; its branches are filled in from the session.
Result<EventFilter> filter_of(const std::optional<m::FilterInput>& input) {
  EventFilter filter;
  if (!input || !input->event_metadata) return filter;
  for (std::size_t i = 0; i < input->event_metadata->size(); ++i) {
    filter.metadata.push_back(TRY(metadata_filter((*input->event_metadata)[i], i + 1)));
  }
  return filter;
}

/// The event id in a position of ListEvents, which holds the event's whole key: a token of one session must not open
/// a page of another, where its caller may be allowed less.
Result<std::string> event_position(const std::string& position, SessionRef ref) {
  if (position.empty()) return position;
  const std::string prefix = keys::events(ref);
  if (!position.starts_with(prefix)) return fail(bad_token());
  std::string id = position.substr(prefix.size());
  if (!EventId::parse(id)) return fail(bad_token());
  return id;
}

}  // namespace

Task<Result<m::ListEventsOutput>> list_events(api::Call& call, m::ListEventsInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  const SessionRef ref{input.actor_id, input.session_id};
  const std::string position = CO_TRY(position_of(call, input.next_token));
  const std::string before = CO_TRY(event_position(position, ref));
  EventFilter filter = CO_TRY(filter_of(input.filter));
  const bool with_payload = input.include_payloads.value_or(true);

  const events::Page page = CO_TRY(call.db().read([&](store::Reader& reader) -> Result<events::Page> {
    TRY(states::require(reader, target.partition, target.id));
    if (input.filter && input.filter->branch) {
      filter.branches = TRY(branches::lineage(reader, target.partition, ref, input.filter->branch->name,
                                              input.filter->branch->include_parent_branches.value_or(false)));
    }
    return events::list(reader, target.partition, ref, filter, before, page_limit(input.max_results), with_payload,
                        call.now());
  }));

  m::ListEventsOutput output;
  output.events.reserve(page.events.size());
  for (const events::Stored& stored : page.events) {
    const EventView event = CO_TRY(EventView::parse(stored.row));
    output.events.push_back(event_output(input.memory_id, ref, stored.event_id, event, with_payload));
  }
  if (page.more) output.next_token = call.page_token(keys::event(ref, page.events.back().event_id));
  if (page.expired.size() >= kWorthSweeping) {
    const auto body = [target, actor = input.actor_id, session = input.session_id, expired = page.expired,
                       now = call.now()](store::Txn& txn) -> Result<> {
      return sweep::expired_events(txn, target.partition, {actor, session}, expired, now);
    };
    // The listing stands without it, so that a store that cannot write still reads.
    (void)co_await call.db().write(body);
  }
  co_return output;
}

Task<Result<m::ListSessionsOutput>> list_sessions(api::Call& call, m::ListSessionsInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  const std::string position = CO_TRY(position_of(call, input.next_token));
  const std::string prefix = keys::sessions(input.actor_id);
  const std::optional<std::string> after = position.empty() ? std::string() : keys::last_name(position, prefix);
  if (!after) co_return fail(bad_token());
  const bool with_events = input.filter && input.filter->event_filter;

  const sessions::Page page = CO_TRY(call.db().read([&](store::Reader& reader) -> Result<sessions::Page> {
    TRY(states::require(reader, target.partition, target.id));
    return sessions::list(reader, target.partition, input.actor_id, *after, page_limit(input.max_results), with_events,
                          call.now());
  }));

  m::ListSessionsOutput output;
  for (const sessions::Session& session : page.sessions) {
    output.session_summaries.push_back(
        {.session_id = session.session_id, .actor_id = input.actor_id, .created_at = session.created});
  }
  if (page.more) output.next_token = call.page_token(keys::session({input.actor_id, page.sessions.back().session_id}));
  if (!page.gone.empty()) {
    const auto body = [target, actor = input.actor_id, gone = page.gone,
                       now = call.now()](store::Txn& txn) -> Result<> {
      return sweep::gone_sessions(txn, target.partition, actor, gone, now);
    };
    (void)co_await call.db().write(body);
  }
  co_return output;
}

Task<Result<m::ListActorsOutput>> list_actors(api::Call& call, m::ListActorsInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  const std::string after = CO_TRY(position_of(call, input.next_token));
  actors::Page page = CO_TRY(call.db().read([&](store::Reader& reader) -> Result<actors::Page> {
    TRY(states::require(reader, target.partition, target.id));
    return actors::list(reader, target.partition, after, page_limit(input.max_results), call.now());
  }));

  m::ListActorsOutput output;
  if (page.more) output.next_token = call.page_token(page.actors.back());
  for (std::string& actor : page.actors) output.actor_summaries.push_back({.actor_id = std::move(actor)});
  co_return output;
}

}  // namespace warifu::services::memory
