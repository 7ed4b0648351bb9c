#pragma once

#include <map>
#include <string>
#include <string_view>

#include "identity/types.h"
#include "store/store.h"

/// Tags of AgentCore's resources. They lie in identity's table alone, where authorization reads aws:ResourceTag.
namespace warifu::services::memory::tags {

/// kValidation for keys that begin with `aws:`, which are AWS's own, and for two that differ by case alone: condition
/// keys do not tell `aws:ResourceTag/team` from `…/Team`. `field` is the member that holds the tags.
[[nodiscard]] Result<identity::Tags> from_request(const std::map<std::string, std::string>& tags,
                                                  std::string_view field);

}  // namespace warifu::services::memory::tags
