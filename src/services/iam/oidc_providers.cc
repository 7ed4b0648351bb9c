#include "identity/oidc_providers.h"

#include <fmt/format.h>

#include <algorithm>

#include "gen/iam/oidc_providers.h"
#include "identity/tags.h"
#include "services/iam/nouns.h"
#include "services/iam/shared.h"

namespace warifu::services::iam {
namespace {

constexpr std::size_t kThumbprintsMax = 5;
constexpr std::size_t kClientIdsMax = 100;

/// The URL without its scheme, as providers are keyed.
Result<std::string> without_scheme(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  std::string_view rest = url.starts_with(kScheme) ? url.substr(kScheme.size()) : std::string_view{};
  if (rest.empty() || rest.front() == '/' || rest.find_first_of("?#@ ") != std::string_view::npos) {
    return fail(validation_error("Invalid Open ID Connect Provider URL"));
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  return std::string(rest);
}

Result<> check_lists(const identity::OidcProvider& provider) {
  if (provider.thumbprints.size() > kThumbprintsMax) {
    return fail(identity::invalid_input("Thumbprint list must contain fewer than 5 entries."));
  }
  if (provider.client_ids.size() > kClientIdsMax) {
    return fail(identity::limit_exceeded(
        fmt::format("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {}", kClientIdsMax)));
  }
  return {};
}

Task<Result<m::CreateOpenIDConnectProviderOutput>> create_oidc_provider(api::Call& call,
                                                                        m::CreateOpenIDConnectProviderInput input) {
  identity::Tags tags = CO_TRY(tags_from(input.tags));
  identity::OidcProvider provider{.client_ids = input.client_id_list.value_or(std::vector<std::string>{}),
                                  .thumbprints = input.thumbprint_list.value_or(std::vector<std::string>{}),
                                  .created = call.now()};
  provider.url = CO_TRY(without_scheme(input.url));
  provider.arn = identity::oidc_provider_arn(call.account(), provider.url);
  CO_TRY(check_lists(provider));
  co_return co_await call.db().write(
      [account = call.account(), provider, tags](store::Txn& txn) -> Result<m::CreateOpenIDConnectProviderOutput> {
        TRY(identity::create_oidc_provider(txn, account, provider, tags));
        return m::CreateOpenIDConnectProviderOutput{provider.arn, shown_tags_or_absent(tags)};
      });
}

Task<Result<m::GetOpenIDConnectProviderOutput>> get_oidc_provider(api::Call& call,
                                                                  m::GetOpenIDConnectProviderInput input) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetOpenIDConnectProviderOutput> {
    const std::string& arn = input.open_id_connect_provider_arn;
    const identity::OidcProvider found = TRY(identity::require_oidc_provider(reader, call.account(), arn));
    const identity::Tags tags = TRY(identity::tags_of(reader, call.account(), arn));
    return m::GetOpenIDConnectProviderOutput{found.url, found.client_ids, found.thumbprints, found.created,
                                             shown_tags(tags)};
  });
}

Task<Result<m::ListOpenIDConnectProvidersOutput>> list_oidc_providers(api::Call& call,
                                                                      m::ListOpenIDConnectProvidersInput) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListOpenIDConnectProvidersOutput> {
    const auto providers = TRY(identity::list_oidc_providers(reader, call.account()));
    m::ListOpenIDConnectProvidersOutput output;
    output.open_id_connect_provider_list.emplace();
    for (const identity::OidcProvider& provider : providers) {
      output.open_id_connect_provider_list->push_back({provider.arn});
    }
    return output;
  });
}

Task<Result<m::DeleteOpenIDConnectProviderOutput>> delete_oidc_provider(api::Call& call,
                                                                        m::DeleteOpenIDConnectProviderInput input) {
  co_return co_await call.db().write(
      [account = call.account(), input](store::Txn& txn) -> Result<m::DeleteOpenIDConnectProviderOutput> {
        TRY(identity::delete_oidc_provider(txn, account, input.open_id_connect_provider_arn));
        return m::DeleteOpenIDConnectProviderOutput{};
      });
}

/// Reads the provider, lets `change` alter it, checks and writes it.
Task<Result<>> change_provider(api::Call& call, std::string arn, std::function<void(identity::OidcProvider&)> change) {
  co_return co_await call.db().write([account = call.account(), arn, change](store::Txn& txn) -> Result<> {
    identity::OidcProvider provider = TRY(identity::require_oidc_provider(txn, account, arn));
    change(provider);
    TRY(check_lists(provider));
    return identity::update_oidc_provider(txn, account, provider);
  });
}

Task<Result<m::AddClientIDToOpenIDConnectProviderOutput>> add_client_id(
    api::Call& call, m::AddClientIDToOpenIDConnectProviderInput input) {
  const std::function<void(identity::OidcProvider&)> add = [id = input.client_id](identity::OidcProvider& provider) {
    if (std::ranges::find(provider.client_ids, id) == provider.client_ids.end()) provider.client_ids.push_back(id);
  };
  CO_TRY(co_await change_provider(call, input.open_id_connect_provider_arn, add));
  co_return m::AddClientIDToOpenIDConnectProviderOutput{};
}

Task<Result<m::RemoveClientIDFromOpenIDConnectProviderOutput>> remove_client_id(
    api::Call& call, m::RemoveClientIDFromOpenIDConnectProviderInput input) {
  const std::function<void(identity::OidcProvider&)> remove = [id = input.client_id](identity::OidcProvider& provider) {
    std::erase(provider.client_ids, id);
  };
  CO_TRY(co_await change_provider(call, input.open_id_connect_provider_arn, remove));
  co_return m::RemoveClientIDFromOpenIDConnectProviderOutput{};
}

Task<Result<m::UpdateOpenIDConnectProviderThumbprintOutput>> update_thumbprints(
    api::Call& call, m::UpdateOpenIDConnectProviderThumbprintInput input) {
  const std::function<void(identity::OidcProvider&)> replace =
      [list = input.thumbprint_list](identity::OidcProvider& provider) { provider.thumbprints = list; };
  CO_TRY(co_await change_provider(call, input.open_id_connect_provider_arn, replace));
  co_return m::UpdateOpenIDConnectProviderThumbprintOutput{};
}

}  // namespace

void bind_oidc_providers(api::Registry& registry) {
  registry.bind(m::ops::kCreateOpenIDConnectProvider, create_oidc_provider);
  registry.bind(m::ops::kGetOpenIDConnectProvider, get_oidc_provider);
  registry.bind(m::ops::kListOpenIDConnectProviders, list_oidc_providers);
  registry.bind(m::ops::kDeleteOpenIDConnectProvider, delete_oidc_provider);
  registry.bind(m::ops::kAddClientIDToOpenIDConnectProvider, add_client_id);
  registry.bind(m::ops::kRemoveClientIDFromOpenIDConnectProvider, remove_client_id);
  registry.bind(m::ops::kUpdateOpenIDConnectProviderThumbprint, update_thumbprints);
}

}  // namespace warifu::services::iam
