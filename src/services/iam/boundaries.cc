#include "gen/iam/roles.h"
#include "gen/iam/users.h"
#include "identity/roles.h"
#include "identity/users.h"
#include "services/iam/nouns.h"
#include "services/iam/shared.h"

namespace warifu::services::iam {
namespace {

Task<Result<>> set_user(api::Call& call, std::string name, std::string arn) {
  co_return co_await call.db().write([account = call.account(), name, arn](store::Txn& txn) -> Result<> {
    return identity::set_user_boundary(txn, account, name, arn);
  });
}

Task<Result<>> set_role(api::Call& call, std::string name, std::string arn) {
  co_return co_await call.db().write([account = call.account(), name, arn](store::Txn& txn) -> Result<> {
    TRY(require_changeable_role(txn, account, name));
    return identity::set_role_boundary(txn, account, name, arn);
  });
}

Task<Result<m::PutUserPermissionsBoundaryOutput>> put_user_boundary(api::Call& call,
                                                                    m::PutUserPermissionsBoundaryInput input) {
  CO_TRY(co_await set_user(call, input.user_name, input.permissions_boundary));
  co_return m::PutUserPermissionsBoundaryOutput{};
}

Task<Result<m::DeleteUserPermissionsBoundaryOutput>> delete_user_boundary(api::Call& call,
                                                                          m::DeleteUserPermissionsBoundaryInput input) {
  CO_TRY(co_await set_user(call, input.user_name, ""));
  co_return m::DeleteUserPermissionsBoundaryOutput{};
}

Task<Result<m::PutRolePermissionsBoundaryOutput>> put_role_boundary(api::Call& call,
                                                                    m::PutRolePermissionsBoundaryInput input) {
  CO_TRY(co_await set_role(call, input.role_name, input.permissions_boundary));
  co_return m::PutRolePermissionsBoundaryOutput{};
}

Task<Result<m::DeleteRolePermissionsBoundaryOutput>> delete_role_boundary(api::Call& call,
                                                                          m::DeleteRolePermissionsBoundaryInput input) {
  CO_TRY(co_await set_role(call, input.role_name, ""));
  co_return m::DeleteRolePermissionsBoundaryOutput{};
}

}  // namespace

void bind_boundaries(api::Registry& registry) {
  registry.bind(m::ops::kPutUserPermissionsBoundary, put_user_boundary);
  registry.bind(m::ops::kDeleteUserPermissionsBoundary, delete_user_boundary);
  registry.bind(m::ops::kPutRolePermissionsBoundary, put_role_boundary);
  registry.bind(m::ops::kDeleteRolePermissionsBoundary, delete_role_boundary);
}

}  // namespace warifu::services::iam
