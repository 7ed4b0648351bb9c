#include <fmt/format.h>

#include "identity/organization_rows.h"
#include "identity/tags.h"

namespace warifu::identity {
namespace {

Error already_in_organization() {
  return organization_error("AlreadyInOrganizationException",
                            "The provided account is already a member of an organization.");
}

Error no_such_parent(std::string_view name) {
  return organization_error(name, "You specified a parent that doesn't exist.");
}

}  // namespace

Result<> add_member(store::Txn& txn, const Organization& organization, const OrganizationMember& member) {
  const store::Partition own = store::Partition::account(account_of(member.account));
  if (TRY(txn.get(own, kMemberOf))) return fail(already_in_organization());
  if (TRY(list_members(txn, organization)).size() >= kOrganizationAccountsMax) {
    return fail(
        constraint_violation("ACCOUNT_NUMBER_LIMIT_EXCEEDED", "You have exceeded the allowed number of AWS accounts."));
  }
  TRY(put_row(txn, home_of(organization), key_of(kMembers, member.account), member));
  TRY(put_row(txn, own, kMemberOf, MemberOfRow{organization.management}));
  TRY(open_target(txn, organization, member.account));
  return touch_organizations(txn);
}

Result<> remove_member(store::Txn& txn, const Organization& organization, std::string_view account) {
  CHECK(account != organization.management, "the management account leaves only with its organization");
  TRY(close_target(txn, organization, account));
  TRY(erase_prefix(txn, home_of(organization), edge_key(kDelegates, account, "")));
  TRY(erase_all_tags(txn, account_of(organization.management), organization_entity_arn(organization, account)));
  TRY(txn.erase(home_of(organization), key_of(kMembers, account)));
  TRY(txn.erase(store::Partition::account(account_of(account)), kMemberOf));
  return touch_organizations(txn);
}

Result<OrganizationMember> require_member(store::Reader& reader, const Organization& organization,
                                          std::string_view account) {
  auto member = TRY(get_row<OrganizationMember>(reader, home_of(organization), key_of(kMembers, account)));
  if (!member) {
    return fail(organization_error("AccountNotFoundException", "You specified an account that doesn't exist."));
  }
  return std::move(*member);
}

Result<std::vector<OrganizationMember>> list_members(store::Reader& reader, const Organization& organization) {
  return all_rows<OrganizationMember>(reader, home_of(organization), kMembers);
}

Result<> move_member(store::Txn& txn, const Organization& organization, std::string_view account, std::string_view from,
                     std::string_view to) {
  OrganizationMember member = TRY(require_member(txn, organization, account));
  const bool known = TRY(find_node(txn, organization, from)).has_value();
  if (!known || member.parent != from) return fail(no_such_parent("SourceParentNotFoundException"));
  if (!TRY(find_node(txn, organization, to))) return fail(no_such_parent("DestinationParentNotFoundException"));
  if (from == to) {
    return fail(organization_error("DuplicateAccountException",
                                   "The account is already present in the specified destination."));
  }
  member.parent = to;
  TRY(put_row(txn, home_of(organization), key_of(kMembers, account), member));
  return touch_organizations(txn);
}

Result<> forget_in_organization(store::Txn& txn, const AccountId& account) {
  const std::optional<Organization> organization = TRY(organization_of(txn, account));
  if (!organization) return {};
  if (organization->management != account.str()) return remove_member(txn, *organization, account.str());
  if (TRY(list_members(txn, *organization)).size() > 1) {
    return fail(conflict(
        fmt::format("account {} manages organization {}, which has other members", account.str(), organization->id)));
  }
  return delete_organization(txn, *organization);
}

}  // namespace warifu::identity
