#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "gen/agentcore/credential_providers.h"
#include "store/store.h"

/// Rows of credential providers: what their Get operation answers, as JSON, and the secret as a row of its own, which
/// only the operations that hand it out read. Values of an account are sealed by the store. Functions over a
/// transaction.
namespace warifu::services::credentials {

namespace m = model::agentcore;

using ApiKeyProvider = m::GetApiKeyCredentialProviderOutput;
using OauthProvider = m::GetOauth2CredentialProviderOutput;

enum class ProviderKind : std::uint8_t { kApiKey, kOauth2 };

/// Whose providers, in which region. Value type.
struct Vault {
  AccountId account;
  std::string region;

  [[nodiscard]] store::Partition partition() const { return store::Partition::account(account); }
  /// `arn:aws:bedrock-agentcore:REGION:ACCOUNT:token-vault/default/apikeycredentialprovider/NAME`.
  [[nodiscard]] std::string arn(ProviderKind kind, std::string_view name) const;
  /// `arn:aws:secretsmanager:REGION:ACCOUNT:secret:bedrock-agentcore-identity!default/apikey/NAME-abcdef`: what AWS
  /// shows of where the secret lies.
  [[nodiscard]] std::string secret_arn(ProviderKind kind, std::string_view name, Random& random) const;
};
[[nodiscard]] inline Vault vault_of(const api::Call& call) {
  return {.account = call.account(), .region = call.region()};
}

namespace providers {

/// Provider is ApiKeyProvider or OauthProvider.
template <class Provider>
[[nodiscard]] Result<std::optional<Provider>> find(store::Reader& reader, const Vault& vault, std::string_view name);
/// kNotFound.
template <class Provider>
[[nodiscard]] Result<Provider> require(store::Reader& reader, const Vault& vault, std::string_view name);
/// Writes the provider, and its secret unless that is nullopt: then it stays as it is.
template <class Provider>
[[nodiscard]] Result<> put(store::Txn& txn, const Vault& vault, const Provider& provider,
                           const std::optional<std::string>& secret);
/// With its secret and tags.
template <class Provider>
[[nodiscard]] Result<> erase(store::Txn& txn, const Vault& vault, std::string_view name);

template <class Provider>
struct Page {
  std::vector<Provider> items;  // in byte order of their names
  bool more = false;
};
template <class Provider>
[[nodiscard]] Result<Page<Provider>> list(store::Reader& reader, const Vault& vault, std::string_view after,
                                          std::size_t limit);
template <class Provider>
[[nodiscard]] Result<std::size_t> count(store::Reader& reader, const Vault& vault);

/// kNotFound: the provider is gone.
[[nodiscard]] Result<std::string> secret(store::Reader& reader, const Vault& vault, ProviderKind kind,
                                         std::string_view name);

}  // namespace providers
}  // namespace warifu::services::credentials
