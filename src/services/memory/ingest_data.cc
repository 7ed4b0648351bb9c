#include <fmt/format.h>

#include <map>

#include "api/client_tokens.h"
#include "services/memory/errors.h"
#include "services/memory/event_rows.h"
#include "services/memory/extraction_notices.h"
#include "services/memory/extraction_queue.h"
#include "services/memory/idempotency.h"
#include "services/memory/limits.h"
#include "services/memory/memories.h"
#include "services/memory/namespace_variables.h"
#include "services/memory/operations.h"
#include "services/memory/payloads.h"

namespace warifu::services::memory {
namespace {

namespace client_tokens = api::client_tokens;

Result<std::vector<m::PayloadType>> items_of(const m::IngestDataInput& input) {
  if (!input.source.inline_) return fail(invalid_field("source", "source must have the member inline"));
  std::vector<m::PayloadType> items;
  for (const m::IngestPayloadType& item : input.source.inline_->payload) {
    items.push_back({.conversational = item.conversational, .json = item.json});
  }
  return items;
}

Result<EventContent> content_of(const m::IngestDataInput& input) {
  EventContent content;
  if (input.metadata) {
    for (const auto& [key, value] : *input.metadata) {
      content.metadata.emplace_back(key, value.string_value.value_or(""));
    }
  }
  content.namespace_variables = namespace_variables_of(input.extraction_config);
  const std::vector<m::PayloadType> items = TRY(items_of(input));
  content.payload = TRY(payloads::encode(items));
  if (content.payload.size() > kIngestBytesMax) {
    return fail(invalid_field("source", fmt::format("source of {} bytes exceeds the limit of {} bytes",
                                                    content.payload.size(), kIngestBytesMax)));
  }
  return content;
}

}  // namespace

Task<Result<m::IngestDataOutput>> ingest_data(api::Call& call, m::IngestDataInput input,
                                              extraction::Notices* extraction) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  if (input.content_timestamp.ms < 0 || input.content_timestamp.ms > kEventTimestampMax) {
    co_return fail(invalid_field("contentTimestamp", "contentTimestamp must be a time from 1970 to 9999"));
  }
  const EventContent content = CO_TRY(content_of(input));
  const std::string request =
      fmt::format("{}\n{}\n{}\n{}\n{}", target.arn, input.actor_id, input.session_id.value_or(""),
                  input.content_timestamp.ms, encode_event({}, {}, content));
  const client_tokens::Claim claimed =
      client_tokens::claim("IngestData", call.region(), input.client_token.value_or(""), request, call.now());
  const EventId id{.time = input.content_timestamp,
                   .suffix = static_cast<std::uint32_t>(call.random().below(1U << 31U))};
  const queue::Entry entry{
      .created = call.now(), .event_id = id.str(), .ingested = encode_event(call.now(), {}, content)};
  const std::string session = input.session_id ? *input.session_id : call.random().uuid();

  const auto body = [target, content, claimed, entry, session, caller = call.account(),
                     actor = input.actor_id](store::Txn& txn) -> Result<std::string> {
    const memories::Memory memory = TRY(memories::require(txn, target));
    TRY(check_namespace_variables(memory, content.namespace_variables));
    if (auto before = TRY(client_tokens::find(txn, caller, claimed))) return *std::move(before);
    // Without strategies nothing would ever take it.
    if (memory.strategies && !memory.strategies->empty()) {
      TRY(queue::put(txn, target.partition, {actor, session}, entry));
    }
    TRY(client_tokens::remember(txn, caller, claimed, session));
    return session;
  };
  std::string answered = CO_TRY(co_await call.db().write(body));
  if (extraction != nullptr) extraction->notify(target.arn, {input.actor_id, answered});
  co_return m::IngestDataOutput{.session_id = std::move(answered)};
}

}  // namespace warifu::services::memory
