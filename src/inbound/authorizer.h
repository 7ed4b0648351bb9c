#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gen/agentcore/shared.h"
#include "jwt/jwt.h"

/// authorizerConfiguration.customJWTAuthorizer: what of it can be honoured, and what those are told who come without a
/// token. Pure functions.
namespace warifu::inbound {

namespace m = model::agentcore;

/// kValidation, naming the member: what could not be honoured, or makes no sense.
[[nodiscard]] Result<> check(const m::CustomJWTAuthorizerConfiguration& jwt);

/// The scopes that clients are told to ask for.
[[nodiscard]] std::vector<std::string> advertised_scopes(const m::CustomJWTAuthorizerConfiguration& configuration);

/// WWW-Authenticate (RFC 6750 §3, RFC 9728 §5.1). `presented`: a token came, and was refused.
[[nodiscard]] std::string challenge(const m::CustomJWTAuthorizerConfiguration& configuration,
                                    std::string_view metadata_url, const jwt::Refusal& refusal, bool presented);

/// The protected resource metadata of `resource`, a URL, as JSON (RFC 9728 §2).
[[nodiscard]] std::string resource_metadata(std::string_view resource,
                                            const m::CustomJWTAuthorizerConfiguration& configuration);

}  // namespace warifu::inbound
