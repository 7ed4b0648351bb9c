#include "services/organizations/shared.h"

#include "access/authorize.h"
#include "identity/accounts.h"

namespace warifu::services::organizations {

Result<identity::Organization> managed(store::Reader& reader, const AccountId& account) {
  identity::Organization organization = TRY(identity::require_organization(reader, account));
  if (organization.management != account.str()) {
    return fail(access::access_denied("You don't have permissions to access this resource."));
  }
  return organization;
}

Result<> require_parent(store::Reader& reader, const identity::Organization& organization, std::string_view id) {
  if (TRY(identity::find_node(reader, organization, id))) return {};
  return fail({.code = ErrorCode::kNotFound,
               .message = "You specified parent that doesn't exist.",
               .aws_name = "ParentNotFoundException"});
}

Result<std::string> account_name(store::Reader& reader, std::string_view number) {
  const auto id = AccountId::parse(number);
  const auto account = id ? TRY(identity::find_account(reader, *id)) : std::nullopt;
  return account ? account->name : std::string();
}

identity::Tags tags_from(const std::optional<std::vector<m::Tag>>& tags) {
  identity::Tags out;
  if (!tags) return out;
  for (const m::Tag& tag : *tags) out.push_back({tag.key, tag.value});
  return out;
}

m::Root root_shape(const identity::Organization& organization, const identity::OrganizationNode& root) {
  m::Root shape{.id = root.id,
                .arn = identity::organization_entity_arn(organization, root.id),
                .name = root.name,
                .policy_types = std::vector<m::PolicyTypeSummary>{}};
  for (const auto type : {identity::GuardType::kServiceControl, identity::GuardType::kResourceControl}) {
    if (!organization.enabled[static_cast<std::size_t>(type)]) continue;
    shape.policy_types->push_back({.type = std::string(identity::guard_type_name(type)), .status = "ENABLED"});
  }
  return shape;
}

Result<identity::GuardType> served_type(std::string_view name) {
  const auto type = identity::guard_type(name);
  if (type) return *type;
  return fail({.code = ErrorCode::kUnsupported,
               .message = "this server has service control and resource control policies only",
               .aws_name = "PolicyTypeNotAvailableForOrganizationException"});
}

}  // namespace warifu::services::organizations
