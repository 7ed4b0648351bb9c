#include "services/runtime/runtimes.h"

#include <fmt/format.h>

#include <charconv>

#include "base/arn.h"
#include "base/check.h"
#include "base/encoding.h"
#include "hosting/code_store.h"
#include "identity/resource_policies.h"
#include "identity/tags.h"
#include "identity/workloads.h"
#include "services/runtime/errors.h"
#include "services/runtime/limits.h"
#include "store/keys.h"
#include "wire/stored.h"

namespace warifu::services::runtime {

std::string RuntimePlace::endpoint_arn(std::string_view name) const {
  return fmt::format("{}/runtime-endpoint/{}", arn, name);
}

namespace runtimes {
namespace {

constexpr std::string_view kResourceType = "runtime/";
constexpr std::string_view kEndpointInfix = "/runtime-endpoint/";
constexpr std::size_t kIdSuffix = 10;
constexpr char kFormat = 1;

namespace keys {

std::string of(std::string_view kind, std::string_view region) {
  std::string key(kind);
  store::append_text(key, region);
  return key;
}
std::string of(std::string_view kind, const RuntimePlace& place) {
  std::string key = of(kind, place.region);
  store::append_text(key, place.id);
  return key;
}
std::string runtime(const RuntimePlace& place) { return of("r", place.region).append(place.id); }  // r region id
std::string version(const RuntimePlace& place, std::uint32_t number) {                             // v region id u64
  std::string key = of("v", place);
  store::append_u64(key, number);
  return key;
}
std::string endpoint(const RuntimePlace& place, std::string_view name) {  // e region id name
  return of("e", place).append(name);
}
std::string address(std::string_view id) { return std::string("runtime/").append(id); }  // in `system`

}  // namespace keys

std::string encode(const Version& version) {
  std::string row(1, kFormat);
  store::append_text(row, version.code_id);
  return row += wire::to_json(*m::tables::kGetAgentRuntime.output, &version.shown);
}

Result<Version> decode_version(std::string_view row) {
  if (!row.starts_with(kFormat)) return fail(bad_row("agent runtime version"));
  row.remove_prefix(1);
  auto code_id = store::take_text(row);
  if (!code_id) return fail(bad_row("agent runtime version"));
  Version version{.shown = {}, .code_id = std::move(*code_id)};
  TRY(wire::from_json(m::tables::kGetAgentRuntime, *m::tables::kGetAgentRuntime.output, row, &version.shown));
  return version;
}

std::string encode(const Endpoint& endpoint) {
  return kFormat + wire::to_json(*m::tables::kGetAgentRuntimeEndpoint.output, &endpoint);
}

Result<Endpoint> decode_endpoint(std::string_view row) {
  if (!row.starts_with(kFormat)) return fail(bad_row("agent runtime endpoint"));
  Endpoint endpoint;
  TRY(wire::from_json(m::tables::kGetAgentRuntimeEndpoint, *m::tables::kGetAgentRuntimeEndpoint.output, row.substr(1),
                      &endpoint));
  return endpoint;
}

Result<> move_revision(store::Txn& txn, const RuntimePlace& place) {
  const std::optional<Address> before = TRY(find_address(txn, place.id));
  std::string row;
  store::append_u64(row, before ? before->revision + 1 : 1);
  row += place.arn;
  return txn.put(store::Partition::system(), keys::address(place.id), row);
}

Result<> erase_attachments(store::Txn& txn, const RuntimePlace& place, std::string_view arn) {
  TRY(identity::erase_all_tags(txn, place.owner, arn));
  TRY(identity::erase_resource_policy(txn, place.owner, arn));
  return {};
}

}  // namespace

RuntimePlace new_place(const AccountId& owner, std::string_view region, std::string_view id) {
  return {.owner = owner,
          .arn = make_arn(kService, region, owner.str(), fmt::format("{}{}", kResourceType, id)),
          .region = std::string(region),
          .id = std::string(id)};
}

std::optional<Named> parse(std::string_view arn) {
  const std::optional<ArnView> view = ArnView::parse(arn);
  if (!view || view->service != kService || !view->resource.starts_with(kResourceType)) return std::nullopt;
  const std::optional<AccountId> owner = AccountId::parse(view->account);
  if (!owner || view->region.empty()) return std::nullopt;
  std::string_view id = view->resource.substr(kResourceType.size());
  std::string_view endpoint;
  if (const std::size_t slash = id.find('/'); slash != std::string_view::npos) {
    if (!id.substr(slash).starts_with(kEndpointInfix)) return std::nullopt;
    endpoint = id.substr(slash + kEndpointInfix.size());
    id = id.substr(0, slash);
    if (endpoint.empty() || endpoint.find('/') != std::string_view::npos) return std::nullopt;
  }
  if (id.empty()) return std::nullopt;
  return Named{.place = new_place(*owner, view->region, id), .endpoint = std::string(endpoint)};
}

std::string new_id(std::string_view name, Random& random) {
  return fmt::format("{}-{}", name, random.text(kIdSuffix, kAlphanumeric));
}

Result<std::optional<Address>> find_address(store::Reader& reader, std::string_view id) {
  const std::optional<std::string> row = TRY(reader.get_kept(store::Partition::system(), keys::address(id)));
  if (!row) return std::optional<Address>();
  std::string_view rest = *row;
  const std::optional<std::uint64_t> revision = store::take_u64(rest);
  std::optional<Named> named = parse(rest);
  if (!revision || !named) return fail(bad_row("agent runtime address"));
  return Address{.place = std::move(named->place), .revision = *revision};
}

Result<std::optional<std::uint32_t>> newest(store::Reader& reader, const RuntimePlace& place) {
  const std::optional<std::string> row = TRY(reader.get(place.partition(), keys::runtime(place)));
  if (!row) return std::optional<std::uint32_t>();
  std::string_view rest = *row;
  const std::optional<std::uint64_t> number = store::take_u64(rest);
  if (!number) return fail(bad_row("agent runtime"));
  return static_cast<std::uint32_t>(*number);
}

Result<std::uint32_t> require_newest(store::Reader& reader, const RuntimePlace& place) {
  const std::optional<std::uint32_t> number = TRY(newest(reader, place));
  if (!number) return fail(runtime_not_found(place.id));
  return *number;
}

Result<std::optional<Version>> find_version(store::Reader& reader, const RuntimePlace& place, std::uint32_t number) {
  const std::optional<std::string> row = TRY(reader.get(place.partition(), keys::version(place, number)));
  if (!row) return std::optional<Version>();
  return TRY(decode_version(*row));
}

Result<Version> require_version(store::Reader& reader, const RuntimePlace& place, std::uint32_t number) {
  (void)TRY(require_newest(reader, place));
  std::optional<Version> version = TRY(find_version(reader, place, number));
  if (!version) return fail(version_not_found(place.id, std::to_string(number)));
  return *std::move(version);
}

Result<std::vector<Version>> versions(store::Reader& reader, const RuntimePlace& place, std::uint32_t after,
                                      std::size_t limit) {
  store::Range range = store::prefix_range(keys::of("v", place));
  range.begin = keys::version(place, after + 1);
  std::vector<Version> out;
  Result<> damage;
  TRY(reader.scan(place.partition(), range, [&](std::string_view, std::string_view row) {
    Result<Version> version = decode_version(row);
    if (version) out.push_back(*std::move(version));
    if (!version) damage = fail(version.error());
    return damage.has_value() && out.size() < limit;
  }));
  TRY(std::move(damage));
  return out;
}

Result<std::optional<Endpoint>> find_endpoint(store::Reader& reader, const RuntimePlace& place, std::string_view name) {
  const std::optional<std::string> row = TRY(reader.get(place.partition(), keys::endpoint(place, name)));
  if (!row) return std::optional<Endpoint>();
  return TRY(decode_endpoint(*row));
}

Result<Endpoint> require_endpoint(store::Reader& reader, const RuntimePlace& place, std::string_view name) {
  std::optional<Endpoint> endpoint = TRY(find_endpoint(reader, place, name));
  if (!endpoint) return fail(endpoint_not_found(name, place.id));
  return *std::move(endpoint);
}

Result<std::vector<Endpoint>> endpoints(store::Reader& reader, const RuntimePlace& place) {
  std::vector<Endpoint> out;
  Result<> damage;
  TRY(reader.scan(place.partition(), store::prefix_range(keys::of("e", place)),
                  [&](std::string_view, std::string_view row) {
                    Result<Endpoint> endpoint = decode_endpoint(row);
                    if (endpoint) out.push_back(*std::move(endpoint));
                    if (!endpoint) damage = fail(endpoint.error());
                    return damage.has_value();
                  }));
  TRY(std::move(damage));
  return out;
}

Result<bool> name_taken(store::Reader& reader, const AccountId& owner, std::string_view region, std::string_view name) {
  const std::string prefix = keys::of("r", region).append(name).append("-");
  bool taken = false;
  TRY(reader.scan(store::Partition::service(owner, "runtime"), store::prefix_range(prefix),
                  [&](std::string_view key, std::string_view) {
                    taken = key.size() == prefix.size() + kIdSuffix;
                    return !taken;
                  }));
  return taken;
}

Result<std::vector<std::string>> ids(store::Reader& reader, const AccountId& owner, std::string_view region,
                                     std::string_view after, std::size_t limit) {
  const std::string prefix = keys::of("r", region);
  store::Range range = store::prefix_range(prefix);
  if (!after.empty()) range.begin = std::string(prefix).append(after) + '\0';
  std::vector<std::string> out;
  TRY(reader.scan(store::Partition::service(owner, "runtime"), range, [&](std::string_view key, std::string_view) {
    out.emplace_back(key.substr(prefix.size()));
    return out.size() < limit;
  }));
  return out;
}

Result<> put_version(store::Txn& txn, const RuntimePlace& place, std::uint32_t number, const Version& version) {
  std::string head;
  store::append_u64(head, number);
  TRY(txn.put(place.partition(), keys::runtime(place), head));
  TRY(txn.put(place.partition(), keys::version(place, number), encode(version)));
  return move_revision(txn, place);
}

Result<> erase_version(store::Txn& txn, const RuntimePlace& place, std::uint32_t number) {
  TRY(txn.erase(place.partition(), keys::version(place, number)));
  return move_revision(txn, place);
}

Result<> put_endpoint(store::Txn& txn, const RuntimePlace& place, const Endpoint& endpoint) {
  TRY(txn.put(place.partition(), keys::endpoint(place, endpoint.name), encode(endpoint)));
  return move_revision(txn, place);
}

Result<> erase_endpoint(store::Txn& txn, const RuntimePlace& place, std::string_view name) {
  TRY(txn.erase(place.partition(), keys::endpoint(place, name)));
  TRY(erase_attachments(txn, place, place.endpoint_arn(name)));
  return move_revision(txn, place);
}

Result<std::vector<std::string>> erase(store::Txn& txn, const RuntimePlace& place) {
  std::vector<std::string> codes;
  for (const Endpoint& endpoint : TRY(endpoints(txn, place))) TRY(erase_endpoint(txn, place, endpoint.name));
  for (const Version& version : TRY(versions(txn, place, 0, kVersionsMax))) {
    TRY(txn.erase(place.partition(), keys::version(place, version_number(version.shown.agent_runtime_version))));
    if (version.code_id.empty()) continue;
    TRY(hosting::CodeStore::discard(txn, "runtime", place.owner, version.code_id));
    codes.push_back(version.code_id);
  }
  TRY(txn.erase(place.partition(), keys::runtime(place)));
  TRY(txn.erase(store::Partition::system(), keys::address(place.id)));
  TRY(erase_attachments(txn, place, place.arn));
  TRY(identity::erase_workload_identity(txn, place.owner, place.region, place.id));
  return codes;
}

std::uint32_t version_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace runtimes
}  // namespace warifu::services::runtime
