#include <fmt/format.h>

#include "gen/iam/roles.h"
#include "identity/aws_policies.h"
#include "identity/roles.h"
#include "services/iam/nouns.h"
#include "services/iam/shared.h"

namespace warifu::services::iam {
namespace {

std::string trust_of(std::string_view service) {
  return fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{}"}},)"
                     R"("Action":"sts:AssumeRole"}}]}})",
                     service);
}

/// AWS attaches one policy to the role of each service; those that are known here follow one pattern of names.
std::string linked_policy_arn(std::string_view role_name) {
  constexpr std::string_view kRolePrefix = "AWSServiceRoleFor";
  return fmt::format("arn:aws:iam::aws:policy/aws-service-role/{}ServiceRolePolicy",
                     role_name.substr(kRolePrefix.size()));
}

Task<Result<m::CreateServiceLinkedRoleOutput>> create_service_linked_role(api::Call& call,
                                                                          m::CreateServiceLinkedRoleInput input) {
  const std::string name = identity::linked_role_name(input.aws_service_name, input.custom_suffix.value_or(""));
  if (name.empty()) {
    co_return fail(identity::invalid_input(fmt::format("{} is not a service name.", input.aws_service_name)));
  }
  identity::Role role{.name = name,
                      .path = identity::linked_role_path(input.aws_service_name),
                      .id = identity::new_unique_id(identity::EntityKind::kRole, call.random()),
                      .description = input.description.value_or(""),
                      .created = call.now(),
                      .linked_service = input.aws_service_name};
  co_return co_await call.db().write(
      [account = call.account(), role](store::Txn& txn) -> Result<m::CreateServiceLinkedRoleOutput> {
        if (TRY(identity::find_role(txn, account, role.name))) {
          return fail(identity::invalid_input(fmt::format(
              "Service role name {} has been taken in this account, please try a different suffix.", role.name)));
        }
        TRY(identity::create_role(txn, account, role, trust_of(role.linked_service), {}));
        const std::string policy = linked_policy_arn(role.name);
        if (identity::find_aws_policy(policy) != nullptr) {
          TRY(identity::attach_policy(txn, account, {identity::EntityKind::kRole, role.id, role.name}, policy));
        }
        const identity::Role made = TRY(identity::require_role(txn, account, role.name));
        return m::CreateServiceLinkedRoleOutput{TRY(shown_role(txn, account, made))};
      });
}

Task<Result<m::DeleteServiceLinkedRoleOutput>> delete_service_linked_role(api::Call& call,
                                                                          m::DeleteServiceLinkedRoleInput input) {
  co_return co_await call.db().write([account = call.account(), input, uuid = call.random().uuid()](
                                         store::Txn& txn) -> Result<m::DeleteServiceLinkedRoleOutput> {
    const identity::Role role = TRY(identity::require_role(txn, account, input.role_name));
    if (role.linked_service.empty())
      return fail(identity::no_such_entity(
          fmt::format("The role with name {} is not a service-linked role.", input.role_name)));
    TRY(identity::delete_role(txn, account, role.name, true));
    const std::string task = fmt::format("task{}{}/{}", role.path, role.name, uuid);
    TRY(identity::put_deletion_task(txn, account, task));
    return m::DeleteServiceLinkedRoleOutput{task};
  });
}

Task<Result<m::GetServiceLinkedRoleDeletionStatusOutput>> get_deletion_status(
    api::Call& call, m::GetServiceLinkedRoleDeletionStatusInput input) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetServiceLinkedRoleDeletionStatusOutput> {
    if (!TRY(identity::has_deletion_task(reader, call.account(), input.deletion_task_id))) {
      return fail(
          identity::no_such_entity(fmt::format("The deletion task {} cannot be found.", input.deletion_task_id)));
    }
    return m::GetServiceLinkedRoleDeletionStatusOutput{.status = "SUCCEEDED"};
  });
}

}  // namespace

void bind_service_linked_roles(api::Registry& registry) {
  registry.bind(m::ops::kCreateServiceLinkedRole, create_service_linked_role);
  registry.bind(m::ops::kDeleteServiceLinkedRole, delete_service_linked_role);
  registry.bind(m::ops::kGetServiceLinkedRoleDeletionStatus, get_deletion_status);
}

}  // namespace warifu::services::iam
