#include <fmt/format.h>

#include "api/workload_token.h"
#include "identity/workloads.h"
#include "jwt/jwt.h"
#include "net/client.h"
#include "services/credentials/errors.h"
#include "services/credentials/limits.h"
#include "services/credentials/operations.h"
#include "services/credentials/providers.h"

namespace warifu::services::credentials {
namespace {

constexpr std::string_view kDiscovery = ".well-known/openid-configuration";

Result<> require_workload(store::Reader& reader, const Vault& vault, std::string_view name) {
  if (TRY(identity::find_workload_identity(reader, vault.account, vault.region, name))) return {};
  return fail(workload_not_found(name));
}

/// A token for a workload of the caller's account, on behalf of `user`.
Result<std::string> issue(const api::Call& call, const std::string& workload, std::string user) {
  const Vault vault = vault_of(call);
  TRY(call.db().read([&](store::Reader& reader) { return require_workload(reader, vault, workload); }));
  return api::seal_workload_token(call.environment().sealer, {.account = vault.account.str(),
                                                              .region = vault.region,
                                                              .workload = workload,
                                                              .user = std::move(user),
                                                              .expires = {call.now().ms + kWorkloadTokenMs}});
}

/// Whom a user's token speaks of. Its issuer must have signed it, found where its `iss` says: which issuers may speak
/// for users is for policies to say (bedrock-agentcore:InboundJwtClaim/iss).
Task<Result<std::string>> user_of(inbound::TokenAuthorizer& authorizer, std::string text) {
  const auto bad = [](std::string_view why) { return fail(invalid_field("userToken", std::string(why))); };
  const Result<jwt::Token> token = jwt::parse(text);
  if (!token) co_return bad("userToken is not a JWT: " + token.error().message);
  const std::string subject = token->claims.find_string("sub").value_or("");
  const std::string issuer = token->claims.find_string("iss").value_or("");
  if (subject.empty() || issuer.empty()) co_return bad("userToken has no iss or no sub");
  const std::string discovery = issuer + (issuer.ends_with('/') ? "" : "/") + std::string(kDiscovery);
  if (!net::Url::parse(discovery)) co_return bad("userToken's iss is not an http or https URL");
  const auto bearer = co_await authorizer.check({.discovery_url = discovery}, "Bearer " + text);
  if (!bearer) co_return bad("userToken is not proven: " + bearer.error().message);
  co_return fmt::format("jwt:{} {}", issuer, subject);
}

/// The workload that asks. Authorization has asked for it already; here the token must be good.
Result<api::WorkloadToken> open(const api::Call& call, std::string_view text) {
  std::optional<api::WorkloadToken> token = api::open_workload_token(call.environment().sealer, text);
  if (!token) return fail(bad_workload_token("the workload access token is invalid"));
  if (token->account != call.account().str() || token->region != call.region()) {
    return fail(bad_workload_token("the workload access token belongs to another account or region"));
  }
  if (token->expires <= call.now()) return fail(bad_workload_token("the workload access token has expired"));
  return *std::move(token);
}

}  // namespace

Task<Result<m::GetWorkloadAccessTokenOutput>> get_workload_token(api::Call& call,
                                                                 m::GetWorkloadAccessTokenInput input) {
  co_return m::GetWorkloadAccessTokenOutput{.workload_access_token = CO_TRY(issue(call, input.workload_name, ""))};
}

Task<Result<m::GetWorkloadAccessTokenForJWTOutput>> get_workload_token_for_jwt(
    api::Call& call, m::GetWorkloadAccessTokenForJWTInput input, Tokens& tokens) {
  std::string user = CO_TRY(co_await user_of(tokens.authorizer(), std::move(input.user_token)));
  co_return m::GetWorkloadAccessTokenForJWTOutput{.workload_access_token =
                                                      CO_TRY(issue(call, input.workload_name, std::move(user)))};
}

Task<Result<m::GetWorkloadAccessTokenForUserIdOutput>> get_workload_token_for_user(
    api::Call& call, m::GetWorkloadAccessTokenForUserIdInput input) {
  co_return m::GetWorkloadAccessTokenForUserIdOutput{
      .workload_access_token = CO_TRY(issue(call, input.workload_name, "id:" + input.user_id))};
}

Task<Result<m::GetResourceApiKeyOutput>> get_resource_api_key(api::Call& call, m::GetResourceApiKeyInput input) {
  const api::WorkloadToken token = CO_TRY(open(call, input.workload_identity_token));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetResourceApiKeyOutput> {
    const Vault vault = vault_of(call);
    TRY(require_workload(reader, vault, token.workload));
    return m::GetResourceApiKeyOutput{.api_key = TRY(providers::secret(reader, vault, ProviderKind::kApiKey,
                                                                       input.resource_credential_provider_name))};
  });
}

Task<Result<m::GetResourceOauth2TokenOutput>> get_resource_oauth2_token(api::Call& call,
                                                                        m::GetResourceOauth2TokenInput input,
                                                                        Tokens& tokens) {
  const api::WorkloadToken token = CO_TRY(open(call, input.workload_identity_token));
  if (input.oauth2_flow != "M2M") {
    co_return fail(unsupported_member(fmt::format("oauth2Flow {}", input.oauth2_flow)));
  }
  TokenRequest request = CO_TRY(call.db().read([&](store::Reader& reader) -> Result<TokenRequest> {
    const Vault vault = vault_of(call);
    TRY(require_workload(reader, vault, token.workload));
    const std::string& name = input.resource_credential_provider_name;
    const OauthProvider provider = TRY(providers::require<OauthProvider>(reader, vault, name));
    return TokenRequest{.provider_arn = provider.credential_provider_arn,
                        .provider_updated = provider.last_updated_time,
                        .client = vendors::client_of(provider.oauth2_provider_config_output),
                        .secret = TRY(providers::secret(reader, vault, ProviderKind::kOauth2, name))};
  }));
  request.scopes = std::move(input.scopes);
  request.audiences = input.audiences.value_or(std::vector<std::string>{});
  request.resources = input.resources.value_or(std::vector<std::string>{});
  request.parameters = input.custom_parameters.value_or(std::map<std::string, std::string>{});
  request.fresh = input.force_authentication.value_or(false);
  std::string access_token = CO_TRY(co_await tokens.fetch(std::move(request), call.now()));
  co_return m::GetResourceOauth2TokenOutput{.access_token = std::move(access_token)};
}

// Sessions begin with a flow on a user's behalf, and none does yet.
Task<Result<m::CompleteResourceTokenAuthOutput>> complete_resource_token_auth(api::Call&,
                                                                              m::CompleteResourceTokenAuthInput input) {
  co_return fail(
      not_found(fmt::format("No authorization session {}: oauth2Flow USER_FEDERATION is not supported by "
                            "this server yet",
                            input.session_uri)));
}

}  // namespace warifu::services::credentials
