#include "services/memory/namespace_variables.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/memory/errors.h"

namespace warifu::services::memory {
namespace {

namespace m = model::agentcore;

}  // namespace

NamedValues namespace_variables_of(const std::optional<m::ExtractionConfig>& config) {
  if (!config || !config->namespace_variables) return {};
  return {config->namespace_variables->begin(), config->namespace_variables->end()};
}

Result<> check_namespace_variables(const memories::Memory& memory, const NamedValues& variables) {
  const auto declared = memory.namespace_keys.value_or(std::vector<m::NamespaceKeyEntry>{});
  for (const auto& [key, value] : variables) {
    const auto entry = std::ranges::find(declared, key, &m::NamespaceKeyEntry::key);
    if (entry == declared.end()) {
      return fail(invalid_field("extractionConfig.namespaceVariables",
                                fmt::format("namespace variable `{}` is not one of the memory's namespaceKeys", key)));
    }
    if (!entry->validation || !entry->validation->allowed_values) continue;
    const std::vector<std::string>& allowed = *entry->validation->allowed_values;
    if (std::ranges::find(allowed, value) == allowed.end()) {
      return fail(invalid_field("extractionConfig.namespaceVariables",
                                fmt::format("value `{}` is not allowed for namespace variable `{}`", value, key)));
    }
  }
  return {};
}

}  // namespace warifu::services::memory
