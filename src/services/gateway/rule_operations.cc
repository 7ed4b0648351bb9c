#include <fmt/format.h>

#include <algorithm>

#include "api/client_tokens.h"
#include "services/gateway/control.h"
#include "services/gateway/control_errors.h"
#include "services/gateway/control_limits.h"
#include "services/gateway/paging.h"
#include "services/gateway/reshape.h"
#include "services/gateway/rule_checks.h"
#include "wire/stored.h"

namespace warifu::services::gateway {
namespace {

namespace client_tokens = api::client_tokens;
namespace ops = m::ops;

constexpr std::string_view kActive = "ACTIVE";

/// kValidation or kConflict unless the rule may stand beside the others of its gateway.
Result<> check(store::Reader& reader, const GatewayPlace& place, const Rule& rule) {
  const std::vector<std::string> names = TRY(targets::names(reader, place));
  TRY(rule_checks::check(rule, names));
  const std::vector<Rule> all = TRY(traffic_rules::rules(reader, place));
  bool known = false;
  for (const Rule& other : all) {
    known = known || other.rule_id == rule.rule_id;
    if (other.rule_id == rule.rule_id || other.priority != rule.priority) continue;
    return fail(conflict(fmt::format("A rule with priority {} already exists in this gateway", rule.priority)));
  }
  if (!known && all.size() >= kRulesMax) {
    return fail(quota_exceeded(fmt::format("a gateway has at most {} rules", kRulesMax)));
  }
  return {};
}

/// Orders as the numbers do.
std::string position_of(const Rule& rule) { return fmt::format("{:07}", rule.priority); }

}  // namespace

Task<Result<m::CreateGatewayRuleOutput>> create_rule(api::Call& call, m::CreateGatewayRuleInput input) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  const client_tokens::Claim claim = client_tokens::claim_of(call, ops::kCreateGatewayRule, place.arn, input);
  const Rule rule{.rule_id = call.random().uuid(),
                  .gateway_arn = place.arn,
                  .priority = input.priority,
                  .conditions = input.conditions,
                  .actions = input.actions,
                  .description = input.description,
                  .created_at = call.now(),
                  .status = std::string(kActive),
                  .updated_at = call.now()};
  const auto body = [place, rule, claim](store::Txn& txn) -> Result<Rule> {
    TRY(gateways::require(txn, place));
    if (const std::optional<std::string> first = TRY(client_tokens::find(txn, place.owner, claim))) {
      Result<Rule> made = traffic_rules::require_rule(txn, place, *first);
      if (made || made.error().code != ErrorCode::kNotFound) return made;
    }
    TRY(check(txn, place, rule));
    TRY(traffic_rules::put(txn, place, rule));
    TRY(client_tokens::remember(txn, place.owner, claim, rule.rule_id));
    return rule;
  };
  const Rule made = CO_TRY(co_await call.db().write(body));
  co_return reshaped(ops::kGetGatewayRule, made, ops::kCreateGatewayRule);
}

Task<Result<m::GetGatewayRuleOutput>> get_rule(api::Call& call, m::GetGatewayRuleInput input) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  co_return call.db().read([&](store::Reader& reader) -> Result<Rule> {
    TRY(gateways::require(reader, place));
    return traffic_rules::require_rule(reader, place, input.rule_id);
  });
}

Task<Result<m::ListGatewayRulesOutput>> list_rules(api::Call& call, m::ListGatewayRulesInput input) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  std::vector<Rule> all = CO_TRY(call.db().read([&](store::Reader& reader) -> Result<std::vector<Rule>> {
    TRY(gateways::require(reader, place));
    return traffic_rules::rules(reader, place);
  }));
  using Page = ShortPage<Rule, std::string (*)(const Rule&)>;
  Page page = CO_TRY(Page::of(call, std::move(all), input.next_token, input.max_results, position_of));
  std::string text = R"({"gatewayRules":[)";
  for (const Rule& rule : page.items) {
    if (!text.ends_with('[')) text += ',';
    text += wire::to_json(*m::tables::kGetGatewayRule.output, &rule);
  }
  text += "]}";
  const wire::Operation& shapes = m::tables::kListGatewayRules;
  m::ListGatewayRulesOutput output;
  CO_TRY(wire::from_json(shapes, *shapes.output, text, &output));
  output.next_token = std::move(page.next_token);
  co_return output;
}

// What the request leaves out stays as it is.
Task<Result<m::UpdateGatewayRuleOutput>> update_rule(api::Call& call, m::UpdateGatewayRuleInput input) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  const auto body = [place, input = std::move(input), now = call.now()](store::Txn& txn) -> Result<Rule> {
    TRY(gateways::require(txn, place));
    Rule rule = TRY(traffic_rules::require_rule(txn, place, input.rule_id));
    if (input.priority) rule.priority = *input.priority;
    if (input.conditions) rule.conditions = input.conditions;
    if (input.actions) rule.actions = *input.actions;
    if (input.description) rule.description = input.description;
    rule.updated_at = now;
    TRY(check(txn, place, rule));
    TRY(traffic_rules::put(txn, place, rule));
    return rule;
  };
  const Rule rule = CO_TRY(co_await call.db().write(body));
  co_return reshaped(ops::kGetGatewayRule, rule, ops::kUpdateGatewayRule);
}

Task<Result<m::DeleteGatewayRuleOutput>> delete_rule(api::Call& call, m::DeleteGatewayRuleInput input) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  const auto body = [place, id = input.rule_id](store::Txn& txn) -> Result<> {
    TRY(gateways::require(txn, place));
    TRY(traffic_rules::require_rule(txn, place, id));
    return traffic_rules::erase_rule(txn, place, id);
  };
  CO_TRY(co_await call.db().write(body));
  co_return m::DeleteGatewayRuleOutput{.rule_id = input.rule_id, .status = "DELETING"};
}

}  // namespace warifu::services::gateway
