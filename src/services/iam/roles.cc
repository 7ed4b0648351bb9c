#include "identity/roles.h"

#include <fmt/format.h>

#include "gen/iam/roles.h"
#include "services/iam/nouns.h"
#include "services/iam/shared.h"

namespace warifu::services::iam {
namespace {

constexpr std::string_view kReservedPath = "/aws-service-role/";

Task<Result<m::CreateRoleOutput>> create_role(api::Call& call, m::CreateRoleInput input) {
  const std::string path = input.path.value_or("/");
  if (path.starts_with(kReservedPath)) {
    co_return fail(identity::invalid_input(fmt::format("The path {} is reserved for service-linked roles.", path)));
  }
  CO_TRY(check_document(input.assume_role_policy_document, policy::Kind::kTrust));
  identity::Tags tags = CO_TRY(tags_from(input.tags));
  identity::Role role{.name = input.role_name,
                      .path = path,
                      .id = identity::new_unique_id(identity::EntityKind::kRole, call.random()),
                      .description = input.description.value_or(""),
                      .max_session_seconds = input.max_session_duration.value_or(3600),
                      .created = call.now(),
                      .boundary_arn = input.permissions_boundary.value_or("")};
  co_return co_await call.db().write([account = call.account(), role, tags, trust = input.assume_role_policy_document](
                                         store::Txn& txn) -> Result<m::CreateRoleOutput> {
    TRY(identity::create_role(txn, account, role, trust, tags));
    const identity::Role made = TRY(identity::require_role(txn, account, role.name));
    m::Role shown = TRY(whole_role(txn, account, made));
    shown.role_last_used.reset();
    return m::CreateRoleOutput{std::move(shown)};
  });
}

Task<Result<m::GetRoleOutput>> get_role(api::Call& call, m::GetRoleInput input) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetRoleOutput> {
    const identity::Role role = TRY(identity::require_role(reader, call.account(), input.role_name));
    return m::GetRoleOutput{TRY(whole_role(reader, call.account(), role))};
  });
}

Task<Result<m::ListRolesOutput>> list_roles(api::Call& call, m::ListRolesInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListRolesOutput> {
    const identity::Slice<identity::Role> slice = TRY(identity::list_roles(reader, call.account(), query));
    m::ListRolesOutput output;
    for (const identity::Role& role : slice.items) {
      output.roles.push_back(TRY(shown_role(reader, call.account(), role)));
    }
    set_page(call, slice.next, output);
    return output;
  });
}

Result<identity::Role> change_role(store::Txn& txn, const AccountId& account, std::string_view name,
                                   const std::optional<std::string>& description,
                                   std::optional<std::int32_t> max_session_seconds) {
  identity::Role role = TRY(require_changeable_role(txn, account, name));
  if (description) role.description = *description;
  if (max_session_seconds) role.max_session_seconds = *max_session_seconds;
  TRY(identity::update_role(txn, account, role));
  return role;
}

Task<Result<m::UpdateRoleOutput>> update_role(api::Call& call, m::UpdateRoleInput input) {
  co_return co_await call.db().write([account = call.account(), input](store::Txn& txn) -> Result<m::UpdateRoleOutput> {
    TRY(change_role(txn, account, input.role_name, input.description, input.max_session_duration));
    return m::UpdateRoleOutput{};
  });
}

Task<Result<m::UpdateRoleDescriptionOutput>> update_role_description(api::Call& call,
                                                                     m::UpdateRoleDescriptionInput input) {
  co_return co_await call.db().write(
      [account = call.account(), input](store::Txn& txn) -> Result<m::UpdateRoleDescriptionOutput> {
        const identity::Role role = TRY(change_role(txn, account, input.role_name, input.description, std::nullopt));
        return m::UpdateRoleDescriptionOutput{TRY(shown_role(txn, account, role))};
      });
}

Task<Result<m::DeleteRoleOutput>> delete_role(api::Call& call, m::DeleteRoleInput input) {
  co_return co_await call.db().write([account = call.account(), input](store::Txn& txn) -> Result<m::DeleteRoleOutput> {
    TRY(require_changeable_role(txn, account, input.role_name));
    TRY(identity::delete_role(txn, account, input.role_name));
    return m::DeleteRoleOutput{};
  });
}

Task<Result<m::UpdateAssumeRolePolicyOutput>> update_assume_role_policy(api::Call& call,
                                                                        m::UpdateAssumeRolePolicyInput input) {
  CO_TRY(check_document(input.policy_document, policy::Kind::kTrust));
  co_return co_await call.db().write(
      [account = call.account(), now = call.now(), input](store::Txn& txn) -> Result<m::UpdateAssumeRolePolicyOutput> {
        TRY(require_changeable_role(txn, account, input.role_name));
        TRY(identity::set_trust_policy(txn, account, input.role_name, input.policy_document, now));
        return m::UpdateAssumeRolePolicyOutput{};
      });
}

}  // namespace

void bind_roles(api::Registry& registry) {
  registry.bind(m::ops::kCreateRole, create_role);
  registry.bind(m::ops::kGetRole, get_role);
  registry.bind(m::ops::kListRoles, list_roles);
  registry.bind(m::ops::kUpdateRole, update_role);
  registry.bind(m::ops::kUpdateRoleDescription, update_role_description);
  registry.bind(m::ops::kDeleteRole, delete_role);
  registry.bind(m::ops::kUpdateAssumeRolePolicy, update_assume_role_policy);
}

}  // namespace warifu::services::iam
