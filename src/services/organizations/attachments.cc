#include "gen/organizations/attachments.h"

#include "gen/organizations/policies.h"
#include "services/organizations/nouns.h"
#include "services/organizations/shared.h"

namespace warifu::services::organizations {
namespace {

using identity::Organization;

Task<Result<m::AttachPolicyOutput>> attach_policy(api::Call& call, m::AttachPolicyInput input) {
  return manage<m::AttachPolicyOutput>(
      call,
      [input = std::move(input)](store::Txn& txn, const Organization& organization) -> Result<m::AttachPolicyOutput> {
        TRY(identity::attach_guard(txn, organization, input.policy_id, input.target_id));
        return m::AttachPolicyOutput{};
      });
}

Task<Result<m::DetachPolicyOutput>> detach_policy(api::Call& call, m::DetachPolicyInput input) {
  return manage<m::DetachPolicyOutput>(
      call,
      [input = std::move(input)](store::Txn& txn, const Organization& organization) -> Result<m::DetachPolicyOutput> {
        TRY(identity::detach_guard(txn, organization, input.policy_id, input.target_id));
        return m::DetachPolicyOutput{};
      });
}

using Switch = Result<> (*)(store::Txn& txn, Organization organization, identity::GuardType type);

Result<m::Root> switched(store::Txn& txn, const Organization& organization, std::string_view root,
                         std::string_view type_name, Switch change) {
  const identity::GuardType type = TRY(served_type(type_name));
  const auto node = TRY(identity::find_node(txn, organization, root));
  if (!node || !node->parent.empty()) {
    return fail({.code = ErrorCode::kNotFound,
                 .message = "You specified a root that doesn't exist.",
                 .aws_name = "RootNotFoundException"});
  }
  TRY(change(txn, organization, type));
  Organization changed = organization;
  changed.enabled[static_cast<std::size_t>(type)] = change == &identity::enable_guards;
  return root_shape(changed, *node);
}

Task<Result<m::EnablePolicyTypeOutput>> enable_policy_type(api::Call& call, m::EnablePolicyTypeInput input) {
  return manage<m::EnablePolicyTypeOutput>(
      call,
      [input = std::move(input)](store::Txn& txn,
                                 const Organization& organization) -> Result<m::EnablePolicyTypeOutput> {
        return m::EnablePolicyTypeOutput{
            .root = TRY(switched(txn, organization, input.root_id, input.policy_type, &identity::enable_guards))};
      });
}

Task<Result<m::DisablePolicyTypeOutput>> disable_policy_type(api::Call& call, m::DisablePolicyTypeInput input) {
  return manage<m::DisablePolicyTypeOutput>(
      call,
      [input = std::move(input)](store::Txn& txn,
                                 const Organization& organization) -> Result<m::DisablePolicyTypeOutput> {
        return m::DisablePolicyTypeOutput{
            .root = TRY(switched(txn, organization, input.root_id, input.policy_type, &identity::disable_guards))};
      });
}

/// Control policies have no effective policy: the model's enumeration does not name their types, and the types that it
/// names are never enabled here.
Task<Result<m::DescribeEffectivePolicyOutput>> describe_effective_policy(api::Call& call,
                                                                         m::DescribeEffectivePolicyInput) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::DescribeEffectivePolicyOutput> {
    TRY(identity::require_organization(reader, call.account()));
    return fail({.code = ErrorCode::kNotFound,
                 .message = "This policy type is not enabled for the organization.",
                 .aws_name = "EffectivePolicyNotFoundException"});
  });
}

}  // namespace

void bind_attachments(api::Registry& registry) {
  registry.bind(m::ops::kAttachPolicy, attach_policy);
  registry.bind(m::ops::kDetachPolicy, detach_policy);
  registry.bind(m::ops::kEnablePolicyType, enable_policy_type);
  registry.bind(m::ops::kDisablePolicyType, disable_policy_type);
  registry.bind(m::ops::kDescribeEffectivePolicy, describe_effective_policy);
}

}  // namespace warifu::services::organizations
