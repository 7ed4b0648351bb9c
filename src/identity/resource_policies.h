#pragma once

#include <optional>
#include <string_view>

#include "identity/types.h"
#include "store/store.h"

/// One table of resource policies, keyed by resource ARN, whoever writes them: AgentCore, Lambda, KMS, S3, and roles'
/// trust policies. Rows lie in the partition of the account that owns the resource.
namespace warifu::identity {

struct ResourcePolicy {
  std::string document;  // what decides: users and roles that existed when it was written stand as unique ids
  Timestamp updated;
  /// Never the same twice within an account, also across deletion: (account, version) names one text for ever, so
  /// compiled forms can be cached under it.
  std::uint64_t version = 0;
};

[[nodiscard]] Result<std::optional<ResourcePolicy>> find_resource_policy(store::Reader& reader, const AccountId& owner,
                                                                         std::string_view arn);
/// Replaces the whole document. No validation: the writer has compiled it.
[[nodiscard]] Result<> put_resource_policy(store::Txn& txn, const AccountId& owner, std::string_view arn,
                                           std::string_view document, Timestamp now);
/// As above, with users and roles bound to their unique ids: one that is deleted and made again under the same name is
/// another. kValidation when the document is not JSON.
[[nodiscard]] Result<> put_bound_resource_policy(store::Txn& txn, const AccountId& owner, std::string_view arn,
                                                 std::string_view document, Timestamp now);
/// As its owner sees it: as written while every principal that it was bound to is there under the name written, else
/// with what those are called now, and the ids of those that are gone. nullopt: there is none.
[[nodiscard]] Result<std::optional<std::string>> shown_resource_policy(store::Reader& reader, const AccountId& owner,
                                                                       std::string_view arn);
/// True when there was one.
[[nodiscard]] Result<bool> erase_resource_policy(store::Txn& txn, const AccountId& owner, std::string_view arn);

}  // namespace warifu::identity
