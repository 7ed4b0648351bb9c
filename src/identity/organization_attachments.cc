#include <algorithm>

#include "identity/organization_rows.h"

namespace warifu::identity {
namespace {

bool is_enabled(const Organization& organization, GuardType type) {
  return organization.enabled[static_cast<std::size_t>(type)];
}

/// How many policies of the type are attached to the target itself.
Result<std::size_t> count_attached(store::Reader& reader, const Organization& organization, std::string_view target,
                                   GuardType type) {
  std::size_t count = 0;
  for (const std::string& id : TRY(guards_of_target(reader, organization, target))) {
    const auto policy = TRY(find_guard(reader, organization, id));
    if (policy && policy->type == type) ++count;
  }
  return count;
}

Result<std::vector<std::string>> right_sides(store::Reader& reader, const Organization& organization,
                                             std::string_view family, std::string_view left) {
  std::vector<std::string> ids;
  for (auto& [right, value] : TRY(edges_of(reader, account_of(organization.management), family, left))) {
    ids.push_back(std::move(right));
  }
  return ids;
}

Result<GuardLevel> level_of(store::Reader& reader, const Organization& organization, std::string_view target,
                            GuardType type) {
  GuardLevel level{.target = std::string(target), .policies = {}};
  for (const std::string& id : TRY(guards_of_target(reader, organization, target))) {
    auto policy = TRY(find_guard(reader, organization, id));
    if (!policy) return fail(internal_error("an attached organization policy is missing"));
    if (policy->type == type) level.policies.push_back(std::move(*policy));
  }
  return level;
}

}  // namespace

Result<> put_attachment(store::Txn& txn, const Organization& organization, std::string_view policy,
                        std::string_view target) {
  const store::Partition home = home_of(organization);
  TRY(txn.put(home, edge_key(kGuardsOf, target, policy), ""));
  return txn.put(home, edge_key(kTargetsOf, policy, target), "");
}

Result<> erase_attachment(store::Txn& txn, const Organization& organization, std::string_view policy,
                          std::string_view target) {
  const store::Partition home = home_of(organization);
  TRY(txn.erase(home, edge_key(kGuardsOf, target, policy)));
  return txn.erase(home, edge_key(kTargetsOf, policy, target));
}

Result<> open_target(store::Txn& txn, const Organization& organization, std::string_view target) {
  if (is_enabled(organization, GuardType::kServiceControl)) {
    TRY(put_attachment(txn, organization, kFullAccess, target));
  }
  if (!is_enabled(organization, GuardType::kResourceControl)) return {};
  return put_attachment(txn, organization, kFullResourceAccess, target);
}

Result<> close_target(store::Txn& txn, const Organization& organization, std::string_view target) {
  for (const std::string& id : TRY(guards_of_target(txn, organization, target))) {
    TRY(erase_attachment(txn, organization, id, target));
  }
  return {};
}

Result<std::vector<std::string>> guards_of_target(store::Reader& reader, const Organization& organization,
                                                  std::string_view target) {
  return right_sides(reader, organization, kGuardsOf, target);
}

Result<std::vector<std::string>> targets_of_guard(store::Reader& reader, const Organization& organization,
                                                  std::string_view policy) {
  return right_sides(reader, organization, kTargetsOf, policy);
}

Result<> require_target(store::Reader& reader, const Organization& organization, std::string_view target) {
  const bool node = TRY(find_node(reader, organization, target)).has_value();
  const bool known = node || TRY(reader.get(home_of(organization), key_of(kMembers, target))).has_value();
  if (known) return {};
  return fail(organization_error("TargetNotFoundException", "You specified a target that doesn't exist."));
}

Result<OrganizationEntity> organization_entity(store::Reader& reader, const AccountId& account, std::string_view id) {
  if (id.starts_with("h-")) {
    const auto handshake = TRY(get_row<Handshake>(reader, store::Partition::system(), key_of(kHandshakes, id)));
    const bool party = handshake && (handshake->management == account.str() || handshake->account == account.str());
    if (!party) return OrganizationEntity{.arn = handshake_arn({.id = {}, .management = account.str()}, id)};
    return OrganizationEntity{
        .arn = handshake_arn({.id = handshake->organization, .management = handshake->management}, id)};
  }
  const auto organization = TRY(organization_of(reader, account)).value_or(Organization{.management = account.str()});
  if (!id.starts_with("p-")) return OrganizationEntity{.arn = organization_entity_arn(organization, id)};
  const auto policy = TRY(find_guard(reader, organization, id));
  const GuardType type = policy ? policy->type : GuardType::kServiceControl;
  return OrganizationEntity{.arn = organization_entity_arn(organization, id, type),
                            .policy_type = policy ? std::string(guard_type_name(type)) : std::string()};
}

Result<> attach_guard(store::Txn& txn, const Organization& organization, std::string_view policy,
                      std::string_view target) {
  const GuardPolicy found = TRY(require_guard(txn, organization, policy));
  TRY(require_target(txn, organization, target));
  if (!is_enabled(organization, found.type)) {
    return fail(organization_error("PolicyTypeNotEnabledException",
                                   "This operation can be performed only for enabled policy types."));
  }
  const auto attached = TRY(guards_of_target(txn, organization, target));
  if (std::ranges::find(attached, policy) != attached.end()) {
    return fail(organization_error("DuplicatePolicyAttachmentException",
                                   "The selected policy is already attached to the specified target."));
  }
  if (TRY(count_attached(txn, organization, target, found.type)) >= kGuardsPerTargetMax) {
    return fail(constraint_violation("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                                     "You have attached the maximum number of policies to the specified target."));
  }
  TRY(put_attachment(txn, organization, policy, target));
  return touch_organizations(txn);
}

Result<> detach_guard(store::Txn& txn, const Organization& organization, std::string_view policy,
                      std::string_view target) {
  const GuardPolicy found = TRY(require_guard(txn, organization, policy));
  TRY(require_target(txn, organization, target));
  const auto attached = TRY(guards_of_target(txn, organization, target));
  if (std::ranges::find(attached, policy) == attached.end()) {
    return fail(organization_error("PolicyNotAttachedException",
                                   "The policy isn't attached to the specified target in the specified root."));
  }
  if (policy == kFullResourceAccess) {
    return fail(constraint_violation("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                                     "You cannot detach the RCPFullAWSAccess policy."));
  }
  if (TRY(count_attached(txn, organization, target, found.type)) == 1) {
    return fail(constraint_violation("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                                     "You cannot remove the last policy attached to the specified target. You must "
                                     "have at least one attached at all times."));
  }
  TRY(erase_attachment(txn, organization, policy, target));
  return touch_organizations(txn);
}

Result<std::optional<Guards>> guards_of(store::Reader& reader, const AccountId& account) {
  const std::optional<Organization> organization = TRY(organization_of(reader, account));
  if (!organization) return std::nullopt;
  const OrganizationMember member = TRY(require_member(reader, *organization, account.str()));
  Guards guards{.organization = organization->id,
                .path = TRY(organization_path(reader, *organization, member.parent)),
                .management = organization->management == account.str(),
                .closed = member.closed,
                .levels = {}};
  if (guards.management) return guards;
  const auto nodes = TRY(nodes_down_to(reader, *organization, member.parent));
  for (const GuardType type : {GuardType::kServiceControl, GuardType::kResourceControl}) {
    if (!is_enabled(*organization, type)) continue;
    auto& levels = guards.levels[static_cast<std::size_t>(type)];
    for (const OrganizationNode& node : nodes) levels.push_back(TRY(level_of(reader, *organization, node.id, type)));
    levels.push_back(TRY(level_of(reader, *organization, account.str(), type)));
  }
  return guards;
}

}  // namespace warifu::identity
