#include <fmt/format.h>

#include <algorithm>
#include <set>

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
constexpr std::string_view kIdCharacters = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t kIdSuffix = 10;

std::string new_id(Random& random) { return fmt::format("limit-{}", random.text(kIdSuffix, kIdCharacters)); }

/// Which dimensions it limits, whatever their order.
std::set<std::string> dimensions_of(const RateLimit& limit) {
  return {limit.dimension_keys.begin(), limit.dimension_keys.end()};
}

Error dimensions_taken(const RateLimit& other) {
  return conflict(fmt::format("Rate limit `{}` of this gateway has the same dimension keys", other.rate_limit_id));
}

/// kConflict or kQuotaExceeded unless the limit, which is new, may stand beside the others of its gateway.
Result<> check_beside(store::Reader& reader, const GatewayPlace& place, const RateLimit& limit) {
  const std::vector<RateLimit> all = TRY(traffic_rules::rate_limits(reader, place));
  for (const RateLimit& other : all) {
    if (other.rate_limit_id == limit.rate_limit_id) {
      return fail(conflict(fmt::format("Rate limit `{}` already exists in this gateway", limit.rate_limit_id)));
    }
    if (dimensions_of(other) == dimensions_of(limit)) return fail(dimensions_taken(other));
  }
  if (all.size() >= kRateLimitsMax) {
    return fail(quota_exceeded(fmt::format("a gateway has at most {} rate limits", kRateLimitsMax)));
  }
  return {};
}

template <class Entry>
RateLimit limit_of(const api::Call& call, const GatewayPlace& place, const Entry& entry) {
  return {.rate_limit_id = entry.rate_limit_id ? *entry.rate_limit_id : new_id(call.random()),
          .gateway_identifier = place.id,
          .description = entry.description,
          .dimension_keys = entry.dimension_keys,
          .entries = entry.entries,
          .status = std::string(kActive),
          .created_at = call.now(),
          .updated_at = call.now()};
}

/// The limits of a batch, checked each by itself and against one another.
Result<std::vector<RateLimit>> batch_of(const api::Call& call, const GatewayPlace& place,
                                        const m::BatchPutGatewayRateLimitsInput& input) {
  std::vector<RateLimit> limits;
  std::set<std::string> ids;
  std::set<std::set<std::string>> dimensions;
  for (const m::BatchPutLimitEntry& entry : input.rate_limits) {
    RateLimit limit = limit_of(call, place, entry);
    TRY(rule_checks::check(limit));
    if (!ids.insert(limit.rate_limit_id).second || !dimensions.insert(dimensions_of(limit)).second) {
      return fail(invalid_field("rateLimits", fmt::format("rate limit `{}` has the id or the dimension keys of another",
                                                          limit.rate_limit_id)));
    }
    limits.push_back(std::move(limit));
  }
  return limits;
}

std::string list_text(const std::vector<RateLimit>& limits) {
  std::string text = R"({"rateLimits":[)";
  for (const RateLimit& limit : limits) {
    if (!text.ends_with('[')) text += ',';
    text += wire::to_json(*m::tables::kGetGatewayRateLimit.output, &limit);
  }
  return text += "]}";
}

std::string position_of(const RateLimit& limit) { return limit.rate_limit_id; }

}  // namespace

Task<Result<m::CreateGatewayRateLimitOutput>> create_rate_limit(api::Call& call, m::CreateGatewayRateLimitInput input) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  const client_tokens::Claim claim = client_tokens::claim_of(call, ops::kCreateGatewayRateLimit, place.arn, input);
  const RateLimit limit = limit_of(call, place, input);
  CO_TRY(rule_checks::check(limit));
  const auto body = [place, limit, claim](store::Txn& txn) -> Result<RateLimit> {
    TRY(gateways::require(txn, place));
    if (const std::optional<std::string> first = TRY(client_tokens::find(txn, place.owner, claim))) {
      Result<RateLimit> made = traffic_rules::require_rate_limit(txn, place, *first);
      if (made || made.error().code != ErrorCode::kNotFound) return made;
    }
    TRY(check_beside(txn, place, limit));
    TRY(traffic_rules::put(txn, place, limit));
    TRY(client_tokens::remember(txn, place.owner, claim, limit.rate_limit_id));
    return limit;
  };
  const RateLimit made = CO_TRY(co_await call.db().write(body));
  co_return reshaped(ops::kGetGatewayRateLimit, made, ops::kCreateGatewayRateLimit);
}

Task<Result<m::GetGatewayRateLimitOutput>> get_rate_limit(api::Call& call, m::GetGatewayRateLimitInput input) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  co_return call.db().read([&](store::Reader& reader) -> Result<RateLimit> {
    TRY(gateways::require(reader, place));
    return traffic_rules::require_rate_limit(reader, place, input.rate_limit_id);
  });
}

Task<Result<m::ListGatewayRateLimitsOutput>> list_rate_limits(api::Call& call, m::ListGatewayRateLimitsInput input) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  std::vector<RateLimit> all = CO_TRY(call.db().read([&](store::Reader& reader) -> Result<std::vector<RateLimit>> {
    TRY(gateways::require(reader, place));
    return traffic_rules::rate_limits(reader, place);
  }));
  using Page = ShortPage<RateLimit, std::string (*)(const RateLimit&)>;
  Page page = CO_TRY(Page::of(call, std::move(all), input.next_token, input.max_results, position_of));
  const wire::Operation& shapes = m::tables::kListGatewayRateLimits;
  m::ListGatewayRateLimitsOutput output;
  CO_TRY(wire::from_json(shapes, *shapes.output, list_text(page.items), &output));
  output.next_token = std::move(page.next_token);
  co_return output;
}

Task<Result<m::UpdateGatewayRateLimitOutput>> update_rate_limit(api::Call& call, m::UpdateGatewayRateLimitInput input) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  const auto body = [place, input = std::move(input), now = call.now()](store::Txn& txn) -> Result<RateLimit> {
    TRY(gateways::require(txn, place));
    RateLimit limit = TRY(traffic_rules::require_rate_limit(txn, place, input.rate_limit_id));
    if (input.description) limit.description = input.description;
    limit.entries = input.entries;
    limit.updated_at = now;
    TRY(rule_checks::check(limit));
    TRY(traffic_rules::put(txn, place, limit));
    return limit;
  };
  const RateLimit limit = CO_TRY(co_await call.db().write(body));
  co_return reshaped(ops::kGetGatewayRateLimit, limit, ops::kUpdateGatewayRateLimit);
}

Task<Result<m::DeleteGatewayRateLimitOutput>> delete_rate_limit(api::Call& call, m::DeleteGatewayRateLimitInput input) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  const auto body = [place, id = input.rate_limit_id](store::Txn& txn) -> Result<> {
    TRY(gateways::require(txn, place));
    TRY(traffic_rules::require_rate_limit(txn, place, id));
    return traffic_rules::erase_rate_limit(txn, place, id);
  };
  CO_TRY(co_await call.db().write(body));
  co_return m::DeleteGatewayRateLimitOutput{.rate_limit_id = input.rate_limit_id, .status = "DELETING"};
}

// All limits of the gateway at once: those that the batch does not name are gone.
Task<Result<m::BatchPutGatewayRateLimitsOutput>> batch_put_rate_limits(api::Call& call,
                                                                       m::BatchPutGatewayRateLimitsInput input) {
  const GatewayPlace place = CO_TRY(gateways::place_of(call));
  const client_tokens::Claim claim = client_tokens::claim_of(call, ops::kBatchPutGatewayRateLimits, place.arn, input);
  const std::vector<RateLimit> limits = CO_TRY(batch_of(call, place, input));
  const auto body = [place, limits, claim](store::Txn& txn) -> Result<std::vector<RateLimit>> {
    TRY(gateways::require(txn, place));
    const std::vector<RateLimit> before = TRY(traffic_rules::rate_limits(txn, place));
    if (TRY(client_tokens::find(txn, place.owner, claim))) return before;
    TRY(client_tokens::remember(txn, place.owner, claim, place.id));
    TRY(traffic_rules::erase_rate_limits(txn, place));
    std::vector<RateLimit> after = limits;
    for (RateLimit& limit : after) {
      const auto known = std::ranges::find(before, limit.rate_limit_id, &RateLimit::rate_limit_id);
      if (known != before.end()) limit.created_at = known->created_at;
      TRY(traffic_rules::put(txn, place, limit));
    }
    return after;
  };
  const std::vector<RateLimit> after = CO_TRY(co_await call.db().write(body));
  const wire::Operation& shapes = m::tables::kBatchPutGatewayRateLimits;
  m::BatchPutGatewayRateLimitsOutput output;
  CO_TRY(wire::from_json(shapes, *shapes.output, list_text(after), &output));
  co_return output;
}

}  // namespace warifu::services::gateway
