#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "identity/types.h"
#include "store/store.h"

/// OpenID Connect providers that an account trusts, keyed by their URL without its scheme. Stored, not contacted.
namespace warifu::identity {

/// `arn:aws:iam::ACCOUNT:oidc-provider/HOST/PATH`.
[[nodiscard]] std::string oidc_provider_arn(const AccountId& account, std::string_view url);

[[nodiscard]] Result<> create_oidc_provider(store::Txn& txn, const AccountId& account, const OidcProvider& provider,
                                            const Tags& tags);
[[nodiscard]] Result<std::optional<OidcProvider>> find_oidc_provider(store::Reader& reader, const AccountId& account,
                                                                     std::string_view arn);
/// As above, but absence is NoSuchEntity.
[[nodiscard]] Result<OidcProvider> require_oidc_provider(store::Reader& reader, const AccountId& account,
                                                         std::string_view arn);
[[nodiscard]] Result<std::vector<OidcProvider>> list_oidc_providers(store::Reader& reader, const AccountId& account);
/// Writes client ids and thumbprints of an existing provider.
[[nodiscard]] Result<> update_oidc_provider(store::Txn& txn, const AccountId& account, const OidcProvider& provider);
/// No error when it does not exist, as on AWS.
[[nodiscard]] Result<> delete_oidc_provider(store::Txn& txn, const AccountId& account, std::string_view arn);

}  // namespace warifu::identity
