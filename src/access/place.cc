#include "access/place.h"

#include <fmt/format.h>

#include "access/bounded_cache.h"

namespace warifu::access {
namespace {

constexpr std::size_t kCachedPlaces = 4096;
constexpr std::size_t kCachedGuards = 4096;
constexpr std::size_t kCachedBytes = 8 * 1024 * 1024;

using Pointer = std::shared_ptr<const policy::CompiledPolicy>;

/// By content: one policy stands above many accounts.
Result<Pointer> compiled_guard(const identity::GuardPolicy& guard) {
  thread_local BoundedCache<Pointer, kCachedGuards, kCachedBytes> cache;
  const bool service = guard.type == identity::GuardType::kServiceControl;
  std::string key = (service ? "s/" : "r/") + guard.document;
  if (const Pointer* found = cache.find(key)) return *found;
  const auto compiled =
      policy::CompiledPolicy::compile(guard.document, service ? policy::Kind::kScp : policy::Kind::kRcp);
  if (!compiled) return fail(internal_error(fmt::format("stored policy {} does not compile", guard.id)));
  return cache.put(std::move(key), *compiled, guard.document.size());
}

Result<std::vector<CompiledPolicies>> compiled_levels(const std::vector<identity::GuardLevel>& levels) {
  std::vector<CompiledPolicies> out;
  for (const identity::GuardLevel& level : levels) {
    CompiledPolicies& compiled = out.emplace_back();
    for (const identity::GuardPolicy& guard : level.policies) compiled.push_back(TRY(compiled_guard(guard)));
  }
  return out;
}

std::size_t bytes_of(const identity::Guards& guards) {
  std::size_t bytes = sizeof(Place);
  for (const auto& levels : guards.levels) {
    for (const identity::GuardLevel& level : levels) {
      for (const identity::GuardPolicy& guard : level.policies) bytes += guard.document.size();
    }
  }
  return bytes;
}

}  // namespace

Result<PlacePointer> place_of(store::Reader& reader, const CacheScope& scope, const AccountId& account,
                              std::uint64_t version) {
  thread_local BoundedCache<PlacePointer, kCachedPlaces, kCachedBytes> cache;
  std::string key = fmt::format("{}/{}/{}", scope.id(), account.str(), version);
  if (const PlacePointer* found = cache.find(key)) return *found;

  auto place = std::make_shared<Place>();
  if (auto guards = TRY(identity::guards_of(reader, account))) place->source = std::move(*guards);
  place->paths[0] = place->source.path;
  const auto levels = [&](identity::GuardType type) { return place->source.levels[static_cast<std::size_t>(type)]; };
  place->service_control = TRY(compiled_levels(levels(identity::GuardType::kServiceControl)));
  place->resource_control = TRY(compiled_levels(levels(identity::GuardType::kResourceControl)));
  const std::size_t bytes = bytes_of(place->source);
  return cache.put(std::move(key), std::move(place), bytes);
}

std::string guard_name(const Place& place, const Pointer* policies, std::size_t number) {
  for (std::size_t type = 0; type < identity::kGuardTypes; ++type) {
    const auto& compiled = type == 0 ? place.service_control : place.resource_control;
    for (std::size_t level = 0; level < compiled.size(); ++level) {
      if (compiled[level].data() != policies || number >= compiled[level].size()) continue;
      const identity::GuardLevel& source = place.source.levels[type][level];
      return fmt::format("policy {} ({}) of {}", source.policies[number].id, source.policies[number].name,
                         source.target);
    }
  }
  return {};
}

}  // namespace warifu::access
