#include <fmt/format.h>

#include "identity/tags.h"
#include "services/credentials/errors.h"
#include "services/credentials/limits.h"
#include "services/credentials/operations.h"
#include "services/credentials/providers.h"
#include "services/credentials/vendors.h"

namespace warifu::services::credentials {
namespace {

constexpr std::string_view kReady = "READY";

}  // namespace

Task<Result<m::CreateOauth2CredentialProviderOutput>> create_oauth2(api::Call& call,
                                                                    m::CreateOauth2CredentialProviderInput input) {
  const Vault vault = vault_of(call);
  const vendors::Configured configured =
      CO_TRY(vendors::configure(input.credential_provider_vendor, input.oauth2_provider_config_input));
  if (!configured.secret) {
    co_return fail(invalid_field("oauth2ProviderConfigInput", "clientSecret is required"));
  }
  const identity::Tags tags =
      CO_TRY(identity::requested_tags(input.tags.value_or(std::map<std::string, std::string>{}), "tags"));
  const OauthProvider provider{
      .client_secret_arn = {.secret_arn = vault.secret_arn(ProviderKind::kOauth2, input.name, call.random())},
      .name = input.name,
      .credential_provider_arn = vault.arn(ProviderKind::kOauth2, input.name),
      .credential_provider_vendor = input.credential_provider_vendor,
      .oauth2_provider_config_output = configured.output,
      .created_time = call.now(),
      .last_updated_time = call.now(),
      .status = std::string(kReady)};
  const auto body = [vault, provider, secret = configured.secret, tags](store::Txn& txn) -> Result<> {
    if (TRY(providers::find<OauthProvider>(txn, vault, provider.name))) return fail(provider_exists(provider.name));
    if (TRY(providers::count<OauthProvider>(txn, vault)) >= kProvidersMax) {
      return fail(Error{.code = ErrorCode::kQuotaExceeded,
                        .message = fmt::format("an account has at most {} OAuth2 providers", kProvidersMax)});
    }
    if (!tags.empty()) TRY(identity::put_tags(txn, vault.account, provider.credential_provider_arn, tags));
    return providers::put(txn, vault, provider, secret);
  };
  CO_TRY(co_await call.db().write(body));
  co_return m::CreateOauth2CredentialProviderOutput{
      .client_secret_arn = provider.client_secret_arn,
      .name = provider.name,
      .credential_provider_arn = provider.credential_provider_arn,
      .oauth2_provider_config_output = provider.oauth2_provider_config_output,
      .status = provider.status};
}

Task<Result<m::GetOauth2CredentialProviderOutput>> get_oauth2(api::Call& call,
                                                              m::GetOauth2CredentialProviderInput input) {
  co_return call.db().read(
      [&](store::Reader& reader) { return providers::require<OauthProvider>(reader, vault_of(call), input.name); });
}

Task<Result<m::ListOauth2CredentialProvidersOutput>> list_oauth2(api::Call& call,
                                                                 m::ListOauth2CredentialProvidersInput input) {
  std::string after;
  if (input.next_token) after = CO_TRY(call.page_position(*input.next_token));
  const auto limit = static_cast<std::size_t>(input.max_results.value_or(kPageDefault));
  const providers::Page<OauthProvider> page = CO_TRY(call.db().read(
      [&](store::Reader& reader) { return providers::list<OauthProvider>(reader, vault_of(call), after, limit); }));
  m::ListOauth2CredentialProvidersOutput output;
  for (const OauthProvider& provider : page.items) {
    output.credential_providers.push_back({.name = provider.name,
                                           .credential_provider_vendor = provider.credential_provider_vendor,
                                           .credential_provider_arn = provider.credential_provider_arn,
                                           .created_time = provider.created_time,
                                           .last_updated_time = provider.last_updated_time});
  }
  if (page.more) output.next_token = call.page_token(page.items.back().name);
  co_return output;
}

// A configuration without a secret keeps the one that is there.
Task<Result<m::UpdateOauth2CredentialProviderOutput>> update_oauth2(api::Call& call,
                                                                    m::UpdateOauth2CredentialProviderInput input) {
  const vendors::Configured configured =
      CO_TRY(vendors::configure(input.credential_provider_vendor, input.oauth2_provider_config_input));
  const auto body = [vault = vault_of(call), configured, input,
                     now = call.now()](store::Txn& txn) -> Result<OauthProvider> {
    OauthProvider provider = TRY(providers::require<OauthProvider>(txn, vault, input.name));
    if (provider.credential_provider_vendor != input.credential_provider_vendor) {
      return fail(invalid_field("credentialProviderVendor", "the vendor of a credential provider cannot change"));
    }
    provider.oauth2_provider_config_output = configured.output;
    provider.last_updated_time = now;
    TRY(providers::put(txn, vault, provider, configured.secret));
    return provider;
  };
  const OauthProvider provider = CO_TRY(co_await call.db().write(body));
  co_return m::UpdateOauth2CredentialProviderOutput{
      .client_secret_arn = provider.client_secret_arn,
      .name = provider.name,
      .credential_provider_vendor = provider.credential_provider_vendor,
      .credential_provider_arn = provider.credential_provider_arn,
      .oauth2_provider_config_output = provider.oauth2_provider_config_output,
      .created_time = provider.created_time,
      .last_updated_time = provider.last_updated_time,
      .status = provider.status};
}

Task<Result<m::DeleteOauth2CredentialProviderOutput>> delete_oauth2(api::Call& call,
                                                                    m::DeleteOauth2CredentialProviderInput input) {
  const auto body = [vault = vault_of(call), name = input.name](store::Txn& txn) -> Result<> {
    TRY(providers::require<OauthProvider>(txn, vault, name));
    return providers::erase<OauthProvider>(txn, vault, name);
  };
  CO_TRY(co_await call.db().write(body));
  co_return m::DeleteOauth2CredentialProviderOutput{};
}

}  // namespace warifu::services::credentials
