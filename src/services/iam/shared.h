#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/call.h"
#include "base/check.h"
#include "gen/iam/shared.h"
#include "identity/errors.h"
#include "identity/policies.h"
#include "identity/types.h"
#include "policy/document.h"
#include "store/store.h"

/// What the handlers of IAM's nouns have in common: identity rows in the shapes of the wire, paging, document checks.
namespace warifu::services::iam {

namespace m = model::iam;

/// Documents go out percent-encoded (RFC 3986).
[[nodiscard]] std::string encoded_document(std::string_view document);
/// MalformedPolicyDocument, with the element at fault, unless `document` is a policy of that kind.
[[nodiscard]] Result<> check_document(std::string_view document, policy::Kind kind);

/// InvalidInput for a key that stands twice (without case) or begins with `aws:`; LimitExceeded past fifty.
[[nodiscard]] Result<identity::Tags> tags_from(const std::optional<std::vector<m::Tag>>& tags);
[[nodiscard]] std::vector<m::Tag> shown_tags(const identity::Tags& tags);
/// nullopt when there are none: members without tags are absent on the wire.
[[nodiscard]] std::optional<std::vector<m::Tag>> shown_tags_or_absent(const identity::Tags& tags);

[[nodiscard]] std::optional<m::AttachedPermissionsBoundary> shown_boundary(const std::string& arn);
/// Without tags and boundary, as listings show them.
[[nodiscard]] m::User shown_user(const identity::User& user);
[[nodiscard]] Result<m::Role> shown_role(store::Reader& reader, const AccountId& account, const identity::Role& role);
/// With tags, boundary and last use, as GetUser and GetRole show them.
[[nodiscard]] Result<m::User> whole_user(store::Reader& reader, const AccountId& account, const identity::User& user);
[[nodiscard]] Result<m::Role> whole_role(store::Reader& reader, const AccountId& account, const identity::Role& role);

/// The user, group or role of that name as a holder of policies; NoSuchEntity, or UnmodifiableEntity for a
/// service-linked role when `to_change`.
[[nodiscard]] Result<identity::Holder> require_holder(store::Reader& reader, const AccountId& account,
                                                      identity::EntityKind kind, std::string_view name, bool to_change);
/// UnmodifiableEntity for a service-linked role.
[[nodiscard]] Result<identity::Role> require_changeable_role(store::Reader& reader, const AccountId& account,
                                                             std::string_view name);

/// Marker, MaxItems and PathPrefix of a listing's input. kValidation for a marker that is not ours.
[[nodiscard]] Result<identity::SliceQuery> slice_query(const api::Call& call, const std::optional<std::string>& marker,
                                                       std::optional<std::int32_t> items_max,
                                                       const std::optional<std::string>& path_prefix);
template <class Input>
[[nodiscard]] Result<identity::SliceQuery> slice_query(const api::Call& call, const Input& input) {
  if constexpr (requires { input.path_prefix; }) {
    return slice_query(call, input.marker, input.max_items, input.path_prefix);
  } else {
    return slice_query(call, input.marker, input.max_items, std::nullopt);
  }
}
/// IsTruncated and Marker of a listing's output.
template <class Output>
void set_page(const api::Call& call, std::string_view next, Output& output) {
  output.is_truncated = !next.empty();
  if (!next.empty()) output.marker = call.page_token(next);
}

/// A slice of what lies in memory as a whole; positions are indexes.
template <class T>
[[nodiscard]] identity::Slice<T> slice_of(std::vector<T> all, const identity::SliceQuery& query) {
  std::size_t begin = 0;
  for (const char c : query.after) begin = begin * 10 + static_cast<std::size_t>(c - '0');
  begin = std::min(begin, all.size());
  const std::size_t end = std::min(all.size(), begin + query.items_max);
  identity::Slice<T> slice;
  slice.items.assign(std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(begin)),
                     std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(end)));
  if (end < all.size()) slice.next = std::to_string(end);
  return slice;
}

}  // namespace warifu::services::iam
