#include "identity/organizations.h"

#include <fmt/format.h>

#include <algorithm>

#include "identity/organization_rows.h"
#include "identity/tags.h"

namespace warifu::identity {
namespace {

constexpr std::string_view kLowerAlphanumeric = "abcdefghijklmnopqrstuvwxyz0123456789";

std::string random_id(std::string_view prefix, std::size_t length, Random& random) {
  return std::string(prefix) + random.text(length, kLowerAlphanumeric);
}

Result<> touch_accounts(store::Txn& txn) {
  for (const Account& account : TRY(list_accounts(txn))) TRY(bump_identity_version(txn, account_of(account.id)));
  return {};
}

std::string_view kind_of(std::string_view id) {
  if (id.starts_with("r-")) return "root";
  if (id.starts_with("ou-")) return "ou";
  return id.starts_with("p-") ? "policy" : "account";
}

}  // namespace

std::string_view guard_type_name(GuardType type) {
  return type == GuardType::kServiceControl ? "SERVICE_CONTROL_POLICY" : "RESOURCE_CONTROL_POLICY";
}

std::optional<GuardType> guard_type(std::string_view name) {
  if (name == guard_type_name(GuardType::kServiceControl)) return GuardType::kServiceControl;
  if (name == guard_type_name(GuardType::kResourceControl)) return GuardType::kResourceControl;
  return std::nullopt;
}

std::string new_organization_id(Random& random) { return random_id("o-", 10, random); }
std::string new_root_id(Random& random) { return random_id("r-", 4, random); }
std::string new_guard_id(Random& random) { return random_id("p-", 10, random); }
std::string new_handshake_id(Random& random) { return random_id("h-", 10, random); }
std::string new_create_account_id(Random& random) { return random_id("car-", 32, random); }
std::string new_unit_id(std::string_view root, Random& random) {
  return random_id(fmt::format("ou-{}-", root.substr(root.find('-') + 1)), 8, random);
}

std::string organization_arn(const Organization& organization) {
  return fmt::format("arn:aws:organizations::{}:organization/{}", organization.management, organization.id);
}

std::string organization_entity_arn(const Organization& organization, std::string_view id, GuardType type) {
  const std::string_view kind = kind_of(id);
  if (kind != "policy") {
    return fmt::format("arn:aws:organizations::{}:{}/{}/{}", organization.management, kind, organization.id, id);
  }
  const std::string type_name = to_lower(guard_type_name(type));
  if (id == kFullAccess || id == kFullResourceAccess) {
    return fmt::format("arn:aws:organizations::aws:policy/{}/{}", type_name, id);
  }
  return fmt::format("arn:aws:organizations::{}:policy/{}/{}/{}", organization.management, organization.id, type_name,
                     id);
}

std::string handshake_arn(const Organization& organization, std::string_view id) {
  return fmt::format("arn:aws:organizations::{}:handshake/{}/invite/{}", organization.management, organization.id, id);
}

Result<OrganizationsState> organizations_state(store::Reader& reader) {
  return TRY(get_kept_row<OrganizationsState>(reader, store::Partition::system(), kOrganizations))
      .value_or(OrganizationsState{});
}

Result<> touch_organizations(store::Txn& txn, int difference) {
  OrganizationsState state =
      TRY(get_row<OrganizationsState>(txn, store::Partition::system(), kOrganizations)).value_or(OrganizationsState{});
  const bool before = state.count > 0;
  state.version += 1;
  if (difference > 0) state.count += 1;
  if (difference < 0) state.count -= 1;
  TRY(put_row(txn, store::Partition::system(), kOrganizations, state));
  // What `gather` says of organizations changes for every account, and caches of it hang on their versions.
  return before == (state.count > 0) ? Result<>{} : touch_accounts(txn);
}

Result<> create_organization(store::Txn& txn, const Organization& organization, Timestamp now) {
  const AccountId management = account_of(organization.management);
  if (TRY(organization_of(txn, management))) {
    return fail(organization_error("AlreadyInOrganizationException",
                                   "The AWS account is already a member of an organization."));
  }
  const store::Partition home = home_of(organization);
  TRY(put_row(txn, home, kOrganization, organization));
  TRY(put_row(txn, home, key_of(kNodes, organization.root),
              OrganizationNode{.id = organization.root, .name = "Root", .parent = {}}));
  TRY(touch_organizations(txn, +1));
  return add_member(txn, organization,
                    {.account = organization.management, .parent = organization.root, .invited = true, .joined = now});
}

Result<std::optional<Organization>> organization_of(store::Reader& reader, const AccountId& account) {
  const auto member = TRY(get_row<MemberOfRow>(reader, store::Partition::account(account), kMemberOf));
  if (!member) return std::nullopt;
  auto organization =
      TRY(get_row<Organization>(reader, store::Partition::account(account_of(member->management)), kOrganization));
  if (!organization) return fail(internal_error("a member's organization is missing"));
  return organization;
}

Result<Organization> require_organization(store::Reader& reader, const AccountId& account) {
  std::optional<Organization> found = TRY(organization_of(reader, account));
  if (!found) {
    return fail(
        organization_error("AWSOrganizationsNotInUseException", "Your account is not a member of an organization."));
  }
  return std::move(*found);
}

Result<> delete_organization(store::Txn& txn, const Organization& organization) {
  const auto members = TRY(list_members(txn, organization));
  if (members.size() > 1) {
    return fail(
        organization_error("OrganizationNotEmptyException",
                           "To delete an organization you must first remove all member accounts (except the master)."));
  }
  const store::Partition home = home_of(organization);
  const AccountId management = account_of(organization.management);
  for (const OrganizationNode& unit : TRY(list_units(txn, organization))) {
    TRY(erase_all_tags(txn, management, organization_entity_arn(organization, unit.id)));
  }
  TRY(erase_all_tags(txn, management, organization_entity_arn(organization, organization.root)));
  TRY(erase_all_tags(txn, management, organization_entity_arn(organization, organization.management)));
  for (const GuardPolicy& policy : TRY(all_rows<GuardPolicy>(txn, home, kGuards))) {
    TRY(erase_all_tags(txn, management, organization_entity_arn(organization, policy.id, policy.type)));
  }
  for (const std::string_view prefix :
       {kNodes, kMembers, kGuards, kGuardsOf, kTargetsOf, kCreated, kTrustedServices, kDelegates}) {
    TRY(erase_prefix(txn, home, prefix));
  }
  TRY(txn.erase(home, kOrganization));
  TRY(txn.erase(home, kMemberOf));
  return touch_organizations(txn, -1);
}

}  // namespace warifu::identity
