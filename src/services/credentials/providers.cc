#include "services/credentials/providers.h"

#include <fmt/format.h>

#include "base/arn.h"
#include "identity/tags.h"
#include "services/credentials/errors.h"
#include "store/keys.h"
#include "wire/stored.h"

namespace warifu::services::credentials {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kSecretSuffix = 6;

std::string key_in(std::string_view family, const Vault& vault, std::string_view name) {
  std::string key(family);
  store::append_text(key, vault.region);
  return key.append(name);
}

std::string secret_key(ProviderKind kind, const Vault& vault, std::string_view name) {
  return key_in(kind == ProviderKind::kApiKey ? "credential-secret/api-key/" : "credential-secret/oauth2/", vault,
                name);
}

/// What is particular to one kind of provider.
template <class Provider>
struct Traits;
template <>
struct Traits<ApiKeyProvider> {
  static constexpr ProviderKind kKind = ProviderKind::kApiKey;
  static constexpr std::string_view kFamily = "credential-provider/api-key/";
  static const wire::Operation& shapes() { return m::tables::kGetApiKeyCredentialProvider; }
};
template <>
struct Traits<OauthProvider> {
  static constexpr ProviderKind kKind = ProviderKind::kOauth2;
  static constexpr std::string_view kFamily = "credential-provider/oauth2/";
  static const wire::Operation& shapes() { return m::tables::kGetOauth2CredentialProvider; }
};

template <class Provider>
Result<Provider> decode(std::string_view row) {
  if (!row.starts_with(kFormat)) return fail(bad_row("credential provider"));
  Provider provider;
  const wire::Operation& shapes = Traits<Provider>::shapes();
  TRY(wire::from_json(shapes, *shapes.output, row.substr(1), &provider));
  return provider;
}

template <class Provider>
std::string key_of(const Vault& vault, std::string_view name) {
  return key_in(Traits<Provider>::kFamily, vault, name);
}

}  // namespace

std::string Vault::arn(ProviderKind kind, std::string_view name) const {
  return make_arn(
      "bedrock-agentcore", region, account.str(),
      fmt::format("token-vault/default/{}/{}",
                  kind == ProviderKind::kApiKey ? "apikeycredentialprovider" : "oauth2credentialprovider", name));
}

std::string Vault::secret_arn(ProviderKind kind, std::string_view name, Random& random) const {
  return make_arn("secretsmanager", region, account.str(),
                  fmt::format("secret:bedrock-agentcore-identity!default/{}/{}-{}",
                              kind == ProviderKind::kApiKey ? "apikey" : "oauth2", name,
                              random.text(kSecretSuffix, kAlphanumeric)));
}

namespace providers {

template <class Provider>
Result<std::optional<Provider>> find(store::Reader& reader, const Vault& vault, std::string_view name) {
  const std::optional<std::string> row = TRY(reader.get(vault.partition(), key_of<Provider>(vault, name)));
  if (!row) return std::optional<Provider>();
  return TRY(decode<Provider>(*row));
}

template <class Provider>
Result<Provider> require(store::Reader& reader, const Vault& vault, std::string_view name) {
  std::optional<Provider> provider = TRY(find<Provider>(reader, vault, name));
  if (!provider) return fail(provider_not_found(name));
  return *std::move(provider);
}

template <class Provider>
Result<> put(store::Txn& txn, const Vault& vault, const Provider& provider, const std::optional<std::string>& secret) {
  TRY(txn.put(vault.partition(), key_of<Provider>(vault, provider.name),
              kFormat + wire::to_json(*Traits<Provider>::shapes().output, &provider)));
  if (!secret) return {};
  return txn.put(vault.partition(), secret_key(Traits<Provider>::kKind, vault, provider.name), *secret);
}

template <class Provider>
Result<> erase(store::Txn& txn, const Vault& vault, std::string_view name) {
  TRY(txn.erase(vault.partition(), key_of<Provider>(vault, name)));
  TRY(txn.erase(vault.partition(), secret_key(Traits<Provider>::kKind, vault, name)));
  return identity::erase_all_tags(txn, vault.account, vault.arn(Traits<Provider>::kKind, name));
}

template <class Provider>
Result<Page<Provider>> list(store::Reader& reader, const Vault& vault, std::string_view after, std::size_t limit) {
  store::Range range = store::prefix_range(key_of<Provider>(vault, ""));
  if (!after.empty()) range.begin = key_of<Provider>(vault, after) + '\0';
  Page<Provider> page;
  Result<> damage;
  TRY(reader.scan(vault.partition(), range, [&](std::string_view, std::string_view row) {
    page.more = page.items.size() == limit;
    if (page.more) return false;
    Result<Provider> provider = decode<Provider>(row);
    if (!provider) {
      damage = fail(provider.error());
      return false;
    }
    page.items.push_back(*std::move(provider));
    return true;
  }));
  TRY(std::move(damage));
  return page;
}

template <class Provider>
Result<std::size_t> count(store::Reader& reader, const Vault& vault) {
  std::size_t found = 0;
  TRY(reader.scan(vault.partition(), store::prefix_range(key_of<Provider>(vault, "")), [&](auto, auto) {
    ++found;
    return true;
  }));
  return found;
}

Result<std::string> secret(store::Reader& reader, const Vault& vault, ProviderKind kind, std::string_view name) {
  std::optional<std::string> row = TRY(reader.get(vault.partition(), secret_key(kind, vault, name)));
  if (!row) return fail(provider_not_found(name));
  return *std::move(row);
}

#define WARIFU_PROVIDER(T)                                                                          \
  template Result<std::optional<T>> find<T>(store::Reader&, const Vault&, std::string_view);        \
  template Result<T> require<T>(store::Reader&, const Vault&, std::string_view);                    \
  template Result<> put<T>(store::Txn&, const Vault&, const T&, const std::optional<std::string>&); \
  template Result<> erase<T>(store::Txn&, const Vault&, std::string_view);                          \
  template Result<Page<T>> list<T>(store::Reader&, const Vault&, std::string_view, std::size_t);    \
  template Result<std::size_t> count<T>(store::Reader&, const Vault&);
WARIFU_PROVIDER(ApiKeyProvider)
WARIFU_PROVIDER(OauthProvider)
#undef WARIFU_PROVIDER

}  // namespace providers
}  // namespace warifu::services::credentials
