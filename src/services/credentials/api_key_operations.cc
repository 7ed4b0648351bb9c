#include <fmt/format.h>

#include "identity/tags.h"
#include "services/credentials/errors.h"
#include "services/credentials/limits.h"
#include "services/credentials/operations.h"
#include "services/credentials/providers.h"

namespace warifu::services::credentials {
namespace {

/// REQUIRES: Input is that of Create or Update.
template <class Input>
Result<std::string> secret_of(const Input& input) {
  if (input.api_key_secret_config || input.api_key_secret_source == "EXTERNAL") {
    return fail(unsupported_member("apiKeySecretSource EXTERNAL"));
  }
  if (!input.api_key || input.api_key->empty()) return fail(invalid_field("apiKey", "apiKey is required"));
  return *input.api_key;
}

}  // namespace

Task<Result<m::CreateApiKeyCredentialProviderOutput>> create_api_key(api::Call& call,
                                                                     m::CreateApiKeyCredentialProviderInput input) {
  const Vault vault = vault_of(call);
  const std::string secret = CO_TRY(secret_of(input));
  const identity::Tags tags =
      CO_TRY(identity::requested_tags(input.tags.value_or(std::map<std::string, std::string>{}), "tags"));
  const ApiKeyProvider provider{
      .api_key_secret_arn = {.secret_arn = vault.secret_arn(ProviderKind::kApiKey, input.name, call.random())},
      .api_key_secret_source = input.api_key_secret_source,
      .name = input.name,
      .credential_provider_arn = vault.arn(ProviderKind::kApiKey, input.name),
      .created_time = call.now(),
      .last_updated_time = call.now()};
  const auto body = [vault, provider, secret, tags](store::Txn& txn) -> Result<> {
    if (TRY(providers::find<ApiKeyProvider>(txn, vault, provider.name))) return fail(provider_exists(provider.name));
    if (TRY(providers::count<ApiKeyProvider>(txn, vault)) >= kProvidersMax) {
      return fail(Error{.code = ErrorCode::kQuotaExceeded,
                        .message = fmt::format("an account has at most {} API key providers", kProvidersMax)});
    }
    if (!tags.empty()) TRY(identity::put_tags(txn, vault.account, provider.credential_provider_arn, tags));
    return providers::put(txn, vault, provider, secret);
  };
  CO_TRY(co_await call.db().write(body));
  co_return m::CreateApiKeyCredentialProviderOutput{.api_key_secret_arn = provider.api_key_secret_arn,
                                                    .api_key_secret_source = provider.api_key_secret_source,
                                                    .name = provider.name,
                                                    .credential_provider_arn = provider.credential_provider_arn};
}

Task<Result<m::GetApiKeyCredentialProviderOutput>> get_api_key(api::Call& call,
                                                               m::GetApiKeyCredentialProviderInput input) {
  co_return call.db().read(
      [&](store::Reader& reader) { return providers::require<ApiKeyProvider>(reader, vault_of(call), input.name); });
}

Task<Result<m::ListApiKeyCredentialProvidersOutput>> list_api_keys(api::Call& call,
                                                                   m::ListApiKeyCredentialProvidersInput input) {
  std::string after;
  if (input.next_token) after = CO_TRY(call.page_position(*input.next_token));
  const auto limit = static_cast<std::size_t>(input.max_results.value_or(kPageDefault));
  const providers::Page<ApiKeyProvider> page = CO_TRY(call.db().read(
      [&](store::Reader& reader) { return providers::list<ApiKeyProvider>(reader, vault_of(call), after, limit); }));
  m::ListApiKeyCredentialProvidersOutput output;
  for (const ApiKeyProvider& provider : page.items) {
    output.credential_providers.push_back({.name = provider.name,
                                           .credential_provider_arn = provider.credential_provider_arn,
                                           .created_time = provider.created_time,
                                           .last_updated_time = provider.last_updated_time});
  }
  if (page.more) output.next_token = call.page_token(page.items.back().name);
  co_return output;
}

Task<Result<m::UpdateApiKeyCredentialProviderOutput>> update_api_key(api::Call& call,
                                                                     m::UpdateApiKeyCredentialProviderInput input) {
  const Vault vault = vault_of(call);
  const std::string secret = CO_TRY(secret_of(input));
  const auto body = [vault, secret, input, now = call.now()](store::Txn& txn) -> Result<ApiKeyProvider> {
    ApiKeyProvider provider = TRY(providers::require<ApiKeyProvider>(txn, vault, input.name));
    provider.api_key_secret_source = input.api_key_secret_source;
    provider.last_updated_time = now;
    TRY(providers::put(txn, vault, provider, secret));
    return provider;
  };
  const ApiKeyProvider provider = CO_TRY(co_await call.db().write(body));
  co_return m::UpdateApiKeyCredentialProviderOutput{.api_key_secret_arn = provider.api_key_secret_arn,
                                                    .api_key_secret_source = provider.api_key_secret_source,
                                                    .name = provider.name,
                                                    .credential_provider_arn = provider.credential_provider_arn,
                                                    .created_time = provider.created_time,
                                                    .last_updated_time = provider.last_updated_time};
}

Task<Result<m::DeleteApiKeyCredentialProviderOutput>> delete_api_key(api::Call& call,
                                                                     m::DeleteApiKeyCredentialProviderInput input) {
  const auto body = [vault = vault_of(call), name = input.name](store::Txn& txn) -> Result<> {
    TRY(providers::require<ApiKeyProvider>(txn, vault, name));
    return providers::erase<ApiKeyProvider>(txn, vault, name);
  };
  CO_TRY(co_await call.db().write(body));
  co_return m::DeleteApiKeyCredentialProviderOutput{};
}

}  // namespace warifu::services::credentials
