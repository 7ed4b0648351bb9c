#include "services/credentials/vendors.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/client.h"
#include "services/credentials/errors.h"

namespace warifu::services::credentials::vendors {
namespace {

constexpr std::string_view kConfig = "oauth2ProviderConfigInput";
constexpr std::string_view kWellKnown = "/.well-known/openid-configuration";

m::Oauth2Discovery at(std::string url) { return {.discovery_url = std::move(url)}; }

m::Oauth2Discovery endpoints(std::string issuer, std::string authorization, std::string token) {
  m::Oauth2Discovery discovery;
  discovery.authorization_server_metadata =
      m::Oauth2AuthorizationServerMetadata{.issuer = std::move(issuer),
                                           .authorization_endpoint = std::move(authorization),
                                           .token_endpoint = std::move(token)};
  return discovery;
}

/// Members that every vendor's configuration has. REQUIRES: Input has them.
template <class Input>
Result<std::optional<std::string>> secret_of(const Input& input) {
  if (input.client_secret_config || input.client_secret_source == "EXTERNAL") {
    return fail(unsupported_member(fmt::format("{}.clientSecretSource EXTERNAL", kConfig)));
  }
  if (input.client_secret && input.client_secret->empty()) {
    return fail(invalid_field(kConfig, "clientSecret must not be empty"));
  }
  return input.client_secret;
}

template <class Output, class Input>
Result<std::optional<std::string>> set(std::optional<Output>& slot, const Input& input, m::Oauth2Discovery discovery) {
  slot = Output{.oauth_discovery = std::move(discovery), .client_id = input.client_id};
  return secret_of(input);
}

Result<m::Oauth2Discovery> included(const m::IncludedOauth2ProviderConfigInput& input, std::string_view vendor) {
  if (input.token_endpoint) {
    return endpoints(input.issuer.value_or(""), input.authorization_endpoint.value_or(""), *input.token_endpoint);
  }
  if (input.issuer) return at(*input.issuer + std::string(kWellKnown));
  return fail(invalid_field(fmt::format("{}.includedOauth2ProviderConfig", kConfig),
                            fmt::format("{} needs its issuer, or its tokenEndpoint", vendor)));
}

Result<> check_url(const std::string& url, std::string_view member) {
  if (net::Url::parse(url)) return {};
  return fail(
      invalid_field(fmt::format("{}.{}", kConfig, member), fmt::format("`{}` is not an http or https URL", url)));
}

Result<> check_custom(const m::CustomOauth2ProviderConfigInput& input) {
  if (input.private_endpoint) return fail(unsupported_member(fmt::format("{}.privateEndpoint", kConfig)));
  if (input.private_endpoint_overrides && !input.private_endpoint_overrides->empty()) {
    return fail(unsupported_member(fmt::format("{}.privateEndpointOverrides", kConfig)));
  }
  if (input.certificate_configurations) {
    return fail(unsupported_member(fmt::format("{}.certificateConfigurations", kConfig)));
  }
  if (input.private_key_jwt_config) return fail(unsupported_member(fmt::format("{}.privateKeyJwtConfig", kConfig)));
  if (input.on_behalf_of_token_exchange_config) {
    return fail(unsupported_member(fmt::format("{}.onBehalfOfTokenExchangeConfig", kConfig)));
  }
  const std::string method = input.client_authentication_method.value_or("CLIENT_SECRET_BASIC");
  if (method != "CLIENT_SECRET_BASIC" && method != "CLIENT_SECRET_POST") {
    return fail(unsupported_member(fmt::format("{}.clientAuthenticationMethod {}", kConfig, method)));
  }
  if (!input.client_id || input.client_id->empty()) {
    return fail(invalid_field(fmt::format("{}.clientId", kConfig), "clientId is required"));
  }
  return {};
}

Result<Configured> custom(const m::CustomOauth2ProviderConfigInput& input) {
  TRY(check_custom(input));
  Configured configured;
  configured.output.custom_oauth2_provider_config =
      m::CustomOauth2ProviderConfigOutput{.oauth_discovery = input.oauth_discovery,
                                          .client_id = input.client_id,
                                          .client_authentication_method = input.client_authentication_method};
  configured.secret = TRY(secret_of(input));
  return configured;
}

/// The vendors that have a configuration of their own.
Result<Configured> named(const m::Oauth2ProviderConfigInput& in) {
  Configured out;
  m::Oauth2ProviderConfigOutput& to = out.output;
  if (const auto& google = in.google_oauth2_provider_config) {
    out.secret = TRY(
        set(to.google_oauth2_provider_config, *google, at(fmt::format("https://accounts.google.com{}", kWellKnown))));
  } else if (const auto& github = in.github_oauth2_provider_config) {
    out.secret = TRY(set(to.github_oauth2_provider_config, *github,
                         endpoints("https://github.com/login/oauth", "https://github.com/login/oauth/authorize",
                                   "https://github.com/login/oauth/access_token")));
  } else if (const auto& slack = in.slack_oauth2_provider_config) {
    out.secret = TRY(set(to.slack_oauth2_provider_config, *slack, at(fmt::format("https://slack.com{}", kWellKnown))));
  } else if (const auto& sales = in.salesforce_oauth2_provider_config) {
    out.secret = TRY(set(to.salesforce_oauth2_provider_config, *sales,
                         at(fmt::format("https://login.salesforce.com{}", kWellKnown))));
  } else if (const auto& microsoft = in.microsoft_oauth2_provider_config) {
    out.secret = TRY(set(to.microsoft_oauth2_provider_config, *microsoft,
                         at(fmt::format("https://login.microsoftonline.com/{}/v2.0{}",
                                        microsoft->tenant_id.value_or("common"), kWellKnown))));
  } else if (const auto& atlassian = in.atlassian_oauth2_provider_config) {
    out.secret = TRY(set(to.atlassian_oauth2_provider_config, *atlassian,
                         endpoints("https://auth.atlassian.com", "https://auth.atlassian.com/authorize",
                                   "https://auth.atlassian.com/oauth/token")));
  } else if (const auto& linkedin = in.linkedin_oauth2_provider_config) {
    out.secret = TRY(set(to.linkedin_oauth2_provider_config, *linkedin,
                         at(fmt::format("https://www.linkedin.com/oauth{}", kWellKnown))));
  }
  return out;
}

/// Which vendor's configuration the request has; `Included`: of any vendor without one of its own.
std::string_view configured_vendor(const m::Oauth2ProviderConfigInput& in) {
  if (in.custom_oauth2_provider_config) return "CustomOauth2";
  if (in.google_oauth2_provider_config) return "GoogleOauth2";
  if (in.github_oauth2_provider_config) return "GithubOauth2";
  if (in.slack_oauth2_provider_config) return "SlackOauth2";
  if (in.salesforce_oauth2_provider_config) return "SalesforceOauth2";
  if (in.microsoft_oauth2_provider_config) return "MicrosoftOauth2";
  if (in.atlassian_oauth2_provider_config) return "AtlassianOauth2";
  if (in.linkedin_oauth2_provider_config) return "LinkedinOauth2";
  return "Included";
}

bool has_its_own(std::string_view vendor) {
  constexpr std::string_view kOwn[] = {"CustomOauth2",     "GoogleOauth2",    "GithubOauth2",    "SlackOauth2",
                                       "SalesforceOauth2", "MicrosoftOauth2", "AtlassianOauth2", "LinkedinOauth2"};
  return std::ranges::find(kOwn, vendor) != std::end(kOwn);
}

template <class Output>
void read(Client& client, const std::optional<Output>& output) {
  if (!output) return;
  client.client_id = output->client_id.value_or("");
  client.discovery_url = output->oauth_discovery.discovery_url;
  const auto& metadata = output->oauth_discovery.authorization_server_metadata;
  if (!metadata) return;
  client.token_endpoint = metadata->token_endpoint;
  if (!metadata->token_endpoint_auth_methods) return;
  client.in_body = metadata->token_endpoint_auth_methods->front() == "client_secret_post";
}

Result<> check_urls(const m::Oauth2ProviderConfigOutput& output) {
  const Client client = client_of(output);
  if (client.discovery_url) TRY(check_url(*client.discovery_url, "discoveryUrl"));
  return client.token_endpoint ? check_url(*client.token_endpoint, "tokenEndpoint") : Result<>();
}

}  // namespace

Result<Configured> configure(std::string_view vendor, const m::Oauth2ProviderConfigInput& input) {
  const std::string_view given = configured_vendor(input);
  if (given == "Included" ? has_its_own(vendor) : given != vendor) {
    return fail(invalid_field(kConfig, fmt::format("the configuration is not one of {}", vendor)));
  }
  Configured configured;
  if (input.custom_oauth2_provider_config) {
    configured = TRY(custom(*input.custom_oauth2_provider_config));
  } else if (input.included_oauth2_provider_config) {
    const m::IncludedOauth2ProviderConfigInput& in = *input.included_oauth2_provider_config;
    m::Oauth2Discovery discovery = TRY(included(in, vendor));
    configured.secret = TRY(set(configured.output.included_oauth2_provider_config, in, std::move(discovery)));
  } else {
    configured = TRY(named(input));
  }
  TRY(check_urls(configured.output));
  return configured;
}

Client client_of(const m::Oauth2ProviderConfigOutput& output) {
  Client client;
  read(client, output.custom_oauth2_provider_config);
  read(client, output.google_oauth2_provider_config);
  read(client, output.github_oauth2_provider_config);
  read(client, output.slack_oauth2_provider_config);
  read(client, output.salesforce_oauth2_provider_config);
  read(client, output.microsoft_oauth2_provider_config);
  read(client, output.atlassian_oauth2_provider_config);
  read(client, output.linkedin_oauth2_provider_config);
  read(client, output.included_oauth2_provider_config);
  const auto& custom = output.custom_oauth2_provider_config;
  if (custom && custom->client_authentication_method) {
    client.in_body = *custom->client_authentication_method == "CLIENT_SECRET_POST";
  }
  return client;
}

}  // namespace warifu::services::credentials::vendors
