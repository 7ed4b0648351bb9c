#include "gen/iam/groups.h"
#include "gen/iam/role_policies.h"
#include "gen/iam/user_policies.h"
#include "services/iam/nouns.h"
#include "services/iam/shared.h"

namespace warifu::services::iam {
namespace {

using identity::EntityKind;

/// The same three operations for users, groups and roles; `holder` is the name of one of that kind.
Task<Result<>> attach(api::Call& call, EntityKind kind, std::string holder, std::string arn) {
  if (arn.starts_with("arn:aws:iam::aws:policy/aws-service-role/")) {
    co_return fail(Error{.code = ErrorCode::kValidation,
                         .message = "Cannot attach a Service Role Policy to a Customer Role.",
                         .aws_name = "PolicyNotAttachable"});
  }
  co_return co_await call.db().write([account = call.account(), kind, holder, arn](store::Txn& txn) -> Result<> {
    const identity::Holder found = TRY(require_holder(txn, account, kind, holder, true));
    return identity::attach_policy(txn, account, found, arn);
  });
}

Task<Result<>> detach(api::Call& call, EntityKind kind, std::string holder, std::string arn) {
  co_return co_await call.db().write([account = call.account(), kind, holder, arn](store::Txn& txn) -> Result<> {
    const identity::Holder found = TRY(require_holder(txn, account, kind, holder, true));
    return identity::detach_policy(txn, account, found, arn);
  });
}

template <class Output>
Result<Output> list(api::Call& call, EntityKind kind, std::string_view holder, const identity::SliceQuery& query) {
  return call.db().read([&](store::Reader& reader) -> Result<Output> {
    const identity::Holder found = TRY(require_holder(reader, call.account(), kind, holder, false));
    const auto slice = TRY(identity::attached_policies(reader, call.account(), found.id, query));
    Output output;
    output.attached_policies.emplace();
    for (const identity::AttachedPolicy& policy : slice.items) {
      output.attached_policies->push_back({policy.name, policy.arn});
    }
    set_page(call, slice.next, output);
    return output;
  });
}

Task<Result<m::AttachUserPolicyOutput>> attach_user_policy(api::Call& call, m::AttachUserPolicyInput input) {
  CO_TRY(co_await attach(call, EntityKind::kUser, input.user_name, input.policy_arn));
  co_return m::AttachUserPolicyOutput{};
}
Task<Result<m::AttachGroupPolicyOutput>> attach_group_policy(api::Call& call, m::AttachGroupPolicyInput input) {
  CO_TRY(co_await attach(call, EntityKind::kGroup, input.group_name, input.policy_arn));
  co_return m::AttachGroupPolicyOutput{};
}
Task<Result<m::AttachRolePolicyOutput>> attach_role_policy(api::Call& call, m::AttachRolePolicyInput input) {
  CO_TRY(co_await attach(call, EntityKind::kRole, input.role_name, input.policy_arn));
  co_return m::AttachRolePolicyOutput{};
}

Task<Result<m::DetachUserPolicyOutput>> detach_user_policy(api::Call& call, m::DetachUserPolicyInput input) {
  CO_TRY(co_await detach(call, EntityKind::kUser, input.user_name, input.policy_arn));
  co_return m::DetachUserPolicyOutput{};
}
Task<Result<m::DetachGroupPolicyOutput>> detach_group_policy(api::Call& call, m::DetachGroupPolicyInput input) {
  CO_TRY(co_await detach(call, EntityKind::kGroup, input.group_name, input.policy_arn));
  co_return m::DetachGroupPolicyOutput{};
}
Task<Result<m::DetachRolePolicyOutput>> detach_role_policy(api::Call& call, m::DetachRolePolicyInput input) {
  CO_TRY(co_await detach(call, EntityKind::kRole, input.role_name, input.policy_arn));
  co_return m::DetachRolePolicyOutput{};
}

Task<Result<m::ListAttachedUserPoliciesOutput>> list_attached_user_policies(api::Call& call,
                                                                            m::ListAttachedUserPoliciesInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return list<m::ListAttachedUserPoliciesOutput>(call, EntityKind::kUser, input.user_name, query);
}
Task<Result<m::ListAttachedGroupPoliciesOutput>> list_attached_group_policies(api::Call& call,
                                                                              m::ListAttachedGroupPoliciesInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return list<m::ListAttachedGroupPoliciesOutput>(call, EntityKind::kGroup, input.group_name, query);
}
Task<Result<m::ListAttachedRolePoliciesOutput>> list_attached_role_policies(api::Call& call,
                                                                            m::ListAttachedRolePoliciesInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return list<m::ListAttachedRolePoliciesOutput>(call, EntityKind::kRole, input.role_name, query);
}

}  // namespace

void bind_attachments(api::Registry& registry) {
  registry.bind(m::ops::kAttachUserPolicy, attach_user_policy);
  registry.bind(m::ops::kAttachGroupPolicy, attach_group_policy);
  registry.bind(m::ops::kAttachRolePolicy, attach_role_policy);
  registry.bind(m::ops::kDetachUserPolicy, detach_user_policy);
  registry.bind(m::ops::kDetachGroupPolicy, detach_group_policy);
  registry.bind(m::ops::kDetachRolePolicy, detach_role_policy);
  registry.bind(m::ops::kListAttachedUserPolicies, list_attached_user_policies);
  registry.bind(m::ops::kListAttachedGroupPolicies, list_attached_group_policies);
  registry.bind(m::ops::kListAttachedRolePolicies, list_attached_role_policies);
}

}  // namespace warifu::services::iam
