#include "identity/roles.h"

#include <fmt/format.h>

#include "identity/holders.h"
#include "identity/principals.h"
#include "identity/resource_policies.h"
#include "identity/table.h"
#include "identity/tags.h"

namespace warifu::identity {
namespace {

Result<> write_trust(store::Txn& txn, const AccountId& account, const Role& role, std::string_view document,
                     Timestamp now) {
  if (policy_characters(document) > kTrustPolicyCharactersMax) {
    return fail(limit_exceeded(fmt::format("Cannot exceed quota for ACLSizePerRole: {}", kTrustPolicyCharactersMax)));
  }
  const std::string stored = TRY(principals_to_ids(txn, document));
  const std::string arn = entity_arn(EntityKind::kRole, account, role.path, role.name);
  return put_resource_policy(txn, account, arn, stored, now);
}

Holder holder_of(const Role& role) { return {EntityKind::kRole, role.id, role.name}; }

}  // namespace

Result<> create_role(store::Txn& txn, const AccountId& account, const Role& role, std::string_view trust,
                     const Tags& tags) {
  TRY(insert_named(txn, account, kRoles, role));
  if (!role.boundary_arn.empty()) TRY(link_boundary(txn, account, holder_of(role), "", role.boundary_arn));
  TRY(put_principal_tags(txn, account, entity_arn(EntityKind::kRole, account, role.path, role.name), tags));
  // After the role itself, so that a role may name itself.
  return write_trust(txn, account, role, trust, role.created);
}

Result<std::optional<Role>> find_role(store::Reader& reader, const AccountId& account, std::string_view name) {
  return find_named<Role>(reader, account, kRoles, name);
}

Result<std::optional<Role>> role_by_id(store::Reader& reader, const AccountId& account, std::string_view unique_id) {
  return named_by_id<Role>(reader, account, kRoles, unique_id);
}

Result<Role> require_role(store::Reader& reader, const AccountId& account, std::string_view name) {
  return require_named<Role>(reader, account, kRoles, name);
}

Result<std::optional<Role>> role_by_arn(store::Reader& reader, std::string_view arn) {
  const std::optional<EntityArn> parsed = parse_entity_arn(arn);
  if (!parsed || parsed->kind != EntityKind::kRole) return std::nullopt;
  const std::optional<AccountId> account = AccountId::parse(parsed->account);
  if (!account) return std::nullopt;
  std::optional<Role> role = TRY(find_role(reader, *account, parsed->name));
  if (role && role->arn != arn) return std::nullopt;
  return role;
}

Result<Slice<Role>> list_roles(store::Reader& reader, const AccountId& account, const SliceQuery& query) {
  return list_named<Role>(reader, account, kRoles, query);
}

Result<> update_role(store::Txn& txn, const AccountId& account, const Role& role) {
  Role stored = TRY(require_role(txn, account, role.name));
  stored.description = role.description;
  stored.max_session_seconds = role.max_session_seconds;
  return store_named(txn, account, kRoles, stored);
}

Result<> delete_role(store::Txn& txn, const AccountId& account, std::string_view name, bool force) {
  const Role role = TRY(require_role(txn, account, name));
  if (TRY(has_edges(txn, account, kProfilesOfRole, role.id))) {
    return fail(delete_conflict("Cannot delete entity, must remove roles from instance profile first."));
  }
  if (force) TRY(strip(txn, account, holder_of(role)));
  TRY(require_bare(txn, account, holder_of(role)));
  if (!role.boundary_arn.empty()) TRY(link_boundary(txn, account, holder_of(role), role.boundary_arn, ""));
  TRY(erase_resource_policy(txn, account, role.arn));
  TRY(txn.erase(store::Partition::account(account), key_of(kLastUse, role.id)));
  return erase_named(txn, account, kRoles, role);
}

Result<> set_role_boundary(store::Txn& txn, const AccountId& account, std::string_view name,
                           std::string_view policy_arn) {
  Role role = TRY(require_role(txn, account, name));
  TRY(link_boundary(txn, account, holder_of(role), role.boundary_arn, policy_arn));
  role.boundary_arn = policy_arn;
  return store_named(txn, account, kRoles, role);
}

Result<> set_trust_policy(store::Txn& txn, const AccountId& account, std::string_view role_name,
                          std::string_view document, Timestamp now) {
  const Role role = TRY(require_role(txn, account, role_name));
  return write_trust(txn, account, role, document, now);
}

Result<std::string> trust_policy(store::Reader& reader, const AccountId& account, const Role& role) {
  const std::optional<ResourcePolicy> stored = TRY(find_resource_policy(reader, account, role.arn));
  if (!stored) return fail(internal_error("a role has no trust policy"));
  return principals_to_arns(reader, stored->document);
}

}  // namespace warifu::identity
