#include "identity/oidc_providers.h"

#include <fmt/format.h>

#include "base/arn.h"
#include "identity/table.h"
#include "identity/tags.h"

namespace warifu::identity {

std::string oidc_provider_arn(const AccountId& account, std::string_view url) {
  return make_arn("iam", "", account.str(), fmt::format("oidc-provider/{}", url));
}

Result<> create_oidc_provider(store::Txn& txn, const AccountId& account, const OidcProvider& provider,
                              const Tags& tags) {
  const std::string key = key_of(kOidc, provider.url);
  if (TRY(txn.get(store::Partition::account(account), key))) {
    return fail(already_exists(fmt::format("Provider with url https://{} already exists.", provider.url)));
  }
  TRY(put_tags(txn, account, oidc_provider_arn(account, provider.url), tags));
  TRY(put_row(txn, store::Partition::account(account), key, provider));
  return bump_identity_version(txn, account);
}

Result<std::optional<OidcProvider>> find_oidc_provider(store::Reader& reader, const AccountId& account,
                                                       std::string_view arn) {
  const std::string prefix = oidc_provider_arn(account, "");
  if (!arn.starts_with(prefix)) return std::nullopt;
  std::optional<OidcProvider> provider =
      TRY(get_row<OidcProvider>(reader, store::Partition::account(account), key_of(kOidc, arn.substr(prefix.size()))));
  if (provider) provider->arn = arn;
  return provider;
}

Result<OidcProvider> require_oidc_provider(store::Reader& reader, const AccountId& account, std::string_view arn) {
  std::optional<OidcProvider> provider = TRY(find_oidc_provider(reader, account, arn));
  if (!provider) return fail(no_such_entity(fmt::format("OpenIDConnect Provider not found for arn {}", arn)));
  return std::move(*provider);
}

Result<std::vector<OidcProvider>> list_oidc_providers(store::Reader& reader, const AccountId& account) {
  std::vector<OidcProvider> providers;
  Result<> failure;
  TRY(reader.scan(store::Partition::account(account), store::prefix_range(kOidc),
                  [&](std::string_view, std::string_view value) {
                    Result<OidcProvider> provider = decode_row<OidcProvider>(value);
                    if (!provider) {
                      failure = std::unexpected(provider.error());
                      return false;
                    }
                    provider->arn = oidc_provider_arn(account, provider->url);
                    providers.push_back(std::move(*provider));
                    return true;
                  }));
  if (!failure) return std::unexpected(failure.error());
  return providers;
}

Result<> update_oidc_provider(store::Txn& txn, const AccountId& account, const OidcProvider& provider) {
  OidcProvider stored = TRY(require_oidc_provider(txn, account, provider.arn));
  stored.client_ids = provider.client_ids;
  stored.thumbprints = provider.thumbprints;
  TRY(put_row(txn, store::Partition::account(account), key_of(kOidc, stored.url), stored));
  return bump_identity_version(txn, account);
}

Result<> delete_oidc_provider(store::Txn& txn, const AccountId& account, std::string_view arn) {
  const std::optional<OidcProvider> provider = TRY(find_oidc_provider(txn, account, arn));
  if (!provider) return {};
  TRY(erase_all_tags(txn, account, arn));
  TRY(txn.erase(store::Partition::account(account), key_of(kOidc, provider->url)));
  return bump_identity_version(txn, account);
}

}  // namespace warifu::identity
