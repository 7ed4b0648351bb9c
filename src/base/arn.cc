#include "base/arn.h"

#include <fmt/format.h>

#include <array>

namespace warifu {

std::optional<ArnView> ArnView::parse(std::string_view text) {
  std::array<std::string_view, 6> fields;
  for (std::size_t i = 0; i < 5; ++i) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    fields[i] = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  fields[5] = text;
  if (fields[0] != "arn" || fields[1].empty() || fields[2].empty() || fields[5].empty()) return std::nullopt;
  return ArnView{fields[1], fields[2], fields[3], fields[4], fields[5]};
}

std::string_view ArnView::resource_type() const {
  const std::size_t slash = resource.find('/');
  return slash == std::string_view::npos ? std::string_view{} : resource.substr(0, slash);
}

std::string_view ArnView::resource_id() const {
  const std::size_t slash = resource.find('/');
  return slash == std::string_view::npos ? resource : resource.substr(slash + 1);
}

std::string make_arn(std::string_view service, std::string_view region, std::string_view account,
                     std::string_view resource) {
  return fmt::format("arn:aws:{}:{}:{}:{}", service, region, account, resource);
}

}  // namespace warifu
