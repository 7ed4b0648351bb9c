#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "identity/types.h"
#include "store/store.h"

/// Roles and their trust policies. Names are unique without regard to case and found only in their exact case.
namespace warifu::identity {

/// `trust` is stored with its principals as unique ids (principals.h). Errors: EntityAlreadyExists, LimitExceeded,
/// MalformedPolicyDocument (`Invalid principal in policy: "AWS":"…"`).
[[nodiscard]] Result<> create_role(store::Txn& txn, const AccountId& account, const Role& role, std::string_view trust,
                                   const Tags& tags);
[[nodiscard]] Result<std::optional<Role>> find_role(store::Reader& reader, const AccountId& account,
                                                    std::string_view name);
[[nodiscard]] Result<std::optional<Role>> role_by_id(store::Reader& reader, const AccountId& account,
                                                     std::string_view unique_id);
/// As find_role, but absence is NoSuchEntity.
[[nodiscard]] Result<Role> require_role(store::Reader& reader, const AccountId& account, std::string_view name);
/// The role of that ARN, path included; nullopt when there is none or the path differs.
[[nodiscard]] Result<std::optional<Role>> role_by_arn(store::Reader& reader, std::string_view arn);
[[nodiscard]] Result<Slice<Role>> list_roles(store::Reader& reader, const AccountId& account, const SliceQuery& query);
/// Writes description, max_session_seconds of an existing role.
[[nodiscard]] Result<> update_role(store::Txn& txn, const AccountId& account, const Role& role);
/// DeleteConflict while policies or instance profiles remain. `force`: detaches and erases them (service-linked roles).
[[nodiscard]] Result<> delete_role(store::Txn& txn, const AccountId& account, std::string_view name,
                                   bool force = false);
/// An empty `policy_arn` removes the boundary (NoSuchEntity when there was none).
[[nodiscard]] Result<> set_role_boundary(store::Txn& txn, const AccountId& account, std::string_view name,
                                         std::string_view policy_arn);

[[nodiscard]] Result<> set_trust_policy(store::Txn& txn, const AccountId& account, std::string_view role_name,
                                        std::string_view document, Timestamp now);
/// The trust policy as its owner sees it: unique ids back as ARNs, those of deleted principals left as they are.
[[nodiscard]] Result<std::string> trust_policy(store::Reader& reader, const AccountId& account, const Role& role);

/// The name of the role that AWS links to a service: `AWSServiceRoleForBedrockAgentCoreNetwork` for
/// `network.bedrock-agentcore.amazonaws.com`. Empty when `service` is not the name of a service.
[[nodiscard]] std::string linked_role_name(std::string_view service, std::string_view custom_suffix);
/// `/aws-service-role/SERVICE/`.
[[nodiscard]] std::string linked_role_path(std::string_view service);
/// Deleting a service-linked role answers a task; the deletion is done by then, so a task that exists has succeeded.
[[nodiscard]] Result<> put_deletion_task(store::Txn& txn, const AccountId& account, std::string_view task_id);
[[nodiscard]] Result<bool> has_deletion_task(store::Reader& reader, const AccountId& account, std::string_view task_id);

}  // namespace warifu::identity
