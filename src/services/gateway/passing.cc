#include "services/gateway/passing.h"

#include <algorithm>

#include "base/encoding.h"
#include "services/gateway/metadata_rules.h"

namespace warifu::services::gateway {
namespace {

bool is_printable(std::string_view value) {
  return std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

http::Headers propagated(const http::Headers& headers, const std::vector<std::string>& allowed) {
  http::Headers out;
  for (const std::string& name : allowed) {
    if (metadata_rules::never_passes(name)) continue;
    const auto value = headers.get(name);
    if (value && value->size() <= kHeaderValueMax && is_printable(*value)) out.add(name, std::string(*value));
  }
  return out;
}

std::string propagated_query(std::string_view query, const std::vector<std::string>& allowed) {
  std::string out;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto name = percent_decode(parameter.substr(0, parameter.find('=')));
    if (!name || std::ranges::find(allowed, *name) == allowed.end()) continue;
    if (!out.empty()) out += '&';
    out += parameter;
  }
  return out;
}

}  // namespace warifu::services::gateway
