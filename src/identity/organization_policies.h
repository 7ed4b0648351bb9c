#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/organizations.h"

/// Service and resource control policies of an organization, what they are attached to, and what of them a decision
/// needs. A target is a root, a unit or a member account, by its id.
namespace warifu::identity {

/// AWS's own policies included.
[[nodiscard]] Result<std::optional<GuardPolicy>> find_guard(store::Reader& reader, const Organization& organization,
                                                            std::string_view id);
/// As above, but absence is PolicyNotFoundException.
[[nodiscard]] Result<GuardPolicy> require_guard(store::Reader& reader, const Organization& organization,
                                                std::string_view id);
/// AWS's own first, then in order of their ids.
[[nodiscard]] Result<std::vector<GuardPolicy>> list_guards(store::Reader& reader, const Organization& organization,
                                                           GuardType type);
/// DuplicatePolicyException, MalformedPolicyDocumentException, ConstraintViolationException (number, size).
[[nodiscard]] Result<> create_guard(store::Txn& txn, const Organization& organization, const GuardPolicy& policy);
/// Replaces name, description and document. Errors as above.
[[nodiscard]] Result<> update_guard(store::Txn& txn, const Organization& organization, const GuardPolicy& policy);
/// PolicyInUseException while it is attached anywhere.
[[nodiscard]] Result<> delete_guard(store::Txn& txn, const Organization& organization, std::string_view id);
/// MalformedPolicyDocumentException unless the document is one that AWS takes for the type: a resource control policy
/// only denies, to everybody, and names the service of each action.
[[nodiscard]] Result<> check_guard(std::string_view document, GuardType type);

/// TargetNotFoundException, PolicyTypeNotEnabledException, DuplicatePolicyAttachmentException,
/// ConstraintViolationException (attachments).
[[nodiscard]] Result<> attach_guard(store::Txn& txn, const Organization& organization, std::string_view policy,
                                    std::string_view target);
/// PolicyNotAttachedException; ConstraintViolationException for the last service control policy of a target, and for
/// AWS's resource control policy.
[[nodiscard]] Result<> detach_guard(store::Txn& txn, const Organization& organization, std::string_view policy,
                                    std::string_view target);
/// Ids of the policies of both types that are attached to `target` itself, in order.
[[nodiscard]] Result<std::vector<std::string>> guards_of_target(store::Reader& reader, const Organization& organization,
                                                                std::string_view target);
[[nodiscard]] Result<std::vector<std::string>> targets_of_guard(store::Reader& reader, const Organization& organization,
                                                                std::string_view policy);
/// TargetNotFoundException unless `target` is in the organization.
[[nodiscard]] Result<> require_target(store::Reader& reader, const Organization& organization, std::string_view target);

/// What an id names to `account`, for authorization, whether it exists or not: its ARN, and of a policy its type.
struct OrganizationEntity {
  std::string arn, policy_type;
};
[[nodiscard]] Result<OrganizationEntity> organization_entity(store::Reader& reader, const AccountId& account,
                                                             std::string_view id);

/// PolicyTypeNotAvailableForOrganizationException without all features; PolicyTypeAlreadyEnabledException. Attaches
/// AWS's policy of the type to everything.
[[nodiscard]] Result<> enable_guards(store::Txn& txn, Organization organization, GuardType type);
/// PolicyTypeNotEnabledException. Detaches every policy of the type.
[[nodiscard]] Result<> disable_guards(store::Txn& txn, Organization organization, GuardType type);

/// The policies of one level of the tree, from the root down to the account itself.
struct GuardLevel {
  std::string target;
  std::vector<GuardPolicy> policies;
};
/// What decisions need of an account's place in an organization.
struct Guards {
  std::string organization;  // o-…
  std::string path;          // value of aws:PrincipalOrgPaths
  bool management = false;   // exempt from both kinds
  bool closed = false;       // nobody of it and nothing in it is of any use
  /// By GuardType; empty where the type is off or the account is exempt, else one entry a level.
  std::array<std::vector<GuardLevel>, kGuardTypes> levels;
};
/// nullopt: in no organization. Depends on (account, organizations_state().version) alone.
[[nodiscard]] Result<std::optional<Guards>> guards_of(store::Reader& reader, const AccountId& account);

}  // namespace warifu::identity
