#include <fmt/format.h>

#include "api/client_tokens.h"
#include "identity/tags.h"
#include "services/memory/errors.h"
#include "services/memory/limits.h"
#include "services/memory/memories.h"
#include "services/memory/memory_rules.h"
#include "services/memory/operations.h"
#include "services/memory/strategies.h"
#include "services/memory/sweep.h"
#include "wire/stored.h"

namespace warifu::services::memory {
namespace {

namespace client_tokens = api::client_tokens;

using memories::Memory;

Result<Memory> memory_of(const api::Call& call, const memories::Target& target, const m::CreateMemoryInput& input) {
  TRY(memory_rules::check_supported(input));
  Memory memory{.arn = target.arn,
                .id = target.id,
                .name = input.name,
                .description = input.description,
                .memory_execution_role_arn = input.memory_execution_role_arn,
                .event_expiry_duration = input.event_expiry_duration,
                .status = std::string(strategies::kActive),
                .created_at = call.now(),
                .updated_at = call.now(),
                .indexed_keys = input.indexed_keys,
                .namespace_keys = input.namespace_keys};
  memory.strategies.emplace();
  if (input.memory_strategies) {
    for (std::size_t i = 0; i < input.memory_strategies->size(); ++i) {
      memory.strategies->push_back(
          TRY(strategies::build((*input.memory_strategies)[i], strategies::new_id_suffix(call.random()), call.now(),
                                fmt::format("memoryStrategies.{}.member", i + 1))));
    }
  }
  TRY(memory_rules::check(memory));
  return memory;
}

/// Creation is over when it is answered, but the answer says what clients expect: their next GetMemory finds ACTIVE.
m::CreateMemoryOutput creating(Memory memory) {
  memory.status = std::string(strategies::kCreating);
  for (m::MemoryStrategy& strategy : *memory.strategies) strategy.status = std::string(strategies::kCreating);
  return {.memory = std::move(memory)};
}

m::MemorySummary summary_of(const Memory& memory) {
  return {.arn = memory.arn,
          .id = memory.id,
          .status = memory.status,
          .created_at = memory.created_at,
          .updated_at = memory.updated_at};
}

}  // namespace

Task<Result<m::CreateMemoryOutput>> create_memory(api::Call& call, m::CreateMemoryInput input) {
  const std::string id = fmt::format("{}-{}", input.name, strategies::new_id_suffix(call.random()));
  const memories::Target target = memories::new_target(call.account(), call.region(), id);
  const client_tokens::Claim claim = client_tokens::claim_of(call, m::ops::kCreateMemory, call.region(), input);
  const Memory memory = CO_TRY(memory_of(call, target, input));
  const identity::Tags tags =
      CO_TRY(identity::requested_tags(input.tags.value_or(std::map<std::string, std::string>{}), "tags"));
  const auto body = [target, claim, memory, tags](store::Txn& txn) -> Result<m::CreateMemoryOutput> {
    const std::optional<std::string> first = TRY(client_tokens::find(txn, target.owner, claim));
    if (first) {
      std::optional<Memory> made = TRY(memories::find(txn, memories::new_target(target.owner, target.region, *first)));
      if (made) return creating(*std::move(made));
    }
    if (TRY(memories::name_taken(txn, target.owner, target.region, memory.name))) {
      return fail(memory_name_exists(memory.name));
    }
    TRY(memories::put(txn, target, memory));
    if (!tags.empty()) TRY(identity::put_tags(txn, target.owner, target.arn, tags));
    TRY(client_tokens::remember(txn, target.owner, claim, target.id));
    return creating(memory);
  };
  co_return co_await call.db().write(body);
}

// Without a customer key nothing needs decryption, so both views are the same.
Task<Result<m::GetMemoryOutput>> get_memory(api::Call& call, m::GetMemoryInput) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetMemoryOutput> {
    return m::GetMemoryOutput{.memory = TRY(memories::require(reader, target))};
  });
}

Task<Result<m::ListMemoriesOutput>> list_memories(api::Call& call, m::ListMemoriesInput input) {
  std::string after;
  if (input.next_token) after = CO_TRY(call.page_position(*input.next_token));
  const auto limit = static_cast<std::size_t>(input.max_results.value_or(kPageDefault));
  const memories::Page page = CO_TRY(call.db().read(
      [&](store::Reader& reader) { return memories::list(reader, call.account(), call.region(), after, limit); }));
  m::ListMemoriesOutput output;
  for (const Memory& memory : page.memories) output.memories.push_back(summary_of(memory));
  if (page.more) output.next_token = call.page_token(page.memories.back().id);
  co_return output;
}

Task<Result<m::DeleteMemoryOutput>> delete_memory(api::Call& call, m::DeleteMemoryInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  const client_tokens::Claim claim =
      client_tokens::claim("DeleteMemory", call.region(), input.client_token.value_or(""), target.id, call.now());
  const auto body = [target, claim](store::Txn& txn) -> Result<> {
    const std::optional<std::string> first = TRY(client_tokens::find(txn, target.owner, claim));
    if (first) return {};
    TRY(memories::require(txn, target));
    TRY(memories::erase(txn, target));
    return client_tokens::remember(txn, target.owner, claim, target.id);
  };
  CO_TRY(co_await call.db().write(body));
  // The memory is gone already; what this leaves lying waits for the next sweep.
  (void)co_await sweep::run(call.db(), kSweepBatches);
  co_return m::DeleteMemoryOutput{.memory_id = target.id, .status = "DELETING"};
}

}  // namespace warifu::services::memory
