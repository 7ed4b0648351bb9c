#include "services/gateway/directory.h"

#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace warifu::services::gateway {
namespace {

using Known = std::shared_ptr<const KnownGateway>;

Result<Known> read(store::Reader& reader, gateways::Address address) {
  auto known = std::make_shared<KnownGateway>(
      KnownGateway{.place = std::move(address.place), .version = address.version, .gateway = {}});
  known->gateway = TRY(gateways::require(reader, known->place));
  for (TargetRow& row : TRY(targets::all(reader, known->place))) {
    std::optional<std::string> catalogue = TRY(targets::catalogue(reader, known->place, row.target_id));
    known->targets.push_back({.row = std::move(row), .catalogue = std::move(catalogue).value_or("")});
  }
  known->rules = TRY(traffic_rules::rules(reader, known->place));
  known->rate_limits = TRY(traffic_rules::rate_limits(reader, known->place));
  return known;
}

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

}  // namespace

struct Directory::Cache {
  std::size_t gateways_max;
  std::shared_mutex mutex;
  std::unordered_map<std::string, Known, Hash, std::equal_to<>> entries;
};

Directory::Directory(std::size_t gateways_max) : cache_(new Cache{.gateways_max = gateways_max}) {}
Directory::~Directory() = default;

Result<Known> Directory::find(store::Reader& reader, std::string_view id) const {
  std::optional<gateways::Address> address = TRY(gateways::find_address(reader, id));
  if (!address) return Known();
  {
    const std::shared_lock lock(cache_->mutex);
    const auto found = cache_->entries.find(id);
    if (found != cache_->entries.end() && found->second->version == address->version) return found->second;
  }
  Known known = TRY(read(reader, *std::move(address)));
  const std::unique_lock lock(cache_->mutex);
  // Everything is cheap to read again, and this is rare.
  if (cache_->entries.size() >= cache_->gateways_max) cache_->entries.clear();
  Known& kept = cache_->entries[std::string(id)];
  // A reader of an older state must not put back what a newer one has replaced.
  if (!kept || kept->version < known->version) kept = known;
  return known;
}

}  // namespace warifu::services::gateway
