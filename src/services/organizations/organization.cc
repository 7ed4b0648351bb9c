#include "gen/organizations/organization.h"

#include "identity/accounts.h"
#include "services/organizations/nouns.h"
#include "services/organizations/shared.h"

namespace warifu::services::organizations {
namespace {

Result<m::Organization> shape_of(store::Reader& reader, const identity::Organization& organization) {
  m::Organization shape{.id = organization.id,
                        .arn = identity::organization_arn(organization),
                        .feature_set = organization.all_features ? "ALL" : "CONSOLIDATED_BILLING",
                        .master_account_arn = identity::organization_entity_arn(organization, organization.management),
                        .master_account_id = organization.management,
                        .available_policy_types = std::vector<m::PolicyTypeSummary>{}};
  const auto id = AccountId::parse(organization.management);
  const auto account = id ? TRY(identity::find_account(reader, *id)) : std::nullopt;
  if (account && !account->email.empty()) shape.master_account_email = account->email;
  if (organization.all_features) {
    shape.available_policy_types->push_back({.type = "SERVICE_CONTROL_POLICY", .status = "ENABLED"});
  }
  return shape;
}

Task<Result<m::CreateOrganizationOutput>> create_organization(api::Call& call, m::CreateOrganizationInput input) {
  const identity::Organization organization{.id = identity::new_organization_id(call.random()),
                                            .management = call.account().str(),
                                            .root = identity::new_root_id(call.random()),
                                            .all_features = input.feature_set.value_or("ALL") == "ALL",
                                            .created = call.now()};
  co_return co_await call.db().write(
      [organization, now = call.now()](store::Txn& txn) -> Result<m::CreateOrganizationOutput> {
        TRY(identity::create_organization(txn, organization, now));
        return m::CreateOrganizationOutput{.organization = TRY(shape_of(txn, organization))};
      });
}

/// Members may ask too.
Task<Result<m::DescribeOrganizationOutput>> describe_organization(api::Call& call, m::DescribeOrganizationInput) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::DescribeOrganizationOutput> {
    const auto organization = TRY(identity::require_organization(reader, call.account()));
    return m::DescribeOrganizationOutput{.organization = TRY(shape_of(reader, organization))};
  });
}

Task<Result<m::DeleteOrganizationOutput>> delete_organization(api::Call& call, m::DeleteOrganizationInput) {
  return manage<m::DeleteOrganizationOutput>(
      call, [](store::Txn& txn, const identity::Organization& organization) -> Result<m::DeleteOrganizationOutput> {
        TRY(identity::delete_organization(txn, organization));
        return m::DeleteOrganizationOutput{};
      });
}

Task<Result<m::LeaveOrganizationOutput>> leave_organization(api::Call& call, m::LeaveOrganizationInput) {
  co_return co_await call.db().write([account = call.account()](store::Txn& txn) -> Result<m::LeaveOrganizationOutput> {
    const auto organization = TRY(identity::require_organization(txn, account));
    if (organization.management == account.str()) {
      return fail({.code = ErrorCode::kConflict,
                   .message = "You can't remove a management account from an organization.",
                   .aws_name = "MasterCannotLeaveOrganizationException"});
    }
    TRY(identity::remove_member(txn, organization, account.str()));
    return m::LeaveOrganizationOutput{};
  });
}

Task<Result<m::ListRootsOutput>> list_roots(api::Call& call, m::ListRootsInput) {
  return inspect<m::ListRootsOutput>(
      call, [](store::Reader& reader, const identity::Organization& organization) -> Result<m::ListRootsOutput> {
        const auto root = TRY(identity::find_node(reader, organization, organization.root));
        if (!root) return fail(internal_error("an organization has no root"));
        return m::ListRootsOutput{.roots = std::vector{root_shape(organization, *root)}};
      });
}

}  // namespace

void bind_organization(api::Registry& registry) {
  registry.bind(m::ops::kCreateOrganization, create_organization);
  registry.bind(m::ops::kDescribeOrganization, describe_organization);
  registry.bind(m::ops::kDeleteOrganization, delete_organization);
  registry.bind(m::ops::kLeaveOrganization, leave_organization);
  registry.bind(m::ops::kListRoots, list_roots);
}

}  // namespace warifu::services::organizations
