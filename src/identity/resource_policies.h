#pragma once

#include <optional>
#include <string_view>

#include "identity/types.h"
#include "store/store.h"

/// One table of resource policies, keyed by resource ARN, whoever writes them: AgentCore, Lambda, KMS, S3, and roles'
/// trust policies. Rows lie in the partition of the account that owns the resource.
namespace warifu::identity {

struct ResourcePolicy {
  std::string document;  // as written; of a trust policy, with principals as unique ids
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
/// True when there was one.
[[nodiscard]] Result<bool> erase_resource_policy(store::Txn& txn, const AccountId& owner, std::string_view arn);

}  // namespace warifu::identity
