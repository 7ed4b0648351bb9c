#include "services/memory/namespaces.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/memory/errors.h"

namespace warifu::services::memory::namespaces {
namespace {

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> found;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) found.push_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return found;
}

}  // namespace

Result<Templates> choose(const std::optional<Templates>& namespaces, const std::optional<Templates>& templates,
                         std::string_view fallback, std::string_view field) {
  if (namespaces && templates && *namespaces != *templates) {
    return fail(invalid_field(fmt::format("{}.namespaces", field),
                              fmt::format("{}: namespaces and namespaceTemplates differ; give one of them", field)));
  }
  if (templates) return *templates;
  if (namespaces) return *namespaces;
  return Templates{std::string(fallback)};
}

std::vector<std::string> variables(std::string_view text) {
  std::vector<std::string> found;
  for (std::size_t open = text.find('{'); open != std::string_view::npos; open = text.find('{', open + 1)) {
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) break;
    found.emplace_back(text.substr(open + 1, close - open - 1));
  }
  return found;
}

Result<> check_variables(const Templates& templates, const std::vector<std::string>& declared, std::string_view field) {
  for (const std::string& text : templates) {
    for (const std::string& name : variables(text)) {
      const bool built_in = name == "actorId" || name == "sessionId" || name == "memoryStrategyId";
      if (!built_in && std::ranges::find(declared, name) == declared.end()) {
        return fail(invalid_field(
            fmt::format("{}.namespaceTemplates", field),
            fmt::format("{}: namespace variable `{}` is not one of the memory's namespaceKeys", field, name)));
      }
    }
  }
  return {};
}

bool contains(std::string_view outer, std::string_view inner) {
  const std::vector<std::string_view> above = segments(outer);
  const std::vector<std::string_view> below = segments(inner);
  return above.size() <= below.size() && std::equal(above.begin(), above.end(), below.begin());
}

}  // namespace warifu::services::memory::namespaces
