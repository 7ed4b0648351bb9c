#include <fmt/format.h>

#include "services/memory/errors.h"
#include "services/memory/event_outputs.h"
#include "services/memory/events.h"
#include "services/memory/idempotency.h"
#include "services/memory/limits.h"
#include "services/memory/memories.h"
#include "services/memory/memory_states.h"
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
  if (input.extraction_config && input.extraction_config->namespace_variables) {
    for (const auto& [key, value] : *input.extraction_config->namespace_variables) {
      content.namespace_variables.emplace_back(key, value);
    }
  }
  content.payload = TRY(payloads::encode(input.payload));
  return content;
}

/// A namespace variable must be declared on the memory, and its value allowed there.
Result<> check_variables(const memories::Memory& memory, const NamedValues& variables) {
  const auto declared = memory.namespace_keys.value_or(std::vector<m::NamespaceKeyEntry>{});
  for (const auto& [key, value] : variables) {
    const auto entry = std::ranges::find(declared, key, &m::NamespaceKeyEntry::key);
    if (entry == declared.end()) {
      return fail(invalid_field("extractionConfig.namespaceVariables",
                                fmt::format("namespace variable `{}` is not one of the memory's namespaceKeys", key)));
    }
    if (!entry->validation || !entry->validation->allowed_values) continue;
    const std::vector<std::string>& allowed = *entry->validation->allowed_values;
    if (std::ranges::find(allowed, value) == allowed.end()) {
      return fail(invalid_field("extractionConfig.namespaceVariables",
                                fmt::format("value `{}` is not allowed for namespace variable `{}`", value, key)));
    }
  }
  return {};
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

m::Event output_of(const m::CreateEventInput& input, const std::string& session, const events::Inserted& inserted,
                   EventContent content) {
  m::Event output{.memory_id = input.memory_id,
                  .actor_id = input.actor_id,
                  .session_id = session,
                  .event_id = inserted.event_id,
                  .event_timestamp = input.event_timestamp,
                  .payload = wire::Document{.json = std::move(content.payload)},
                  .metadata = input.metadata};
  output.branch.emplace().name = content.branch ? content.branch->name : std::string(kMainBranch);
  if (!inserted.root_event_id.empty()) output.branch->root_event_id = inserted.root_event_id;
  return output;
}

}  // namespace

// Long-term memory will mark the session for extraction in this transaction, when `State::extracts` and the event
// does not skip it; nothing reads such marks yet, so none are written.
Task<Result<m::CreateEventOutput>> create_event(api::Call& call, m::CreateEventInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  CO_TRY(check_timestamp(input.event_timestamp));
  EventContent content = CO_TRY(content_of(input));
  events::Draft draft = draft_of(call, target, input, content);
  const std::string session = draft.session;

  auto body = [target, draft = std::move(draft),
               variables = content.namespace_variables](store::Txn& txn) mutable -> Result<events::Inserted> {
    const states::State state = TRY(states::require(txn, target.partition, target.id));
    if (!variables.empty()) {
      const memories::Memory memory = TRY(memories::require(txn, target));
      TRY(check_variables(memory, variables));
    }
    return events::insert(txn, target.partition, draft, state.expires(draft.now));
  };
  const events::Inserted inserted = CO_TRY(co_await call.db().write(std::move(body)));
  co_return m::CreateEventOutput{.event = output_of(input, session, inserted, std::move(content))};
}

}  // namespace warifu::services::memory
