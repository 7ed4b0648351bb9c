#include "services/gateway/targets_store.h"

#include <algorithm>

#include "services/gateway/control_errors.h"
#include "services/gateway/control_keys.h"
#include "store/keys.h"
#include "wire/stored.h"

namespace warifu::services::gateway::targets {
namespace {

constexpr std::string_view kIdCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::size_t kIdLength = 10;
constexpr std::size_t kReasonMax = 2'048;
constexpr char kFormat = 1;

const wire::Operation& shapes() { return m::tables::kGetGatewayTarget; }

Result<TargetRow> decode(std::string_view row) {
  if (!row.starts_with(kFormat)) return fail(bad_row("gateway target"));
  TargetRow target;
  TRY(wire::from_json(shapes(), *shapes().output, row.substr(1), &target));
  return target;
}

/// The attempt that the target waits for; nullopt: it does not wait.
Result<std::optional<std::uint64_t>> attempt_of(store::Reader& reader, std::string_view arn, std::string_view id) {
  const std::optional<std::string> row = TRY(reader.get(store::Partition::system(), keys::waiting(arn, id)));
  if (!row) return std::optional<std::uint64_t>();
  std::string_view bytes = *row;
  const std::optional<std::uint64_t> attempt = store::take_u64(bytes);
  if (!attempt) return fail(bad_row("waiting target"));
  return attempt;
}

std::string_view status_after(std::string_view before, bool ok) {
  if (ok) return target_status::kReady;
  if (before == target_status::kUpdating) return target_status::kUpdateUnsuccessful;
  if (before == target_status::kSynchronizing) return target_status::kSynchronizeUnsuccessful;
  return target_status::kFailed;
}

}  // namespace

std::string new_id(Random& random) { return random.text(kIdLength, kIdCharacters); }

bool needs_connection(const m::TargetConfiguration& configuration) {
  if (!configuration.mcp) return false;
  const m::McpTargetConfiguration& mcp = *configuration.mcp;
  if (mcp.mcp_server) return !mcp.mcp_server->mcp_tool_schema;
  return mcp.open_api_schema || mcp.smithy_model || mcp.api_gateway || mcp.connector;
}

std::string_view type_of(const m::TargetConfiguration& configuration) {
  if (const auto& mcp = configuration.mcp) {
    if (mcp->open_api_schema) return "OPEN_API_SCHEMA";
    if (mcp->smithy_model) return "SMITHY_MODEL";
    if (mcp->lambda) return "LAMBDA";
    if (mcp->mcp_server) return "MCP_SERVER";
    if (mcp->api_gateway) return "API_GATEWAY";
    return "CONNECTOR";
  }
  if (const auto& http = configuration.http) {
    if (http->agentcore_runtime) return "AGENTCORE_RUNTIME";
    if (http->passthrough) return "PASSTHROUGH";
    return "HTTP_CONNECTOR";
  }
  return configuration.inference && configuration.inference->provider ? "PROVIDER" : "CONNECTOR";
}

Result<std::optional<TargetRow>> find(store::Reader& reader, const GatewayPlace& place, std::string_view target_id) {
  const std::optional<std::string> row = TRY(reader.get(place.partition(), keys::target(place, target_id)));
  if (!row) return std::optional<TargetRow>();
  return TRY(decode(*row));
}

Result<TargetRow> require(store::Reader& reader, const GatewayPlace& place, std::string_view target_id) {
  std::optional<TargetRow> target = TRY(find(reader, place, target_id));
  if (!target) return fail(target_not_found(target_id));
  return *std::move(target);
}

Result<std::vector<TargetRow>> all(store::Reader& reader, const GatewayPlace& place) {
  Page page = TRY(list(reader, place, "", SIZE_MAX));
  return std::move(page.targets);
}

Result<std::optional<std::string>> catalogue(store::Reader& reader, const GatewayPlace& place,
                                             std::string_view target_id) {
  return reader.get(place.partition(), keys::catalogue(place, target_id));
}

Result<bool> name_taken(store::Reader& reader, const GatewayPlace& place, std::string_view name) {
  const std::optional<std::string> row = TRY(reader.get(place.partition(), keys::target_name(place, name)));
  return row.has_value();
}

Result<std::size_t> count(store::Reader& reader, const GatewayPlace& place) {
  const std::vector<std::string> found = TRY(names(reader, place));
  return found.size();
}

Result<std::vector<std::string>> names(store::Reader& reader, const GatewayPlace& place) {
  std::vector<std::string> found;
  const std::string prefix = keys::target_names(place);
  TRY(reader.scan(place.partition(), store::prefix_range(prefix), [&](std::string_view key, std::string_view) {
    found.emplace_back(key.substr(prefix.size()));
    return true;
  }));
  return found;
}

Result<> put(store::Txn& txn, const GatewayPlace& place, const TargetRow& target) {
  TRY(txn.put(place.partition(), keys::target_name(place, target.name), target.target_id));
  TRY(txn.put(place.partition(), keys::target(place, target.target_id),
              kFormat + wire::to_json(*shapes().output, &target)));
  return gateways::touch(txn, place);
}

Result<> replace(store::Txn& txn, const GatewayPlace& place, const TargetRow& before, const TargetRow& target) {
  if (before.name != target.name) TRY(txn.erase(place.partition(), keys::target_name(place, before.name)));
  if (!needs_connection(target.target_configuration)) {
    TRY(txn.erase(place.partition(), keys::catalogue(place, target.target_id)));
  }
  TRY(txn.erase(store::Partition::system(), keys::waiting(place.arn, target.target_id)));
  return put(txn, place, target);
}

Result<WaitingTarget> wait(store::Txn& txn, const GatewayPlace& place, std::string_view target_id) {
  // The gateway's version has just moved with the target, and never comes again.
  const std::optional<gateways::Address> address = TRY(gateways::find_address(txn, place.id));
  if (!address) return fail(gateway_not_found(place.id));
  std::string row;
  store::append_u64(row, address->version);
  TRY(txn.put(store::Partition::system(), keys::waiting(place.arn, target_id), row));
  return WaitingTarget{.gateway_arn = place.arn, .target_id = std::string(target_id), .attempt = address->version};
}

Result<bool> settle(store::Txn& txn, const WaitingTarget& waiting, const Connected& connected) {
  const std::optional<GatewayPlace> place = gateways::parse_place(waiting.gateway_arn);
  if (!place) return false;
  const std::optional<std::uint64_t> attempt = TRY(attempt_of(txn, waiting.gateway_arn, waiting.target_id));
  if (attempt != waiting.attempt) return false;
  std::optional<TargetRow> target = TRY(find(txn, *place, waiting.target_id));
  if (!target) return false;
  target->status = status_after(target->status, connected.ok);
  target->status_reasons.reset();
  if (connected.ok) {
    target->last_synchronized_at = connected.now;
    TRY(txn.put(place->partition(), keys::catalogue(*place, waiting.target_id), connected.catalogue));
  } else {
    target->status_reasons = {connected.reason.substr(0, kReasonMax)};
  }
  TRY(put(txn, *place, *target));
  TRY(txn.erase(store::Partition::system(), keys::waiting(waiting.gateway_arn, waiting.target_id)));
  return true;
}

Result<std::vector<WaitingTarget>> waiting(store::Reader& reader) {
  std::vector<WaitingTarget> found;
  const std::string prefix = keys::waitings();
  TRY(reader.scan(store::Partition::system(), store::prefix_range(prefix), [&](std::string_view key, auto row) {
    key.remove_prefix(prefix.size());
    std::optional<std::string> arn = store::take_text(key);
    const std::optional<std::uint64_t> attempt = store::take_u64(row);
    if (arn && attempt) {
      found.push_back({.gateway_arn = *std::move(arn), .target_id = std::string(key), .attempt = *attempt});
    }
    return true;
  }));
  return found;
}

Result<> erase(store::Txn& txn, const GatewayPlace& place, const TargetRow& target) {
  TRY(txn.erase(place.partition(), keys::target(place, target.target_id)));
  TRY(txn.erase(place.partition(), keys::target_name(place, target.name)));
  TRY(txn.erase(place.partition(), keys::catalogue(place, target.target_id)));
  TRY(txn.erase(store::Partition::system(), keys::waiting(place.arn, target.target_id)));
  return gateways::touch(txn, place);
}

Result<Page> list(store::Reader& reader, const GatewayPlace& place, std::string_view after, std::size_t limit) {
  store::Range range = store::prefix_range(keys::targets(place));
  if (!after.empty()) range.begin = keys::target(place, after) + '\0';
  Page page;
  Result<> damage;
  TRY(reader.scan(place.partition(), range, [&](std::string_view, std::string_view row) {
    page.more = page.targets.size() == limit;
    if (page.more) return false;
    Result<TargetRow> target = decode(row);
    if (!target) {
      damage = fail(target.error());
      return false;
    }
    page.targets.push_back(*std::move(target));
    return true;
  }));
  TRY(std::move(damage));
  return page;
}

}  // namespace warifu::services::gateway::targets
