#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/call.h"
#include "gen/organizations/shared.h"
#include "identity/organization_policies.h"
#include "identity/organizations.h"

/// What the nouns have in common: who may ask, how lists are cut into pages.
namespace warifu::services::organizations {

namespace m = model::organizations;

/// The organization that `account` manages. AWSOrganizationsNotInUseException when it is in none;
/// AccessDeniedException when it is a mere member.
[[nodiscard]] Result<identity::Organization> managed(store::Reader& reader, const AccountId& account);

/// `body(txn, organization)` in a transaction, for the management account alone.
template <class Output, class Body>
Task<Result<Output>> manage(api::Call& call, Body body) {
  co_return co_await call.db().write([account = call.account(), body](store::Txn& txn) -> Result<Output> {
    const identity::Organization organization = TRY(managed(txn, account));
    return body(txn, organization);
  });
}
/// `body(reader, organization)` in a snapshot, for the management account alone.
template <class Output, class Body>
Task<Result<Output>> inspect(api::Call& call, Body body) {
  co_return call.db().read([&](store::Reader& reader) -> Result<Output> {
    const identity::Organization organization = TRY(managed(reader, call.account()));
    return body(reader, organization);
  });
}

/// ParentNotFoundException unless it is a root or unit of the organization.
[[nodiscard]] Result<> require_parent(store::Reader& reader, const identity::Organization& organization,
                                      std::string_view id);
/// Empty when there is no such account any more.
[[nodiscard]] Result<std::string> account_name(store::Reader& reader, std::string_view number);
[[nodiscard]] identity::Tags tags_from(const std::optional<std::vector<m::Tag>>& tags);
[[nodiscard]] m::Root root_shape(const identity::Organization& organization, const identity::OrganizationNode& root);
/// PolicyTypeNotAvailableForOrganizationException for AWS's other types.
[[nodiscard]] Result<identity::GuardType> served_type(std::string_view name);

inline constexpr std::size_t kPageMax = 20;

/// One page of `items`, in order of `key`, and where the next one begins.
template <class T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next;
};
template <class T, class Key>
[[nodiscard]] Result<Page<T>> page_of(const api::Call& call, std::vector<T> items,
                                      const std::optional<std::string>& token, std::optional<std::int32_t> items_max,
                                      Key key) {
  const std::string after = token ? TRY(call.page_position(*token)) : std::string();
  std::ranges::sort(items, {}, key);
  std::erase_if(items, [&](const T& item) { return !after.empty() && key(item) <= after; });
  const std::size_t most = items_max ? static_cast<std::size_t>(*items_max) : kPageMax;
  Page<T> page;
  if (items.size() > most) {
    page.next = call.page_token(key(items[most - 1]));
    items.resize(most);
  }
  page.items = std::move(items);
  return page;
}

}  // namespace warifu::services::organizations
