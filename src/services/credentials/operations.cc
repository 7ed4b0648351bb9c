#include "services/credentials/operations.h"

#include "base/arn.h"
#include "identity/workloads.h"
#include "services/credentials/providers.h"

namespace warifu::services::credentials {
namespace {

constexpr std::string_view kApiKeys = "token-vault/default/apikeycredentialprovider/";
constexpr std::string_view kOauth2 = "token-vault/default/oauth2credentialprovider/";
constexpr std::string_view kWorkloads = "workload-identity-directory/default/workload-identity/";

/// Where an ARN of one of these kinds points; nullopt: it is not one.
struct Named {
  Vault vault;
  std::string name;
};
std::optional<Named> parse(std::string_view arn, std::string_view prefix) {
  const std::optional<ArnView> view = ArnView::parse(arn);
  if (!view || !view->resource.starts_with(prefix)) return std::nullopt;
  const std::optional<AccountId> account = AccountId::parse(view->account);
  if (!account) return std::nullopt;
  return Named{.vault = {.account = *account, .region = std::string(view->region)},
               .name = std::string(view->resource.substr(prefix.size()))};
}

template <class Provider>
Result<bool> provider_exists_at(store::Reader& reader, std::string_view arn, std::string_view prefix) {
  const std::optional<Named> named = parse(arn, prefix);
  if (!named) return false;
  const std::optional<Provider> provider = TRY(providers::find<Provider>(reader, named->vault, named->name));
  return provider.has_value();
}

Result<bool> workload_exists_at(store::Reader& reader, std::string_view arn) {
  const std::optional<Named> named = parse(arn, kWorkloads);
  if (!named) return false;
  const auto workload =
      TRY(identity::find_workload_identity(reader, named->vault.account, named->vault.region, named->name));
  return workload.has_value();
}

}  // namespace

api::ResourceKinds resource_kinds() {
  api::ResourceKinds kinds;
  kinds.push_back({.prefix = kApiKeys, .exists = [](store::Reader& reader, std::string_view arn) {
                     return provider_exists_at<ApiKeyProvider>(reader, arn, kApiKeys);
                   }});
  kinds.push_back({.prefix = kOauth2, .exists = [](store::Reader& reader, std::string_view arn) {
                     return provider_exists_at<OauthProvider>(reader, arn, kOauth2);
                   }});
  kinds.push_back({.prefix = kWorkloads, .exists = workload_exists_at});
  return kinds;
}

void bind(api::Registry& registry, Tokens& tokens) {
  namespace ops = m::ops;
  registry.bind(ops::kCreateApiKeyCredentialProvider, create_api_key);
  registry.bind(ops::kGetApiKeyCredentialProvider, get_api_key);
  registry.bind(ops::kListApiKeyCredentialProviders, list_api_keys);
  registry.bind(ops::kUpdateApiKeyCredentialProvider, update_api_key);
  registry.bind(ops::kDeleteApiKeyCredentialProvider, delete_api_key);
  registry.bind(ops::kCreateOauth2CredentialProvider, create_oauth2);
  registry.bind(ops::kGetOauth2CredentialProvider, get_oauth2);
  registry.bind(ops::kListOauth2CredentialProviders, list_oauth2);
  registry.bind(ops::kUpdateOauth2CredentialProvider, update_oauth2);
  registry.bind(ops::kDeleteOauth2CredentialProvider, delete_oauth2);
  registry.bind(ops::kCreateWorkloadIdentity, create_workload);
  registry.bind(ops::kGetWorkloadIdentity, get_workload);
  registry.bind(ops::kListWorkloadIdentities, list_workloads);
  registry.bind(ops::kUpdateWorkloadIdentity, update_workload);
  registry.bind(ops::kDeleteWorkloadIdentity, delete_workload);
  registry.bind(ops::kGetTokenVault, get_token_vault);
  registry.bind(ops::kSetTokenVaultCMK, set_token_vault_cmk);
  registry.bind(ops::kGetWorkloadAccessToken, get_workload_token);
  registry.bind(ops::kGetWorkloadAccessTokenForJWT,
                [&tokens](api::Call& call, m::GetWorkloadAccessTokenForJWTInput input) {
                  return get_workload_token_for_jwt(call, std::move(input), tokens);
                });
  registry.bind(ops::kGetWorkloadAccessTokenForUserId, get_workload_token_for_user);
  registry.bind(ops::kGetResourceApiKey, get_resource_api_key);
  registry.bind(ops::kGetResourceOauth2Token, [&tokens](api::Call& call, m::GetResourceOauth2TokenInput input) {
    return get_resource_oauth2_token(call, std::move(input), tokens);
  });
  registry.bind(ops::kCompleteResourceTokenAuth, complete_resource_token_auth);
}

}  // namespace warifu::services::credentials
