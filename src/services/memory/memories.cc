#include "services/memory/memories.h"

#include <fmt/format.h>

#include "base/arn.h"
#include "base/check.h"
#include "identity/accounts.h"
#include "identity/resource_policies.h"
#include "identity/tags.h"
#include "services/memory/errors.h"
#include "services/memory/keys.h"
#include "services/memory/memory_states.h"
#include "services/memory/sweep.h"
#include "wire/stored.h"

namespace warifu::services::memory::memories {
namespace {

using model::agentcore::GetMemoryOutput;

constexpr std::string_view kService = "bedrock-agentcore";
constexpr std::string_view kResourceType = "memory";
constexpr char kFormat = 1;

const wire::Operation& shapes() { return model::agentcore::tables::kGetMemory; }

}  // namespace

std::optional<Target> parse_target(std::string_view arn) {
  const std::optional<ArnView> view = ArnView::parse(arn);
  if (!view || view->service != kService || view->resource_type() != kResourceType) return std::nullopt;
  const std::optional<AccountId> owner = AccountId::parse(view->account);
  if (!owner || view->region.empty() || view->resource_id().empty()) return std::nullopt;
  return Target{.owner = *owner,
                .arn = std::string(arn),
                .region = std::string(view->region),
                .id = std::string(view->resource_id()),
                .partition = store::Partition::memory(*owner, arn)};
}

Target new_target(const AccountId& owner, std::string_view region, std::string_view id) {
  const std::optional<Target> target =
      parse_target(make_arn(kService, region, owner.str(), fmt::format("{}/{}", kResourceType, id)));
  CHECK(target.has_value(), "a region and an id make an ARN");
  return *target;
}

Result<Target> target_of(const api::Call& call) {
  std::optional<Target> target = parse_target(call.resource());
  if (!target) return fail(invalid_memory_id());
  if (target->region != call.region() || target->owner != call.owner()) return fail(memory_not_found(target->id));
  return *std::move(target);
}

std::string encode(const Memory& memory) {
  const GetMemoryOutput output{.memory = memory};
  return kFormat + wire::to_json(*shapes().output, &output);
}

Result<Memory> decode(std::string_view row) {
  if (!row.starts_with(kFormat)) return fail(bad_row("memory"));
  GetMemoryOutput output;
  TRY(wire::from_json(shapes(), *shapes().output, row.substr(1), &output));
  return std::move(output.memory);
}

Result<std::optional<Memory>> find(store::Reader& reader, const Target& target) {
  const store::Partition partition = store::Partition::account(target.owner);
  const std::optional<std::string> row = TRY(reader.get(partition, keys::memory(target.region, target.id)));
  if (!row) return std::optional<Memory>();
  return TRY(decode(*row));
}

Result<Memory> require(store::Reader& reader, const Target& target) {
  std::optional<Memory> memory = TRY(find(reader, target));
  if (!memory) return fail(memory_not_found(target.id));
  return *std::move(memory);
}

Result<bool> name_taken(store::Reader& reader, const AccountId& owner, std::string_view region, std::string_view name) {
  // An id is its memory's name, a hyphen (which no name has) and ten characters.
  const store::Range range = store::prefix_range(keys::memory(region, fmt::format("{}-", name)));
  bool taken = false;
  TRY(reader.scan(store::Partition::account(owner), range, [&](std::string_view, std::string_view) {
    taken = true;
    return false;
  }));
  return taken;
}

Result<> put(store::Txn& txn, const Target& target, const Memory& memory) {
  const store::Partition account = store::Partition::account(target.owner);
  TRY(txn.put(account, keys::memory(target.region, target.id), encode(memory)));
  const bool extracts = memory.strategies && !memory.strategies->empty();
  if (extracts) {
    TRY(txn.put(store::Partition::system(), keys::extracting(target.arn), ""));
  } else {
    TRY(txn.erase(store::Partition::system(), keys::extracting(target.arn)));
  }
  return states::put(
      txn, target.partition,
      {.event_expiry_days = static_cast<std::uint32_t>(memory.event_expiry_duration), .extracts = extracts});
}

Result<> erase(store::Txn& txn, const Target& target) {
  TRY(txn.erase(store::Partition::account(target.owner), keys::memory(target.region, target.id)));
  TRY(txn.erase(store::Partition::system(), keys::extracting(target.arn)));
  TRY(states::erase(txn, target.partition));
  TRY(identity::erase_all_tags(txn, target.owner, target.arn));
  TRY(identity::erase_resource_policy(txn, target.owner, target.arn));
  return sweep::mark_memory(txn, target.arn);
}

Result<std::vector<Target>> all(store::Reader& reader) {
  std::vector<Target> found;
  const std::vector<identity::Account> accounts = TRY(identity::list_accounts(reader));
  for (const identity::Account& account : accounts) {
    const std::optional<AccountId> id = AccountId::parse(account.id);
    if (!id) continue;
    TRY(reader.scan(store::Partition::account(*id), store::prefix_range("memory/"),
                    [&](std::string_view, std::string_view row) {
                      const Result<Memory> memory = decode(row);
                      auto target = memory ? parse_target(memory->arn) : std::nullopt;
                      if (target) found.push_back(*std::move(target));
                      return true;
                    }));
  }
  return found;
}

Result<std::vector<std::string>> extracting(store::Reader& reader) {
  const std::string prefix = keys::extractings();
  std::vector<std::string> arns;
  TRY(reader.scan(store::Partition::system(), store::prefix_range(prefix), [&](std::string_view key, std::string_view) {
    arns.emplace_back(key.substr(prefix.size()));
    return true;
  }));
  return arns;
}

Result<Page> list(store::Reader& reader, const AccountId& owner, std::string_view region, std::string_view after,
                  std::size_t limit) {
  store::Range range = store::prefix_range(keys::memories(region));
  if (!after.empty()) range.begin = keys::memory(region, after) + '\0';
  Page page;
  Result<> damage;
  TRY(reader.scan(store::Partition::account(owner), range, [&](std::string_view, std::string_view row) {
    page.more = page.memories.size() == limit;
    if (page.more) return false;
    Result<Memory> memory = decode(row);
    if (!memory) {
      damage = fail(memory.error());
      return false;
    }
    page.memories.push_back(*std::move(memory));
    return true;
  }));
  TRY(std::move(damage));
  return page;
}

}  // namespace warifu::services::memory::memories
