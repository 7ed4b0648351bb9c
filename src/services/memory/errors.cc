#include "services/memory/errors.h"

#include <fmt/format.h>

namespace warifu::services::memory {

Error invalid_field(std::string_view field, std::string message) {
  return {.code = ErrorCode::kValidation,
          .message = message,
          .reason = kReasonField,
          .fields = {{.name = std::string(field), .message = message}}};
}

Error memory_not_found(std::string_view memory_id) { return not_found(fmt::format("Memory not found: {}", memory_id)); }

Error event_not_found(std::string_view event_id) {
  return not_found(fmt::format("Unable to find event with id {}", event_id));
}

Error record_not_found(std::string_view record_id) {
  return not_found(fmt::format("Memory record not found: {}", record_id));
}

Error root_not_in_session(std::string_view root_event_id) {
  Error error = invalid_field("branch.rootEventId",
                              fmt::format("rootEventId `{}` is not an event of this session", root_event_id));
  error.reason = kReasonOtherSession;
  return error;
}

Error invalid_memory_id() { return invalid_field("memoryId", "Invalid memoryId: not a valid memory ID or ARN"); }

Error memory_name_exists(std::string_view name) {
  return invalid_field("name", fmt::format("Memory with name '{}' already exists", name));
}

Error unsupported_member(std::string_view field) {
  return invalid_field(field, fmt::format("{} is not supported by this server yet", field));
}

Error bad_row(std::string_view kind) { return internal_error(fmt::format("{} row does not parse", kind)); }

}  // namespace warifu::services::memory
