#include "identity/organization_policies.h"

#include <fmt/format.h>

#include <algorithm>

#include "identity/organization_rows.h"
#include "identity/policies.h"
#include "identity/tags.h"
#include "policy/document.h"

namespace warifu::identity {
namespace {

GuardPolicy aws_guard(GuardType type) {
  if (type == GuardType::kServiceControl) {
    return {.id = std::string(kFullAccess),
            .name = "FullAWSAccess",
            .description = "Allows access to every operation",
            .type = type,
            .document = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})",
            .aws_managed = true};
  }
  return {.id = std::string(kFullResourceAccess),
          .name = "RCPFullAWSAccess",
          .description = "Allows access to every resource",
          .type = type,
          .document = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*",)"
                      R"("Resource":"*"}]})",
          .aws_managed = true};
}

Error malformed_guard(std::string text) {
  return {.code = ErrorCode::kValidation,
          .message = "The provided policy document does not meet the requirements of the specified policy type. " +
                     std::move(text),
          .aws_name = "MalformedPolicyDocumentException"};
}

/// What a resource control policy may say (AWS Organizations user guide, "RCP syntax").
Result<> check_resource_control(const policy::Statement& statement) {
  if (statement.effect != policy::Effect::kDeny) return fail(malformed_guard("Effect must be Deny."));
  if (statement.not_principal) return fail(malformed_guard("NotPrincipal is not supported."));
  const bool everybody = std::ranges::all_of(statement.principals, [](const policy::PrincipalName& name) {
    return name.type == policy::PrincipalType::kAnyone;
  });
  if (!everybody) return fail(malformed_guard("Principal must be *."));
  if (statement.not_action) return fail(malformed_guard("NotAction is not supported."));
  for (const std::string& action : statement.actions) {
    const std::string_view service = std::string_view(action).substr(0, action.find(':'));
    if (service.find_first_of("*?") != std::string_view::npos) {
      return fail(malformed_guard(fmt::format("Action {} does not name a service.", action)));
    }
  }
  return {};
}

Result<> require_free_name(store::Reader& reader, const Organization& organization, const GuardPolicy& policy) {
  const auto policies = TRY(list_guards(reader, organization, policy.type));
  const bool taken = std::ranges::any_of(
      policies, [&](const GuardPolicy& other) { return other.name == policy.name && other.id != policy.id; });
  if (!taken) return {};
  return fail(organization_error("DuplicatePolicyException", "A policy with the same name already exists."));
}

Result<> check_new_text(store::Reader& reader, const Organization& organization, const GuardPolicy& policy) {
  TRY(require_free_name(reader, organization, policy));
  if (policy.document.size() > kGuardCharactersMax) {
    return fail(constraint_violation("POLICY_CONTENT_LIMIT_EXCEEDED",
                                     "You have exceeded the allowed length of policy content."));
  }
  return check_guard(policy.document, policy.type);
}

}  // namespace

Result<std::optional<GuardPolicy>> find_guard(store::Reader& reader, const Organization& organization,
                                              std::string_view id) {
  if (id == kFullAccess) return aws_guard(GuardType::kServiceControl);
  if (id == kFullResourceAccess) return aws_guard(GuardType::kResourceControl);
  return get_row<GuardPolicy>(reader, home_of(organization), key_of(kGuards, id));
}

Result<GuardPolicy> require_guard(store::Reader& reader, const Organization& organization, std::string_view id) {
  std::optional<GuardPolicy> found = TRY(find_guard(reader, organization, id));
  if (!found) {
    return fail(organization_error("PolicyNotFoundException", "You specified a policy that doesn't exist."));
  }
  return std::move(*found);
}

Result<std::vector<GuardPolicy>> list_guards(store::Reader& reader, const Organization& organization, GuardType type) {
  std::vector<GuardPolicy> policies = {aws_guard(type)};
  for (GuardPolicy& policy : TRY(all_rows<GuardPolicy>(reader, home_of(organization), kGuards))) {
    if (policy.type == type) policies.push_back(std::move(policy));
  }
  return policies;
}

Result<> create_guard(store::Txn& txn, const Organization& organization, const GuardPolicy& policy) {
  TRY(check_new_text(txn, organization, policy));
  if (TRY(list_guards(txn, organization, policy.type)).size() > kGuardsPerTypeMax) {
    return fail(constraint_violation("POLICY_NUMBER_LIMIT_EXCEEDED",
                                     "You have exceeded the allowed number of policies in your organization."));
  }
  return put_row(txn, home_of(organization), key_of(kGuards, policy.id), policy);
}

Result<> update_guard(store::Txn& txn, const Organization& organization, const GuardPolicy& policy) {
  TRY(check_new_text(txn, organization, policy));
  TRY(put_row(txn, home_of(organization), key_of(kGuards, policy.id), policy));
  return touch_organizations(txn);
}

Result<> delete_guard(store::Txn& txn, const Organization& organization, std::string_view id) {
  const GuardPolicy policy = TRY(require_guard(txn, organization, id));
  if (!TRY(targets_of_guard(txn, organization, id)).empty()) {
    return fail(organization_error("PolicyInUseException",
                                   "The policy is attached to one or more entities. You must detach it from all roots, "
                                   "organizational units (OUs), and accounts before performing this operation."));
  }
  TRY(erase_all_tags(txn, account_of(organization.management), organization_entity_arn(organization, id, policy.type)));
  return txn.erase(home_of(organization), key_of(kGuards, id));
}

Result<> check_guard(std::string_view document, GuardType type) {
  const bool service = type == GuardType::kServiceControl;
  const Result<policy::Policy> parsed = policy::parse(document, service ? policy::Kind::kScp : policy::Kind::kRcp);
  if (!parsed) return fail(malformed_guard(parsed.error().message));
  if (service) return {};
  for (const policy::Statement& statement : parsed->statements()) TRY(check_resource_control(statement));
  return {};
}

Result<> enable_guards(store::Txn& txn, Organization organization, GuardType type) {
  bool& enabled = organization.enabled[static_cast<std::size_t>(type)];
  if (!organization.all_features) {
    return fail(organization_error("PolicyTypeNotAvailableForOrganizationException",
                                   "You can't use the specified policy type with the feature set currently enabled for "
                                   "this organization."));
  }
  if (enabled) {
    return fail(
        organization_error("PolicyTypeAlreadyEnabledException", "The specified policy type is already enabled."));
  }
  enabled = true;
  TRY(put_row(txn, home_of(organization), kOrganization, organization));
  const std::string id = aws_guard(type).id;
  TRY(put_attachment(txn, organization, id, organization.root));
  for (const OrganizationNode& unit : TRY(list_units(txn, organization))) {
    TRY(put_attachment(txn, organization, id, unit.id));
  }
  for (const OrganizationMember& member : TRY(list_members(txn, organization))) {
    TRY(put_attachment(txn, organization, id, member.account));
  }
  return touch_organizations(txn);
}

Result<> disable_guards(store::Txn& txn, Organization organization, GuardType type) {
  bool& enabled = organization.enabled[static_cast<std::size_t>(type)];
  if (!enabled) {
    return fail(organization_error("PolicyTypeNotEnabledException",
                                   "This operation can be performed only for enabled policy types."));
  }
  enabled = false;
  TRY(put_row(txn, home_of(organization), kOrganization, organization));
  for (const GuardPolicy& policy : TRY(list_guards(txn, organization, type))) {
    for (const std::string& target : TRY(targets_of_guard(txn, organization, policy.id))) {
      TRY(erase_attachment(txn, organization, policy.id, target));
    }
  }
  return touch_organizations(txn);
}

}  // namespace warifu::identity
