#include "services/memory/memory_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "services/memory/errors.h"
#include "services/memory/limits.h"
#include "services/memory/strategies.h"

namespace warifu::services::memory::memory_rules {
namespace {

namespace m = model::agentcore;

/// An empty list of resources asks for no delivery, which is what there is.
Result<> check_streams(const std::optional<m::StreamDeliveryResources>& streams) {
  if (streams && !streams->resources.empty()) return fail(unsupported_member("streamDeliveryResources"));
  return {};
}

Result<> check_namespace_keys(const std::optional<std::vector<m::NamespaceKeyEntry>>& entries) {
  if (!entries) return {};
  for (std::size_t i = 0; i < entries->size(); ++i) {
    const auto& validation = (*entries)[i].validation;
    if (validation && validation->regex_pattern) {
      return fail(unsupported_member(fmt::format("namespaceKeys.{}.member.validation.regexPattern", i + 1)));
    }
  }
  return {};
}

/// REQUIRES: entries have a member `key`.
template <class Entry>
Result<> check_keys(const std::optional<std::vector<Entry>>& entries, std::size_t limit, std::string_view field) {
  if (!entries) return {};
  if (entries->size() > limit) {
    return fail(invalid_field(field, fmt::format("a memory has at most {} {}, not {}", limit, field, entries->size())));
  }
  std::set<std::string_view> seen;
  for (const Entry& entry : *entries) {
    if (!seen.insert(entry.key).second) {
      return fail(invalid_field(field, fmt::format("{}: key `{}` stands twice", field, entry.key)));
    }
  }
  return {};
}

}  // namespace

Result<> check_supported(const m::CreateMemoryInput& input) {
  if (input.encryption_key_arn) return fail(unsupported_member("encryptionKeyArn"));
  TRY(check_namespace_keys(input.namespace_keys));
  return check_streams(input.stream_delivery_resources);
}

Result<> check_supported(const m::UpdateMemoryInput& input) {
  TRY(check_namespace_keys(input.namespace_keys));
  return check_streams(input.stream_delivery_resources);
}

Result<> check(const m::Memory& memory) {
  TRY(check_keys(memory.indexed_keys, kIndexedKeysMax, "indexedKeys"));
  TRY(check_keys(memory.namespace_keys, kNamespaceKeysMax, "namespaceKeys"));
  return strategies::check(memory);
}

Result<> add_indexed_keys(m::Memory& memory, const std::vector<m::IndexedKey>& keys) {
  if (!memory.indexed_keys) memory.indexed_keys.emplace();
  for (const m::IndexedKey& key : keys) {
    const auto known = std::ranges::find(*memory.indexed_keys, key.key, &m::IndexedKey::key);
    if (known == memory.indexed_keys->end()) {
      memory.indexed_keys->push_back(key);
    } else if (known->type != key.type) {
      return fail(invalid_field("addIndexedKeys", fmt::format("indexed key `{}` is of type {} and cannot become {}",
                                                              key.key, known->type, key.type)));
    }
  }
  return {};
}

}  // namespace warifu::services::memory::memory_rules
