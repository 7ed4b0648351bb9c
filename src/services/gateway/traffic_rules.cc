#include "services/gateway/traffic_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/gateway/control_errors.h"
#include "services/gateway/control_keys.h"
#include "wire/stored.h"

namespace warifu::services::gateway::traffic_rules {
namespace {

constexpr char kFormat = 1;

const wire::Operation& rule_shapes() { return m::tables::kGetGatewayRule; }
const wire::Operation& limit_shapes() { return m::tables::kGetGatewayRateLimit; }

template <class Row>
Result<Row> decode(const wire::Operation& shapes, std::string_view bytes) {
  if (!bytes.starts_with(kFormat)) return fail(bad_row("gateway rule"));
  Row row;
  TRY(wire::from_json(shapes, *shapes.output, bytes.substr(1), &row));
  return row;
}

template <class Row>
Result<std::vector<Row>> all(store::Reader& reader, const GatewayPlace& place, const std::string& prefix,
                             const wire::Operation& shapes) {
  std::vector<Row> rows;
  Result<> damage;
  TRY(reader.scan(place.partition(), store::prefix_range(prefix), [&](std::string_view, std::string_view bytes) {
    Result<Row> row = decode<Row>(shapes, bytes);
    if (!row) {
      damage = fail(row.error());
      return false;
    }
    rows.push_back(*std::move(row));
    return true;
  }));
  TRY(std::move(damage));
  return rows;
}

Result<> erase_range(store::Txn& txn, const GatewayPlace& place, const std::string& prefix) {
  std::vector<std::string> found;
  TRY(txn.scan(place.partition(), store::prefix_range(prefix), [&](std::string_view key, std::string_view) {
    found.emplace_back(key);
    return true;
  }));
  for (const std::string& key : found) TRY(txn.erase(place.partition(), key));
  return {};
}

}  // namespace

Result<std::vector<Rule>> rules(store::Reader& reader, const GatewayPlace& place) {
  std::vector<Rule> found = TRY(all<Rule>(reader, place, keys::rules(place), rule_shapes()));
  std::ranges::sort(found, {}, &Rule::priority);
  return found;
}

Result<std::vector<RateLimit>> rate_limits(store::Reader& reader, const GatewayPlace& place) {
  return all<RateLimit>(reader, place, keys::rate_limits(place), limit_shapes());
}

Result<Rule> require_rule(store::Reader& reader, const GatewayPlace& place, std::string_view id) {
  const std::optional<std::string> row = TRY(reader.get(place.partition(), keys::rule(place, id)));
  if (!row) return fail(not_found(fmt::format("Rule not found: {}", id)));
  return decode<Rule>(rule_shapes(), *row);
}

Result<RateLimit> require_rate_limit(store::Reader& reader, const GatewayPlace& place, std::string_view id) {
  const std::optional<std::string> row = TRY(reader.get(place.partition(), keys::rate_limit(place, id)));
  if (!row) return fail(not_found(fmt::format("Rate limit not found: {}", id)));
  return decode<RateLimit>(limit_shapes(), *row);
}

Result<> put(store::Txn& txn, const GatewayPlace& place, const Rule& rule) {
  TRY(txn.put(place.partition(), keys::rule(place, rule.rule_id),
              kFormat + wire::to_json(*rule_shapes().output, &rule)));
  return gateways::touch(txn, place);
}

Result<> put(store::Txn& txn, const GatewayPlace& place, const RateLimit& limit) {
  TRY(txn.put(place.partition(), keys::rate_limit(place, limit.rate_limit_id),
              kFormat + wire::to_json(*limit_shapes().output, &limit)));
  return gateways::touch(txn, place);
}

Result<> erase_rule(store::Txn& txn, const GatewayPlace& place, std::string_view id) {
  TRY(txn.erase(place.partition(), keys::rule(place, id)));
  return gateways::touch(txn, place);
}

Result<> erase_rate_limit(store::Txn& txn, const GatewayPlace& place, std::string_view id) {
  TRY(txn.erase(place.partition(), keys::rate_limit(place, id)));
  return gateways::touch(txn, place);
}

Result<> erase_rate_limits(store::Txn& txn, const GatewayPlace& place) {
  TRY(erase_range(txn, place, keys::rate_limits(place)));
  return gateways::touch(txn, place);
}

Result<> erase_all(store::Txn& txn, const GatewayPlace& place) {
  TRY(erase_range(txn, place, keys::rules(place)));
  return erase_range(txn, place, keys::rate_limits(place));
}

}  // namespace warifu::services::gateway::traffic_rules
