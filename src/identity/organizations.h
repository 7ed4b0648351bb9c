#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/types.h"
#include "store/store.h"

/// Organizations: accounts under one management account, in a tree of organizational units, with policies that limit
/// what members' principals may do (service control) and what may be done to members' resources (resource control).
///
/// Rows lie in the management account's partition; a member's own partition leads there. Every write moves one version
/// (`organizations_state`), so what a decision needs may be kept under it. The first organization of a store, and the
/// end of the last, move every account's identity version: `gather` says whether there are any, and where there are
/// none a decision reads nothing more. Errors are AWS's, with AWS's texts.
namespace warifu::identity {

/// The two kinds of policy that take part in decisions. AWS's others are not served.
enum class GuardType : std::uint8_t { kServiceControl, kResourceControl };
inline constexpr std::size_t kGuardTypes = 2;
/// `SERVICE_CONTROL_POLICY`, `RESOURCE_CONTROL_POLICY`.
[[nodiscard]] std::string_view guard_type_name(GuardType type);
[[nodiscard]] std::optional<GuardType> guard_type(std::string_view name);

inline constexpr std::size_t kOrganizationAccountsMax = 5'000;
inline constexpr std::size_t kOrganizationalUnitsMax = 2'000;
inline constexpr std::size_t kUnitDepthMax = 5;        // units below the root
inline constexpr std::size_t kGuardsPerTargetMax = 5;  // of each type; AWS's own policy counts
inline constexpr std::size_t kGuardsPerTypeMax = 1'000;
inline constexpr std::size_t kGuardCharactersMax = 5'120;
inline constexpr std::int64_t kInvitationSeconds = 15 * 24 * 3600;
/// AWS's policies that allow everything. The resource control one cannot be detached.
inline constexpr std::string_view kFullAccess = "p-FullAWSAccess";
inline constexpr std::string_view kFullResourceAccess = "p-RCPFullAWSAccess";

struct Organization {
  std::string id;          // o-…
  std::string management;  // account number
  std::string root;        // r-…
  bool all_features = true;
  std::array<bool, kGuardTypes> enabled{};  // by GuardType
  Timestamp created;
};

/// A root or an organizational unit.
struct OrganizationNode {
  std::string id, name;
  std::string parent;  // empty: the root
};

struct OrganizationMember {
  std::string account;
  std::string parent;  // r-… or ou-…
  bool invited = false;
  Timestamp joined;
  bool closed = false;  // organization_delegates.h
};

struct GuardPolicy {
  std::string id, name, description;
  GuardType type = GuardType::kServiceControl;
  std::string document;
  bool aws_managed = false;
};

/// ARNs, which hold the management account and the organization's id.
[[nodiscard]] std::string organization_arn(const Organization& organization);
/// Of a root, unit, member account or policy by its id. `type` is read for policies only.
[[nodiscard]] std::string organization_entity_arn(const Organization& organization, std::string_view id,
                                                  GuardType type = GuardType::kServiceControl);
[[nodiscard]] std::string handshake_arn(const Organization& organization, std::string_view id);

/// New ids in AWS's forms. Draw them before the transaction.
[[nodiscard]] std::string new_organization_id(Random& random);                 // o-xxxxxxxxxx
[[nodiscard]] std::string new_root_id(Random& random);                         // r-xxxx
[[nodiscard]] std::string new_unit_id(std::string_view root, Random& random);  // ou-xxxx-yyyyyyyy
[[nodiscard]] std::string new_guard_id(Random& random);                        // p-xxxxxxxx
[[nodiscard]] std::string new_handshake_id(Random& random);                    // h-xxxxxxxx
[[nodiscard]] std::string new_create_account_id(Random& random);               // car-…

/// How many organizations there are, and the version that each write moves. Kept like a decision's other rows.
struct OrganizationsState {
  std::uint64_t version = 0;
  std::uint64_t count = 0;
};
[[nodiscard]] Result<OrganizationsState> organizations_state(store::Reader& reader);

/// AlreadyInOrganizationException when the management account is in one.
[[nodiscard]] Result<> create_organization(store::Txn& txn, const Organization& organization, Timestamp now);
/// The organization of which `account` is a member or the management account; nullopt: none.
[[nodiscard]] Result<std::optional<Organization>> organization_of(store::Reader& reader, const AccountId& account);
/// As above, but absence is AWSOrganizationsNotInUseException.
[[nodiscard]] Result<Organization> require_organization(store::Reader& reader, const AccountId& account);
/// OrganizationNotEmptyException while members other than the management account remain. Erases units and policies.
[[nodiscard]] Result<> delete_organization(store::Txn& txn, const Organization& organization);

/// AlreadyInOrganizationException; ConstraintViolationException past kOrganizationAccountsMax. Where a policy type is
/// enabled, AWS's policy is attached.
[[nodiscard]] Result<> add_member(store::Txn& txn, const Organization& organization, const OrganizationMember& member);
/// Detaches its policies. REQUIRES: it is a member and not the management account.
[[nodiscard]] Result<> remove_member(store::Txn& txn, const Organization& organization, std::string_view account);
/// AccountNotFoundException when it is not in this organization.
[[nodiscard]] Result<OrganizationMember> require_member(store::Reader& reader, const Organization& organization,
                                                        std::string_view account);
/// In order of their numbers.
[[nodiscard]] Result<std::vector<OrganizationMember>> list_members(store::Reader& reader,
                                                                   const Organization& organization);
/// SourceParentNotFoundException, DestinationParentNotFoundException, DuplicateAccountException.
[[nodiscard]] Result<> move_member(store::Txn& txn, const Organization& organization, std::string_view account,
                                   std::string_view from, std::string_view to);
/// Called when an account is deleted: leaves its organization. Conflict when it manages one.
[[nodiscard]] Result<> forget_in_organization(store::Txn& txn, const AccountId& account);

/// nullopt: no such root or unit.
[[nodiscard]] Result<std::optional<OrganizationNode>> find_node(store::Reader& reader, const Organization& organization,
                                                                std::string_view id);
/// All units, in order of their ids.
[[nodiscard]] Result<std::vector<OrganizationNode>> list_units(store::Reader& reader, const Organization& organization);
/// ParentNotFoundException, DuplicateOrganizationalUnitException, ConstraintViolationException (depth, number).
[[nodiscard]] Result<> create_unit(store::Txn& txn, const Organization& organization, const OrganizationNode& unit);
[[nodiscard]] Result<> rename_unit(store::Txn& txn, const Organization& organization, std::string_view id,
                                   std::string_view name);
/// OrganizationalUnitNotFoundException, OrganizationalUnitNotEmptyException.
[[nodiscard]] Result<> delete_unit(store::Txn& txn, const Organization& organization, std::string_view id);
/// The nodes from the root down to `parent`, which is among them. kInternal when the tree is broken.
[[nodiscard]] Result<std::vector<OrganizationNode>> nodes_down_to(store::Reader& reader,
                                                                  const Organization& organization,
                                                                  std::string_view parent);
/// `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`: the value of aws:PrincipalOrgPaths for an account below `parent`.
[[nodiscard]] Result<std::string> organization_path(store::Reader& reader, const Organization& organization,
                                                    std::string_view parent);

}  // namespace warifu::identity
