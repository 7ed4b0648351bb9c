#include "records/namespaces.h"

#include <algorithm>

#include "base/paths.h"

namespace warifu::records {
namespace {

std::optional<std::string_view> value_of(std::string_view name, const Variables& variables) {
  if (name == "actorId") return variables.actor;
  if (name == "sessionId") return variables.session;
  if (name == "memoryStrategyId") return variables.strategy;
  const auto found = std::ranges::find_if(variables.flexible, [&](const auto& one) { return one.first == name; });
  if (found == variables.flexible.end()) return std::nullopt;
  return found->second;
}

}  // namespace

std::string normalise_namespace(std::string_view text) { return slashed(text); }

bool under(std::string_view path, std::string_view name_space) { return name_space.starts_with(path); }

std::optional<std::string> resolve(std::string_view text, const Variables& variables) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    out += text.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) return std::nullopt;
    const auto value = value_of(text.substr(open + 1, close - open - 1), variables);
    if (!value || value->empty()) return std::nullopt;
    out += *value;
    text.remove_prefix(close + 1);
  }
  return normalise_namespace(out);
}

}  // namespace warifu::records
