#include "services/runtime/directory.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "base/check.h"

namespace warifu::services::runtime {
namespace {

using Known = std::shared_ptr<const KnownRuntime>;

Result<Known> read(store::Reader& reader, runtimes::Address address) {
  auto known = std::make_shared<KnownRuntime>(
      KnownRuntime{.place = std::move(address.place), .revision = address.revision, .endpoints = {}});
  std::map<std::string, std::shared_ptr<const Version>> versions;
  for (Endpoint& endpoint : TRY(runtimes::endpoints(reader, known->place))) {
    const std::string number = endpoint.live_version.value_or("");
    std::shared_ptr<const Version>& version = versions[number];
    if (!version) {
      version = std::make_shared<const Version>(
          TRY(runtimes::require_version(reader, known->place, runtimes::version_number(number))));
    }
    known->endpoints.push_back({.endpoint = std::move(endpoint), .version = version});
  }
  return known;
}

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

}  // namespace

const KnownRuntime::Serving* KnownRuntime::find(std::string_view name) const {
  const auto found = std::ranges::find_if(endpoints, [&](const Serving& one) { return one.endpoint.name == name; });
  return found == endpoints.end() ? nullptr : &*found;
}

const Version& KnownRuntime::newest() const {
  const Serving* serving = find(kDefaultEndpoint);
  CHECK(serving != nullptr, "every runtime has its DEFAULT");
  return *serving->version;
}

struct Directory::Cache {
  std::size_t runtimes_max;
  std::shared_mutex mutex;
  std::unordered_map<std::string, Known, Hash, std::equal_to<>> entries;
};

Directory::Directory(std::size_t runtimes_max) : cache_(new Cache{.runtimes_max = runtimes_max}) {}
Directory::~Directory() = default;

Result<Known> Directory::find(store::Reader& reader, std::string_view id) const {
  std::optional<runtimes::Address> address = TRY(runtimes::find_address(reader, id));
  if (!address) return Known();
  {
    const std::shared_lock lock(cache_->mutex);
    const auto found = cache_->entries.find(id);
    if (found != cache_->entries.end() && found->second->revision == address->revision) return found->second;
  }
  Known known = TRY(read(reader, *std::move(address)));
  const std::unique_lock lock(cache_->mutex);
  // Everything is cheap to read again, and this is rare.
  if (cache_->entries.size() >= cache_->runtimes_max) cache_->entries.clear();
  Known& kept = cache_->entries[std::string(id)];
  // A reader of an older state must not put back what a newer one has replaced.
  if (!kept || kept->revision < known->revision) kept = known;
  return known;
}

}  // namespace warifu::services::runtime
