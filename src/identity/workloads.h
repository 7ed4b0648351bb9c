#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/types.h"
#include "store/store.h"

/// Workload identities of AgentCore: what an agent or a gateway is to the token vault. One table for those that an
/// account makes and those that a service makes for its own resources, which go with them. By account and region.
namespace warifu::identity {

struct WorkloadIdentity {
  std::string name;
  std::vector<std::string> return_urls;  // allowedResourceOauth2ReturnUrls
  std::string managed_by;                // ARN of the resource that it was made for; empty: the account's own
  Timestamp created, updated;
};

/// `arn:aws:bedrock-agentcore:REGION:ACCOUNT:workload-identity-directory/default/workload-identity/NAME`.
[[nodiscard]] std::string workload_identity_arn(const AccountId& account, std::string_view region,
                                                std::string_view name);

[[nodiscard]] Result<std::optional<WorkloadIdentity>> find_workload_identity(store::Reader& reader,
                                                                             const AccountId& account,
                                                                             std::string_view region,
                                                                             std::string_view name);
/// Writes it, whether or not it is there.
[[nodiscard]] Result<> put_workload_identity(store::Txn& txn, const AccountId& account, std::string_view region,
                                             const WorkloadIdentity& workload);
/// With its tags.
[[nodiscard]] Result<> erase_workload_identity(store::Txn& txn, const AccountId& account, std::string_view region,
                                               std::string_view name);

struct WorkloadPage {
  std::vector<WorkloadIdentity> items;  // in byte order of their names
  bool more = false;
};
/// Up to `limit` after the name `after` (empty: from the first).
[[nodiscard]] Result<WorkloadPage> list_workload_identities(store::Reader& reader, const AccountId& account,
                                                            std::string_view region, std::string_view after,
                                                            std::size_t limit);

}  // namespace warifu::identity
