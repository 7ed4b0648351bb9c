#include "api/copy_source.h"

#include "base/encoding.h"
#include "wire/member.h"

namespace warifu::api {

std::optional<CopySource> parse_copy_source(std::string_view text) {
  constexpr std::string_view kVersion = "?versionId=";
  CopySource out;
  if (const std::size_t mark = text.rfind('?'); mark != std::string_view::npos) {
    const std::string_view query = text.substr(mark);
    if (!query.starts_with(kVersion)) return std::nullopt;
    out.version_id = percent_decode(query.substr(kVersion.size()));
    if (!out.version_id) return std::nullopt;
    text = text.substr(0, mark);
  }
  const std::optional<std::string> path = percent_decode(text);
  if (!path || !is_utf8(*path)) return std::nullopt;
  std::string_view rest = *path;
  if (rest.starts_with('/')) rest.remove_prefix(1);
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == rest.size()) return std::nullopt;
  if (rest.starts_with("arn:")) return std::nullopt;
  out.bucket = rest.substr(0, slash);
  out.key = rest.substr(slash + 1);
  return out;
}

std::optional<CopySource> copy_source_of(const wire::Operation& operation, const void* input) {
  const auto text = wire::text_at(operation, input, "CopySource");
  return text ? parse_copy_source(*text) : std::nullopt;
}

bool applies_to(const wire::Operation& operation, const wire::Permission& permission, const void* input) {
  const bool plain = permission.lookup == wire::Lookup::kCopySource;
  if (!plain && permission.lookup != wire::Lookup::kCopySourceVersion) {
    return wire::applies(operation, permission, input);
  }
  const auto source = copy_source_of(operation, input);
  return (!source || !source->version_id) == plain;
}

}  // namespace warifu::api
