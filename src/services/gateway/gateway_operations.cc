#include <fmt/format.h>

#include "api/client_tokens.h"
#include "identity/resource_policies.h"
#include "identity/tags.h"
#include "identity/workloads.h"
#include "services/gateway/control.h"
#include "services/gateway/control_errors.h"
#include "services/gateway/control_limits.h"
#include "services/gateway/gateway_rules.h"
#include "services/gateway/reshape.h"
#include "services/gateway/targets_store.h"
#include "wire/stored.h"

namespace warifu::services::gateway {
namespace {

namespace client_tokens = api::client_tokens;
namespace ops = m::ops;

constexpr std::string_view kReady = "READY";

/// What Create and Update set alike. REQUIRES: Input has the members of both.
template <class Input>
void configure(Gateway& gateway, const Input& input) {
  gateway.description = input.description;
  gateway.role_arn = input.role_arn;
  gateway.protocol_type = input.protocol_type;
  gateway.protocol_configuration = input.protocol_configuration;
  gateway.authorizer_type = input.authorizer_type;
  gateway.authorizer_configuration = input.authorizer_configuration;
  gateway.kms_key_arn = input.kms_key_arn;
  gateway.interceptor_configurations = input.interceptor_configurations;
  gateway.policy_engine_configuration = input.policy_engine_configuration;
  gateway.exception_level = input.exception_level;
  gateway.domain_override = input.domain_override;
}

Gateway new_gateway(const api::Call& call, const GatewayPlace& place, const m::CreateGatewayInput& input) {
  Gateway gateway{.gateway_arn = place.arn,
                  .gateway_id = place.id,
                  .created_at = call.now(),
                  .updated_at = call.now(),
                  .status = std::string(kReady),
                  .name = input.name,
                  .authorizer_type = input.authorizer_type};
  gateway.workload_identity_details = m::WorkloadIdentityDetails{
      .workload_identity_arn = identity::workload_identity_arn(place.owner, place.region, place.id)};
  configure(gateway, input);
  return gateway;
}

Result<> insert(store::Txn& txn, const GatewayPlace& place, const Gateway& gateway, const identity::Tags& tags) {
  if (TRY(gateways::name_taken(txn, place.owner, place.region, gateway.name))) {
    return fail(conflict(fmt::format("A gateway with name '{}' already exists in this account", gateway.name)));
  }
  if (TRY(gateways::count(txn, place.owner, place.region)) >= kGatewaysMax) {
    return fail(quota_exceeded(fmt::format("an account has at most {} gateways", kGatewaysMax)));
  }
  TRY(gateways::put(txn, place, gateway));
  if (!tags.empty()) TRY(identity::put_tags(txn, place.owner, place.arn, tags));
  return identity::put_workload_identity(txn, place.owner, place.region,
                                         {.name = place.id,
                                          .return_urls = {},
                                          .managed_by = place.arn,
                                          .created = gateway.created_at,
                                          .updated = gateway.created_at});
}

std::string url_of(const api::Call& call, const Gateway& gateway, const GatewayPlace& place, const Control& control) {
  return gateway_url(gateway, place, call.environment().public_url, control.domain);
}

m::GatewaySummary summary_of(const Gateway& gateway) {
  return {.gateway_id = gateway.gateway_id,
          .name = gateway.name,
          .status = gateway.status,
          .description = gateway.description,
          .created_at = gateway.created_at,
          .updated_at = gateway.updated_at,
          .authorizer_type = gateway.authorizer_type,
          .protocol_type = gateway.protocol_type};
}

/// `before` with all that the request says, and nothing else that could be said.
Result<Gateway> replaced(const Gateway& before, const m::UpdateGatewayInput& input, const AccountId& owner,
                         Timestamp now) {
  if (input.name != before.name) {
    return fail(invalid_field("name", fmt::format("the name of a gateway cannot change: it is `{}`", before.name)));
  }
  Gateway gateway = before;
  configure(gateway, input);
  gateway.custom_transform_configuration = input.custom_transform_configuration;
  gateway.waf_configuration = input.waf_configuration;
  gateway.updated_at = now;
  TRY(gateway_rules::check(gateway, owner));
  return gateway;
}

/// The policy that the gateway has must do for what it becomes.
Result<> recheck_policy(store::Reader& reader, const GatewayPlace& place, const Gateway& gateway) {
  const auto stored = TRY(identity::find_resource_policy(reader, place.owner, place.arn));
  if (!stored) return {};
  const policy::Policy parsed = TRY(policy::parse(stored->document, policy::Kind::kResource));
  return gateway_rules::check_policy(gateway, parsed, "authorizerType");
}

}  // namespace

std::string gateway_url(const Gateway& gateway, const GatewayPlace& place, std::string_view public_url,
                        std::string_view domain) {
  const std::string_view path = gateway.protocol_type ? "/mcp" : "";
  if (domain.empty()) return fmt::format("{}/_gateway/{}{}", public_url, place.id, path);
  return fmt::format("https://{}.gateway.bedrock-agentcore.{}.{}{}", place.id, place.region, domain, path);
}

Task<Result<m::CreateGatewayOutput>> create_gateway(api::Call& call, m::CreateGatewayInput input, ControlRef control) {
  const client_tokens::Claim claim = client_tokens::claim_of(call, ops::kCreateGateway, call.region(), input);
  const GatewayPlace place =
      gateways::new_place(call.account(), call.region(), gateways::new_id(input.name, call.random()));
  const Gateway gateway = new_gateway(call, place, input);
  CO_TRY(gateway_rules::check(gateway, place.owner));
  const identity::Tags tags =
      CO_TRY(identity::requested_tags(input.tags.value_or(std::map<std::string, std::string>{}), "tags"));
  const auto body = [place, gateway, claim, tags](store::Txn& txn) -> Result<Gateway> {
    if (const std::optional<std::string> first = TRY(client_tokens::find(txn, place.owner, claim))) {
      std::optional<Gateway> made = TRY(gateways::find(txn, gateways::new_place(place.owner, place.region, *first)));
      if (made) return *std::move(made);
    }
    TRY(insert(txn, place, gateway, tags));
    TRY(client_tokens::remember(txn, place.owner, claim, place.id));
    return gateway;
  };
  Gateway made = CO_TRY(co_await call.db().write(body));
  made.gateway_url = url_of(call, made, gateways::new_place(place.owner, place.region, made.gateway_id), *control);
  co_return reshaped(ops::kGetGateway, made, ops::kCreateGateway);
}

Task<Result<m::GetGatewayOutput>> get_gateway(api::Call& call, m::GetGatewayInput, ControlRef control) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  Gateway gateway = CO_TRY(call.db().read([&](store::Reader& reader) { return gateways::require(reader, place); }));
  gateway.gateway_url = url_of(call, gateway, place, *control);
  co_return gateway;
}

Task<Result<m::ListGatewaysOutput>> list_gateways(api::Call& call, m::ListGatewaysInput input, ControlRef) {
  std::string after;
  if (input.next_token) after = CO_TRY(call.page_position(*input.next_token));
  const auto limit = static_cast<std::size_t>(input.max_results.value_or(kPageDefault));
  const gateways::Page page = CO_TRY(call.db().read(
      [&](store::Reader& reader) { return gateways::list(reader, call.account(), call.region(), after, limit); }));
  m::ListGatewaysOutput output;
  for (const Gateway& gateway : page.gateways) output.items.push_back(summary_of(gateway));
  if (page.more) output.next_token = call.page_token(page.gateways.back().gateway_id);
  co_return output;
}

Task<Result<m::UpdateGatewayOutput>> update_gateway(api::Call& call, m::UpdateGatewayInput input, ControlRef control) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  const auto body = [place, input = std::move(input), now = call.now()](store::Txn& txn) -> Result<Gateway> {
    const Gateway before = TRY(gateways::require(txn, place));
    Gateway gateway = TRY(replaced(before, input, place.owner, now));
    TRY(recheck_policy(txn, place, gateway));
    TRY(gateways::put(txn, place, gateway));
    return gateway;
  };
  Gateway gateway = CO_TRY(co_await call.db().write(body));
  gateway.gateway_url = url_of(call, gateway, place, *control);
  co_return reshaped(ops::kGetGateway, gateway, ops::kUpdateGateway);
}

Task<Result<m::DeleteGatewayOutput>> delete_gateway(api::Call& call, m::DeleteGatewayInput, ControlRef) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  const auto body = [place](store::Txn& txn) -> Result<> {
    TRY(gateways::require(txn, place));
    if (const std::size_t left = TRY(targets::count(txn, place)); left > 0) {
      return fail(
          conflict(fmt::format("Gateway {} has {} associated target{}: delete all targets before deleting the gateway",
                               place.id, left, left == 1 ? "" : "s")));
    }
    TRY(identity::erase_workload_identity(txn, place.owner, place.region, place.id));
    return gateways::erase(txn, place);
  };
  CO_TRY(co_await call.db().write(body));
  co_return m::DeleteGatewayOutput{.gateway_id = place.id, .status = "DELETING"};
}

}  // namespace warifu::services::gateway
