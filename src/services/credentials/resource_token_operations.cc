#include <fmt/format.h>

#include "api/workload_token.h"
#include "base/encoding.h"
#include "identity/workloads.h"
#include "json/value.h"
#include "services/credentials/errors.h"
#include "services/credentials/limits.h"
#include "services/credentials/operations.h"
#include "services/credentials/providers.h"

namespace warifu::services::credentials {
namespace {

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

/// Whom a user's token speaks of. Its signature is not looked at here: the issuer's keys belong to whoever took the
/// token in (a gateway's or runtime's authorizer), and who may ask for this says a policy.
Result<std::string> user_of(const std::string& token, Timestamp now) {
  const auto bad = [](std::string_view why) { return fail(invalid_field("userToken", std::string(why))); };
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string::npos ? first : token.find('.', first + 1);
  if (second == std::string::npos) return bad("userToken is not a JWT");
  const auto text = base64url_decode(std::string_view(token).substr(first + 1, second - first - 1));
  const Result<json::Value> claims = text ? json::parse(*text) : fail(validation_error("not base64url"));
  if (!claims || !claims->is_object()) return bad("userToken is not a JWT");
  const std::string subject = claims->find_string("sub").value_or("");
  const std::string issuer = claims->find_string("iss").value_or("");
  if (subject.empty() || issuer.empty()) return bad("userToken has no iss or no sub");
  const json::Value* expires = claims->find("exp");
  if (expires == nullptr || expires->as_int64().value_or(0) * 1000 <= now.ms) return bad("userToken has expired");
  return fmt::format("jwt:{} {}", issuer, subject);
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
    api::Call& call, m::GetWorkloadAccessTokenForJWTInput input) {
  std::string user = CO_TRY(user_of(input.user_token, call.now()));
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
