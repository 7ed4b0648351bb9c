#include <fmt/format.h>

#include "api/client.h"
#include "api/client_tokens.h"
#include "services/gateway/control.h"
#include "services/gateway/control_errors.h"
#include "services/gateway/control_limits.h"
#include "services/gateway/reshape.h"
#include "services/gateway/target_rules.h"
#include "wire/stored.h"

namespace warifu::services::gateway {
namespace {

namespace client_tokens = api::client_tokens;
namespace ops = m::ops;

constexpr std::string_view kService = "bedrock-agentcore.amazonaws.com";

/// A target as written, and whom to tell of it.
struct Written {
  TargetRow target;
  std::optional<WaitingTarget> waiting{};
};

void tell(const Control& control, const Written& written) {
  if (written.waiting && control.connector != nullptr) control.connector->wanted(*written.waiting);
}

template <class Input>
void configure(TargetRow& target, const Input& input) {
  target.description = input.description;
  target.target_configuration = input.target_configuration;
  target.credential_provider_configurations =
      input.credential_provider_configurations.value_or(std::vector<m::CredentialProviderConfiguration>{});
  target.metadata_configuration = input.metadata_configuration;
  target.private_endpoint = input.private_endpoint;
  target.certificate_configurations = input.certificate_configurations;
  target.protocol_type = input.target_configuration.http ? "HTTP" : "MCP";
  target.status_reasons.reset();
}

/// Targets are called as the gateway's role: that it cannot be assumed is better known now than at the first call.
Task<Result<>> check_role(const api::Call& call, GatewayPlace place, Gateway gateway) {
  const api::Client* client = call.environment().client;
  if (client == nullptr || !gateway.role_arn) co_return Result<>();
  const auto session = co_await api::assume_role(*client, call.environment(),
                                                 {.role_arn = *gateway.role_arn,
                                                  .session_name = "CreateGatewayTarget",
                                                  .as = api::as_service(kService, place.arn, place.owner),
                                                  .region = place.region});
  if (session || session.error().code != ErrorCode::kAccessDenied) co_return Result<>();
  co_return fail(invalid_field(
      "roleArn", fmt::format("Gateway execution role lacks permission: {} cannot assume {}; its trust policy must "
                             "allow sts:AssumeRole to that service",
                             kService, *gateway.role_arn)));
}

/// All that can be known before anything is written.
Task<Result<>> check(const api::Call& call, GatewayPlace place, TargetRow target, ControlRef control) {
  const Gateway gateway =
      CO_TRY(call.db().read([&](store::Reader& reader) { return gateways::require(reader, place); }));
  CO_TRY(target_rules::check(target, gateway));
  if (control->connector != nullptr) CO_TRY(control->connector->check(target.target_configuration));
  if (target_rules::uses_gateway_role(target)) CO_TRY(co_await check_role(call, place, gateway));
  co_return Result<>();
}

Result<Written> insert(store::Txn& txn, const GatewayPlace& place, const TargetRow& target) {
  TRY(gateways::require(txn, place));
  if (TRY(targets::name_taken(txn, place, target.name))) {
    return fail(conflict(fmt::format("A target with name '{}' already exists in this gateway", target.name)));
  }
  if (TRY(targets::count(txn, place)) >= kTargetsMax) {
    return fail(quota_exceeded(fmt::format("a gateway has at most {} targets", kTargetsMax)));
  }
  TRY(targets::put(txn, place, target));
  Written written{.target = target};
  if (targets::needs_connection(target.target_configuration)) {
    written.waiting = TRY(targets::wait(txn, place, target.target_id));
  }
  return written;
}

Result<Written> replace(store::Txn& txn, const GatewayPlace& place, TargetRow target) {
  const TargetRow before = TRY(targets::require(txn, place, target.target_id));
  if (target.name.empty()) target.name = before.name;
  if (target.name != before.name && TRY(targets::name_taken(txn, place, target.name))) {
    return fail(conflict(fmt::format("A target with name '{}' already exists in this gateway", target.name)));
  }
  target.created_at = before.created_at;
  if (targets::needs_connection(target.target_configuration)) target.last_synchronized_at = before.last_synchronized_at;
  TRY(targets::replace(txn, place, before, target));
  Written written{.target = target};
  if (targets::needs_connection(target.target_configuration)) {
    written.waiting = TRY(targets::wait(txn, place, target.target_id));
  }
  return written;
}

std::string status_of(const m::TargetConfiguration& configuration, std::string_view while_waiting) {
  return std::string(targets::needs_connection(configuration) ? while_waiting : target_status::kReady);
}

m::TargetSummary summary_of(const TargetRow& target) {
  const auto& mcp = target.target_configuration.mcp;
  m::TargetSummary summary{.target_id = target.target_id,
                           .name = target.name,
                           .status = target.status,
                           .description = target.description,
                           .created_at = target.created_at,
                           .updated_at = target.updated_at,
                           .last_synchronized_at = target.last_synchronized_at,
                           .authorization_data = target.authorization_data,
                           .target_type = std::string(targets::type_of(target.target_configuration))};
  if (mcp && mcp->mcp_server) {
    summary.resource_priority = mcp->mcp_server->resource_priority;
    summary.listing_mode = mcp->mcp_server->listing_mode;
  }
  return summary;
}

Result<Written> synchronize(store::Txn& txn, const GatewayPlace& place, std::string_view id, Timestamp now) {
  TargetRow target = TRY(targets::require(txn, place, id));
  const auto& mcp = target.target_configuration.mcp;
  if (!mcp || !mcp->mcp_server || mcp->mcp_server->mcp_tool_schema) {
    return fail(invalid_field("targetIdList", fmt::format("target {} cannot be synchronized: only MCP server targets "
                                                          "without a static schema can",
                                                          id)));
  }
  if (target.status == target_status::kCreating || target.status == target_status::kUpdating ||
      target.status == target_status::kSynchronizing) {
    return fail(conflict(fmt::format("Target {} is in {} state", id, target.status)));
  }
  target.status = target_status::kSynchronizing;
  target.status_reasons.reset();
  target.updated_at = now;
  TRY(targets::put(txn, place, target));
  Written written{.target = target};
  written.waiting = TRY(targets::wait(txn, place, id));
  return written;
}

}  // namespace

Task<Result<m::CreateGatewayTargetOutput>> create_target(api::Call& call, m::CreateGatewayTargetInput input,
                                                         ControlRef control) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  const client_tokens::Claim claim = client_tokens::claim_of(call, ops::kCreateGatewayTarget, place.arn, input);
  TargetRow target{.gateway_arn = place.arn,
                   .target_id = targets::new_id(call.random()),
                   .created_at = call.now(),
                   .updated_at = call.now(),
                   .status = status_of(input.target_configuration, target_status::kCreating)};
  target.name = input.name.value_or(fmt::format("target-{}", target.target_id));
  configure(target, input);
  CO_TRY(co_await check(call, place, target, control));
  const auto body = [place, target, claim](store::Txn& txn) -> Result<Written> {
    if (const std::optional<std::string> first = TRY(client_tokens::find(txn, place.owner, claim))) {
      std::optional<TargetRow> made = TRY(targets::find(txn, place, *first));
      if (made) return Written{.target = *std::move(made)};
    }
    Written written = TRY(insert(txn, place, target));
    TRY(client_tokens::remember(txn, place.owner, claim, target.target_id));
    return written;
  };
  const Written written = CO_TRY(co_await call.db().write(body));
  tell(*control, written);
  co_return reshaped(ops::kGetGatewayTarget, written.target, ops::kCreateGatewayTarget);
}

Task<Result<m::GetGatewayTargetOutput>> get_target(api::Call& call, m::GetGatewayTargetInput input, ControlRef) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  co_return call.db().read([&](store::Reader& reader) -> Result<TargetRow> {
    TRY(gateways::require(reader, place));
    return targets::require(reader, place, input.target_id);
  });
}

Task<Result<m::ListGatewayTargetsOutput>> list_targets(api::Call& call, m::ListGatewayTargetsInput input, ControlRef) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  std::string after;
  if (input.next_token) after = CO_TRY(call.page_position(*input.next_token));
  const auto limit = static_cast<std::size_t>(input.max_results.value_or(kPageDefault));
  const targets::Page page = CO_TRY(call.db().read([&](store::Reader& reader) -> Result<targets::Page> {
    TRY(gateways::require(reader, place));
    return targets::list(reader, place, after, limit);
  }));
  m::ListGatewayTargetsOutput output;
  for (const TargetRow& target : page.targets) output.items.push_back(summary_of(target));
  if (page.more) output.next_token = call.page_token(page.targets.back().target_id);
  co_return output;
}

Task<Result<m::UpdateGatewayTargetOutput>> update_target(api::Call& call, m::UpdateGatewayTargetInput input,
                                                         ControlRef control) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  TargetRow target{.gateway_arn = place.arn,
                   .target_id = input.target_id,
                   .created_at = call.now(),
                   .updated_at = call.now(),
                   .status = status_of(input.target_configuration, target_status::kUpdating),
                   .name = input.name.value_or("")};
  configure(target, input);
  CO_TRY(call.db().read([&](store::Reader& reader) -> Result<> {
    TRY(gateways::require(reader, place));
    const TargetRow before = TRY(targets::require(reader, place, input.target_id));
    if (target.name.empty()) target.name = before.name;
    return {};
  }));
  CO_TRY(co_await check(call, place, target, control));
  const auto body = [place, target](store::Txn& txn) -> Result<Written> { return replace(txn, place, target); };
  const Written written = CO_TRY(co_await call.db().write(body));
  tell(*control, written);
  co_return reshaped(ops::kGetGatewayTarget, written.target, ops::kUpdateGatewayTarget);
}

Task<Result<m::DeleteGatewayTargetOutput>> delete_target(api::Call& call, m::DeleteGatewayTargetInput input,
                                                         ControlRef) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  const auto body = [place, id = input.target_id](store::Txn& txn) -> Result<> {
    TRY(gateways::require(txn, place));
    return targets::erase(txn, place, TRY(targets::require(txn, place, id)));
  };
  CO_TRY(co_await call.db().write(body));
  co_return m::DeleteGatewayTargetOutput{.gateway_arn = place.arn, .target_id = input.target_id, .status = "DELETING"};
}

Task<Result<m::SynchronizeGatewayTargetsOutput>> synchronize_targets(api::Call& call,
                                                                     m::SynchronizeGatewayTargetsInput input,
                                                                     ControlRef control) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  const auto body = [place, ids = std::move(input.target_id_list),
                     now = call.now()](store::Txn& txn) -> Result<std::vector<Written>> {
    TRY(gateways::require(txn, place));
    std::vector<Written> all;
    for (const std::string& id : ids) all.push_back(TRY(synchronize(txn, place, id, now)));
    return all;
  };
  const std::vector<Written> all = CO_TRY(co_await call.db().write(body));
  std::string text = R"({"targets":[)";
  for (const Written& written : all) {
    tell(*control, written);
    if (!text.ends_with('[')) text += ',';
    text += wire::to_json(*m::tables::kGetGatewayTarget.output, &written.target);
  }
  text += "]}";
  const wire::Operation& shapes = m::tables::kSynchronizeGatewayTargets;
  m::SynchronizeGatewayTargetsOutput output;
  CO_TRY(wire::from_json(shapes, *shapes.output, text, &output));
  co_return output;
}

}  // namespace warifu::services::gateway
