#include <fmt/format.h>

#include "api/client_tokens.h"
#include "services/memory/errors.h"
#include "services/memory/memories.h"
#include "services/memory/memory_rules.h"
#include "services/memory/operations.h"
#include "services/memory/strategies.h"
#include "wire/stored.h"

namespace warifu::services::memory {
namespace {

namespace client_tokens = api::client_tokens;

using memories::Memory;

std::vector<m::MemoryStrategy>::iterator find_strategy(Memory& memory, std::string_view id) {
  return std::ranges::find(*memory.strategies, id, &m::MemoryStrategy::strategy_id);
}

Error strategy_not_found(std::string_view id) { return not_found(fmt::format("Memory strategy not found: {}", id)); }

/// Deletes, then modifies, then adds: one request may replace a strategy by another of the same name.
Result<> change_strategies(Memory& memory, const m::ModifyMemoryStrategies& input,
                           const std::vector<std::string>& id_suffixes, Timestamp now) {
  if (!memory.strategies) memory.strategies.emplace();
  for (const m::DeleteMemoryStrategyInput& one :
       input.delete_memory_strategies.value_or(std::vector<m::DeleteMemoryStrategyInput>{})) {
    const auto found = find_strategy(memory, one.memory_strategy_id);
    if (found == memory.strategies->end()) return fail(strategy_not_found(one.memory_strategy_id));
    memory.strategies->erase(found);
  }
  if (input.modify_memory_strategies) {
    for (std::size_t i = 0; i < input.modify_memory_strategies->size(); ++i) {
      const m::ModifyMemoryStrategyInput& one = (*input.modify_memory_strategies)[i];
      const auto found = find_strategy(memory, one.memory_strategy_id);
      if (found == memory.strategies->end()) return fail(strategy_not_found(one.memory_strategy_id));
      TRY(strategies::modify(*found, one, now,
                             fmt::format("memoryStrategies.modifyMemoryStrategies.{}.member", i + 1)));
    }
  }
  for (std::size_t i = 0; i < id_suffixes.size(); ++i) {
    memory.strategies->push_back(
        TRY(strategies::build((*input.add_memory_strategies)[i], id_suffixes[i], now,
                              fmt::format("memoryStrategies.addMemoryStrategies.{}.member", i + 1))));
  }
  return {};
}

Result<Memory> changed(Memory memory, const m::UpdateMemoryInput& input, const std::vector<std::string>& id_suffixes,
                       Timestamp now) {
  if (input.description) memory.description = input.description;
  if (input.event_expiry_duration) memory.event_expiry_duration = *input.event_expiry_duration;
  if (input.memory_execution_role_arn) memory.memory_execution_role_arn = input.memory_execution_role_arn;
  if (input.namespace_keys) memory.namespace_keys = input.namespace_keys;
  if (input.add_indexed_keys) TRY(memory_rules::add_indexed_keys(memory, *input.add_indexed_keys));
  if (input.memory_strategies) TRY(change_strategies(memory, *input.memory_strategies, id_suffixes, now));
  memory.updated_at = now;
  TRY(memory_rules::check(memory));
  return memory;
}

client_tokens::Claim claim_of(const api::Call& call, const memories::Target& target,
                              const m::UpdateMemoryInput& input) {
  m::UpdateMemoryInput request = input;
  request.client_token.reset();
  const std::string text = target.id + wire::to_json(*m::tables::kUpdateMemory.input, &request);
  return client_tokens::claim("UpdateMemory", call.region(), input.client_token.value_or(""), text, call.now());
}

}  // namespace

Task<Result<m::UpdateMemoryOutput>> update_memory(api::Call& call, m::UpdateMemoryInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  CO_TRY(memory_rules::check_supported(input));
  const client_tokens::Claim claim = claim_of(call, target, input);
  std::vector<std::string> id_suffixes;
  if (input.memory_strategies && input.memory_strategies->add_memory_strategies) {
    for (std::size_t i = 0; i < input.memory_strategies->add_memory_strategies->size(); ++i) {
      id_suffixes.push_back(strategies::new_id_suffix(call.random()));
    }
  }
  const auto body = [target, claim, id_suffixes, now = call.now(),
                     input = std::move(input)](store::Txn& txn) -> Result<m::UpdateMemoryOutput> {
    Memory memory = TRY(memories::require(txn, target));
    const std::optional<std::string> first = TRY(client_tokens::find(txn, target.owner, claim));
    if (first) return m::UpdateMemoryOutput{.memory = std::move(memory)};

    Memory updated = TRY(changed(std::move(memory), input, id_suffixes, now));
    TRY(memories::put(txn, target, updated));
    TRY(client_tokens::remember(txn, target.owner, claim, target.id));
    return m::UpdateMemoryOutput{.memory = std::move(updated)};
  };
  co_return co_await call.db().write(body);
}

}  // namespace warifu::services::memory
