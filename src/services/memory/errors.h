#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

/// The texts that Memory's clients see. Exact where AWS's are known (facts: error kinds of AgentCore Memory).
namespace warifu::services::memory {

inline constexpr std::string_view kReasonField = "FieldValidationFailed";
inline constexpr std::string_view kReasonOtherSession = "EventInOtherSession";

/// ValidationException about one member of the request; `field` is its path.
[[nodiscard]] Error invalid_field(std::string_view field, std::string message);
[[nodiscard]] Error memory_not_found(std::string_view memory_id);
[[nodiscard]] Error event_not_found(std::string_view event_id);
[[nodiscard]] Error record_not_found(std::string_view record_id);
/// A branch can only fork from a live event of its own session.
[[nodiscard]] Error root_not_in_session(std::string_view root_event_id);
[[nodiscard]] Error invalid_memory_id();
[[nodiscard]] Error memory_name_exists(std::string_view name);
/// A member that the service knows and this server cannot honour yet.
[[nodiscard]] Error unsupported_member(std::string_view field);
/// A row that does not parse: damage, or a format that is not ours.
[[nodiscard]] Error bad_row(std::string_view kind);

}  // namespace warifu::services::memory
