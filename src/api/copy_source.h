#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wire/operation.h"

namespace warifu::api {

/// The object that x-amz-copy-source names: `/bucket/key` or `bucket/key`, percent-encoded, perhaps `?versionId=…`.
struct CopySource {
  std::string bucket;
  std::string key;
  std::optional<std::string> version_id;
};

/// nullopt: not of that form (an access point's ARN is not either).
[[nodiscard]] std::optional<CopySource> parse_copy_source(std::string_view text);

/// The copy source of a decoded input; nullopt where it cannot be read.
[[nodiscard]] std::optional<CopySource> copy_source_of(const wire::Operation& operation, const void* input);

/// wire::applies, and of the two permissions on a copy source the one that its form asks for; of one that cannot be
/// read the plain one, so that it is refused.
[[nodiscard]] bool applies_to(const wire::Operation& operation, const wire::Permission& permission, const void* input);

}  // namespace warifu::api
