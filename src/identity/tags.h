#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "identity/types.h"
#include "store/store.h"

/// One table of tags, keyed by resource ARN, for every resource of every service, IAM's own included. Rows lie in the
/// partition of the account that owns the resource.
namespace warifu::identity {

/// Empty when nothing is tagged: existence of the resource is not this table's to know.
[[nodiscard]] Result<Tags> tags_of(store::Reader& reader, const AccountId& owner, std::string_view arn);
/// Adds and overwrites by exact key. kValidation past kTagsMax.
[[nodiscard]] Result<> put_tags(store::Txn& txn, const AccountId& owner, std::string_view arn, const Tags& tags);
/// Keys that are not there are no error.
[[nodiscard]] Result<> erase_tags(store::Txn& txn, const AccountId& owner, std::string_view arn,
                                  std::span<const std::string> keys);
/// The tags that a request brings. kValidation naming `field` where a key begins with `aws:`, or two keys differ by
/// case alone: whoever may tag could otherwise shadow a tag that policies rest on.
[[nodiscard]] Result<Tags> requested_tags(const std::map<std::string, std::string>& tags, std::string_view field);
/// The same of one key beside tags that are there already.
[[nodiscard]] Result<> check_tag_spelling(const Tags& present, std::string_view key, std::string_view field);

/// With the resource.
[[nodiscard]] Result<> erase_all_tags(store::Txn& txn, const AccountId& owner, std::string_view arn);

/// For users and roles, whose tags are condition keys (`aws:PrincipalTag`): as above, but keys differ without case and
/// the identity version moves. LimitExceeded past kTagsMax.
[[nodiscard]] Result<> put_principal_tags(store::Txn& txn, const AccountId& account, std::string_view arn,
                                          const Tags& tags);
[[nodiscard]] Result<> erase_principal_tags(store::Txn& txn, const AccountId& account, std::string_view arn,
                                            std::span<const std::string> keys);

}  // namespace warifu::identity
