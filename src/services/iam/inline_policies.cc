#include "gen/iam/groups.h"
#include "gen/iam/role_policies.h"
#include "gen/iam/user_policies.h"
#include "services/iam/nouns.h"
#include "services/iam/shared.h"

namespace warifu::services::iam {
namespace {

using identity::EntityKind;

/// The same four operations for users, groups and roles; `holder` is the name of one of that kind.
Task<Result<>> put(api::Call& call, EntityKind kind, std::string holder, identity::InlinePolicy policy) {
  CO_TRY(check_document(policy.document, policy::Kind::kIdentity));
  co_return co_await call.db().write([account = call.account(), kind, holder, policy](store::Txn& txn) -> Result<> {
    const identity::Holder found = TRY(require_holder(txn, account, kind, holder, true));
    return identity::put_inline_policy(txn, account, found, policy);
  });
}

Result<identity::InlinePolicy> get(api::Call& call, EntityKind kind, std::string_view holder, std::string_view name) {
  return call.db().read([&](store::Reader& reader) -> Result<identity::InlinePolicy> {
    const identity::Holder found = TRY(require_holder(reader, call.account(), kind, holder, false));
    std::optional<identity::InlinePolicy> policy =
        TRY(identity::find_inline_policy(reader, call.account(), found.id, name));
    if (!policy) return fail(identity::no_such_inline_policy(found, name));
    policy->document = encoded_document(policy->document);
    return std::move(*policy);
  });
}

Task<Result<>> erase(api::Call& call, EntityKind kind, std::string holder, std::string name) {
  co_return co_await call.db().write([account = call.account(), kind, holder, name](store::Txn& txn) -> Result<> {
    const identity::Holder found = TRY(require_holder(txn, account, kind, holder, true));
    return identity::delete_inline_policy(txn, account, found, name);
  });
}

template <class Output>
Result<Output> list(api::Call& call, EntityKind kind, std::string_view holder, const identity::SliceQuery& query) {
  return call.db().read([&](store::Reader& reader) -> Result<Output> {
    const identity::Holder found = TRY(require_holder(reader, call.account(), kind, holder, false));
    const auto slice = TRY(identity::list_inline_policies(reader, call.account(), found.id, query));
    Output output;
    for (const identity::InlinePolicy& policy : slice.items) output.policy_names.push_back(policy.name);
    set_page(call, slice.next, output);
    return output;
  });
}

Task<Result<m::PutUserPolicyOutput>> put_user_policy(api::Call& call, m::PutUserPolicyInput input) {
  CO_TRY(co_await put(call, EntityKind::kUser, input.user_name, {input.policy_name, input.policy_document}));
  co_return m::PutUserPolicyOutput{};
}
Task<Result<m::PutGroupPolicyOutput>> put_group_policy(api::Call& call, m::PutGroupPolicyInput input) {
  CO_TRY(co_await put(call, EntityKind::kGroup, input.group_name, {input.policy_name, input.policy_document}));
  co_return m::PutGroupPolicyOutput{};
}
Task<Result<m::PutRolePolicyOutput>> put_role_policy(api::Call& call, m::PutRolePolicyInput input) {
  CO_TRY(co_await put(call, EntityKind::kRole, input.role_name, {input.policy_name, input.policy_document}));
  co_return m::PutRolePolicyOutput{};
}

Task<Result<m::GetUserPolicyOutput>> get_user_policy(api::Call& call, m::GetUserPolicyInput input) {
  const identity::InlinePolicy policy = CO_TRY(get(call, EntityKind::kUser, input.user_name, input.policy_name));
  co_return m::GetUserPolicyOutput{input.user_name, policy.name, policy.document};
}
Task<Result<m::GetGroupPolicyOutput>> get_group_policy(api::Call& call, m::GetGroupPolicyInput input) {
  const identity::InlinePolicy policy = CO_TRY(get(call, EntityKind::kGroup, input.group_name, input.policy_name));
  co_return m::GetGroupPolicyOutput{input.group_name, policy.name, policy.document};
}
Task<Result<m::GetRolePolicyOutput>> get_role_policy(api::Call& call, m::GetRolePolicyInput input) {
  const identity::InlinePolicy policy = CO_TRY(get(call, EntityKind::kRole, input.role_name, input.policy_name));
  co_return m::GetRolePolicyOutput{input.role_name, policy.name, policy.document};
}

Task<Result<m::DeleteUserPolicyOutput>> delete_user_policy(api::Call& call, m::DeleteUserPolicyInput input) {
  CO_TRY(co_await erase(call, EntityKind::kUser, input.user_name, input.policy_name));
  co_return m::DeleteUserPolicyOutput{};
}
Task<Result<m::DeleteGroupPolicyOutput>> delete_group_policy(api::Call& call, m::DeleteGroupPolicyInput input) {
  CO_TRY(co_await erase(call, EntityKind::kGroup, input.group_name, input.policy_name));
  co_return m::DeleteGroupPolicyOutput{};
}
Task<Result<m::DeleteRolePolicyOutput>> delete_role_policy(api::Call& call, m::DeleteRolePolicyInput input) {
  CO_TRY(co_await erase(call, EntityKind::kRole, input.role_name, input.policy_name));
  co_return m::DeleteRolePolicyOutput{};
}

Task<Result<m::ListUserPoliciesOutput>> list_user_policies(api::Call& call, m::ListUserPoliciesInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return list<m::ListUserPoliciesOutput>(call, EntityKind::kUser, input.user_name, query);
}
Task<Result<m::ListGroupPoliciesOutput>> list_group_policies(api::Call& call, m::ListGroupPoliciesInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return list<m::ListGroupPoliciesOutput>(call, EntityKind::kGroup, input.group_name, query);
}
Task<Result<m::ListRolePoliciesOutput>> list_role_policies(api::Call& call, m::ListRolePoliciesInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return list<m::ListRolePoliciesOutput>(call, EntityKind::kRole, input.role_name, query);
}

}  // namespace

void bind_inline_policies(api::Registry& registry) {
  registry.bind(m::ops::kPutUserPolicy, put_user_policy);
  registry.bind(m::ops::kPutGroupPolicy, put_group_policy);
  registry.bind(m::ops::kPutRolePolicy, put_role_policy);
  registry.bind(m::ops::kGetUserPolicy, get_user_policy);
  registry.bind(m::ops::kGetGroupPolicy, get_group_policy);
  registry.bind(m::ops::kGetRolePolicy, get_role_policy);
  registry.bind(m::ops::kDeleteUserPolicy, delete_user_policy);
  registry.bind(m::ops::kDeleteGroupPolicy, delete_group_policy);
  registry.bind(m::ops::kDeleteRolePolicy, delete_role_policy);
  registry.bind(m::ops::kListUserPolicies, list_user_policies);
  registry.bind(m::ops::kListGroupPolicies, list_group_policies);
  registry.bind(m::ops::kListRolePolicies, list_role_policies);
}

}  // namespace warifu::services::iam
