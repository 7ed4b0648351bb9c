#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/credentials/providers.h"

/// OAuth 2 providers: what a request configures, as it is kept and shown. Pure.
namespace warifu::services::credentials::vendors {

/// A configuration without its secret.
struct Configured {
  m::Oauth2ProviderConfigOutput output;
  std::optional<std::string> secret;  // nullopt: the request has none
};

/// kValidation: a configuration of another vendor; one whose endpoints are neither given nor known; a secret that lies
/// elsewhere (clientSecretSource EXTERNAL), and what else this server cannot honour.
[[nodiscard]] Result<Configured> configure(std::string_view vendor, const m::Oauth2ProviderConfigInput& input);

/// Where and as whom tokens are asked for.
struct Client {
  std::optional<std::string> discovery_url;  // asked when there is no endpoint
  std::optional<std::string> token_endpoint;
  std::string client_id;
  std::optional<bool> in_body;  // the secret in the body (client_secret_post), or in a header; nullopt: not said
};
[[nodiscard]] Client client_of(const m::Oauth2ProviderConfigOutput& output);

}  // namespace warifu::services::credentials::vendors
