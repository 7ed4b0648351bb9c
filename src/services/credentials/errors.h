#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

/// The texts that clients of AgentCore Identity see. Exact where AWS's are known.
namespace warifu::services::credentials {

[[nodiscard]] Error invalid_field(std::string_view field, std::string message);
/// A member that the service knows and this server cannot honour.
[[nodiscard]] Error unsupported_member(std::string_view field);
/// `Credential provider with name: <name> already exists`: a ValidationException, as observed.
[[nodiscard]] Error provider_exists(std::string_view name);
[[nodiscard]] Error provider_not_found(std::string_view name);
[[nodiscard]] Error workload_exists(std::string_view name);
[[nodiscard]] Error workload_not_found(std::string_view name);
/// UnauthorizedException (401): a workload access token that is none, or of another account or region, or over.
[[nodiscard]] Error bad_workload_token(std::string message);
[[nodiscard]] Error bad_row(std::string_view kind);

}  // namespace warifu::services::credentials
