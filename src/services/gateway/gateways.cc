#include "services/gateway/gateways.h"

#include <fmt/format.h>

#include "base/arn.h"
#include "base/check.h"
#include "identity/resource_policies.h"
#include "identity/tags.h"
#include "services/gateway/control_errors.h"
#include "services/gateway/control_keys.h"
#include "services/gateway/traffic_rules.h"
#include "store/keys.h"
#include "wire/stored.h"

namespace warifu::services::gateway::gateways {
namespace {

constexpr std::string_view kService = "bedrock-agentcore";
constexpr std::string_view kResourceType = "gateway";
constexpr std::string_view kIdCharacters = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t kIdSuffix = 10;
constexpr char kFormat = 1;

const wire::Operation& shapes() { return m::tables::kGetGateway; }

Result<> erase_ended_sessions(store::Txn& txn, const GatewayPlace& place) {
  std::vector<std::string> found;
  TRY(txn.scan(place.partition(), store::prefix_range(keys::ended_sessions(place)),
               [&](std::string_view key, std::string_view) {
                 found.emplace_back(key);
                 return true;
               }));
  for (const std::string& key : found) TRY(txn.erase(place.partition(), key));
  return {};
}

std::string encode(const Gateway& gateway) { return kFormat + wire::to_json(*shapes().output, &gateway); }

Result<Gateway> decode(std::string_view row) {
  if (!row.starts_with(kFormat)) return fail(bad_row("gateway"));
  Gateway gateway;
  TRY(wire::from_json(shapes(), *shapes().output, row.substr(1), &gateway));
  return gateway;
}

std::string encode_address(const Address& address) {
  std::string row;
  store::append_u64(row, address.version);
  return row += address.place.arn;
}

Result<Address> decode_address(std::string_view row) {
  const std::optional<std::uint64_t> version = store::take_u64(row);
  std::optional<GatewayPlace> place = parse_place(row);
  if (!version || !place) return fail(bad_row("gateway address"));
  return Address{.place = *std::move(place), .version = *version};
}

Result<> move_version(store::Txn& txn, const GatewayPlace& place) {
  const std::optional<Address> before = TRY(find_address(txn, place.id));
  const Address after{.place = place, .version = before ? before->version + 1 : 1};
  return txn.put(store::Partition::system(), keys::address(place.id), encode_address(after));
}

}  // namespace

std::optional<GatewayPlace> parse_place(std::string_view arn) {
  const std::optional<ArnView> view = ArnView::parse(arn);
  if (!view || view->service != kService || view->resource_type() != kResourceType) return std::nullopt;
  const std::optional<AccountId> owner = AccountId::parse(view->account);
  if (!owner || view->region.empty() || view->resource_id().empty()) return std::nullopt;
  return GatewayPlace{.owner = *owner,
                      .arn = std::string(arn),
                      .region = std::string(view->region),
                      .id = std::string(view->resource_id())};
}

GatewayPlace new_place(const AccountId& owner, std::string_view region, std::string_view id) {
  const auto place = parse_place(make_arn(kService, region, owner.str(), fmt::format("{}/{}", kResourceType, id)));
  CHECK(place.has_value(), "a region and an id make an ARN");
  return *place;
}

Result<GatewayPlace> place_of(const api::Call& call) {
  std::optional<GatewayPlace> place = parse_place(call.resource());
  if (!place)
    return fail(invalid_field("gatewayIdentifier", "gatewayIdentifier is neither a gateway's id nor its ARN"));
  if (place->region != call.region() || place->owner != call.owner()) return fail(gateway_not_found(place->id));
  return *std::move(place);
}

std::string new_id(std::string_view name, Random& random) {
  std::string id;
  for (const char c : name) id += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return fmt::format("{}-{}", id, random.text(kIdSuffix, kIdCharacters));
}

Result<std::optional<Address>> find_address(store::Reader& reader, std::string_view id) {
  const std::optional<std::string> row = TRY(reader.get_kept(store::Partition::system(), keys::address(id)));
  if (!row) return std::optional<Address>();
  return TRY(decode_address(*row));
}

Result<std::optional<Gateway>> find(store::Reader& reader, const GatewayPlace& place) {
  const std::optional<std::string> row = TRY(reader.get(place.partition(), keys::gateway(place)));
  if (!row) return std::optional<Gateway>();
  return TRY(decode(*row));
}

Result<Gateway> require(store::Reader& reader, const GatewayPlace& place) {
  std::optional<Gateway> gateway = TRY(find(reader, place));
  if (!gateway) return fail(gateway_not_found(place.id));
  return *std::move(gateway);
}

Result<bool> name_taken(store::Reader& reader, const AccountId& owner, std::string_view region, std::string_view name) {
  const std::string list = keys::gateways(region);
  std::string prefix = list;
  for (const char c : name) prefix += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  prefix += '-';
  bool taken = false;
  TRY(reader.scan(store::Partition::account(owner), store::prefix_range(prefix), [&](std::string_view key, auto row) {
    if (key.size() != prefix.size() + kIdSuffix) return true;
    const Result<Gateway> gateway = decode(row);
    // A row that does not open still holds its name.
    taken = !gateway || gateway->name == name;
    return !taken;
  }));
  return taken;
}

Result<std::size_t> count(store::Reader& reader, const AccountId& owner, std::string_view region) {
  std::size_t found = 0;
  TRY(reader.scan(store::Partition::account(owner), store::prefix_range(keys::gateways(region)),
                  [&](std::string_view, std::string_view) {
                    ++found;
                    return true;
                  }));
  return found;
}

Result<> put(store::Txn& txn, const GatewayPlace& place, const Gateway& gateway) {
  TRY(txn.put(place.partition(), keys::gateway(place), encode(gateway)));
  return move_version(txn, place);
}

Result<> touch(store::Txn& txn, const GatewayPlace& place) { return move_version(txn, place); }

Result<> erase(store::Txn& txn, const GatewayPlace& place) {
  TRY(traffic_rules::erase_all(txn, place));
  TRY(erase_ended_sessions(txn, place));
  TRY(txn.erase(place.partition(), keys::gateway(place)));
  TRY(txn.erase(store::Partition::system(), keys::address(place.id)));
  TRY(identity::erase_all_tags(txn, place.owner, place.arn));
  TRY(identity::erase_resource_policy(txn, place.owner, place.arn));
  return {};
}

Result<Page> list(store::Reader& reader, const AccountId& owner, std::string_view region, std::string_view after,
                  std::size_t limit) {
  store::Range range = store::prefix_range(keys::gateways(region));
  if (!after.empty()) range.begin = keys::gateways(region).append(after) + '\0';
  Page page;
  Result<> damage;
  TRY(reader.scan(store::Partition::account(owner), range, [&](std::string_view, std::string_view row) {
    page.more = page.gateways.size() == limit;
    if (page.more) return false;
    Result<Gateway> gateway = decode(row);
    if (!gateway) {
      damage = fail(gateway.error());
      return false;
    }
    page.gateways.push_back(*std::move(gateway));
    return true;
  }));
  TRY(std::move(damage));
  return page;
}

}  // namespace warifu::services::gateway::gateways
