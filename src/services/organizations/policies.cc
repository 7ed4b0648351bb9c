#include "gen/organizations/policies.h"

#include "identity/tags.h"
#include "services/organizations/nouns.h"
#include "services/organizations/shared.h"

namespace warifu::services::organizations {
namespace {

using identity::GuardPolicy;
using identity::Organization;

m::PolicySummary summary_of(const Organization& organization, const GuardPolicy& policy) {
  return {.id = policy.id,
          .arn = identity::organization_entity_arn(organization, policy.id, policy.type),
          .name = policy.name,
          .description = policy.description,
          .type = std::string(identity::guard_type_name(policy.type)),
          .aws_managed = policy.aws_managed};
}

m::Policy shape_of(const Organization& organization, const GuardPolicy& policy) {
  return {.policy_summary = summary_of(organization, policy), .content = policy.document};
}

/// AWS's own policies are the same for everybody, and nobody's to change.
Result<GuardPolicy> changeable(store::Reader& reader, const Organization& organization, std::string_view id) {
  GuardPolicy policy = TRY(identity::require_guard(reader, organization, id));
  if (!policy.aws_managed) return policy;
  return fail({.code = ErrorCode::kAccessDenied, .message = "You can't change a policy that AWS manages."});
}

Task<Result<m::CreatePolicyOutput>> create_policy(api::Call& call, m::CreatePolicyInput input) {
  return manage<m::CreatePolicyOutput>(
      call,
      [input = std::move(input), id = identity::new_guard_id(call.random()), account = call.account()](
          store::Txn& txn, const Organization& organization) -> Result<m::CreatePolicyOutput> {
        const GuardPolicy policy{.id = id,
                                 .name = input.name,
                                 .description = input.description,
                                 .type = TRY(served_type(input.type)),
                                 .document = input.content};
        TRY(identity::create_guard(txn, organization, policy));
        TRY(identity::put_tags(txn, account, identity::organization_entity_arn(organization, id, policy.type),
                               tags_from(input.tags)));
        return m::CreatePolicyOutput{.policy = shape_of(organization, policy)};
      });
}

Task<Result<m::UpdatePolicyOutput>> update_policy(api::Call& call, m::UpdatePolicyInput input) {
  return manage<m::UpdatePolicyOutput>(
      call,
      [input = std::move(input)](store::Txn& txn, const Organization& organization) -> Result<m::UpdatePolicyOutput> {
        GuardPolicy policy = TRY(changeable(txn, organization, input.policy_id));
        if (input.name) policy.name = *input.name;
        if (input.description) policy.description = *input.description;
        if (input.content) policy.document = *input.content;
        TRY(identity::update_guard(txn, organization, policy));
        return m::UpdatePolicyOutput{.policy = shape_of(organization, policy)};
      });
}

Task<Result<m::DeletePolicyOutput>> delete_policy(api::Call& call, m::DeletePolicyInput input) {
  return manage<m::DeletePolicyOutput>(
      call,
      [input = std::move(input)](store::Txn& txn, const Organization& organization) -> Result<m::DeletePolicyOutput> {
        TRY(changeable(txn, organization, input.policy_id));
        TRY(identity::delete_guard(txn, organization, input.policy_id));
        return m::DeletePolicyOutput{};
      });
}

Task<Result<m::DescribePolicyOutput>> describe_policy(api::Call& call, m::DescribePolicyInput input) {
  return inspect<m::DescribePolicyOutput>(
      call,
      [input = std::move(input)](store::Reader& reader,
                                 const Organization& organization) -> Result<m::DescribePolicyOutput> {
        const GuardPolicy policy = TRY(identity::require_guard(reader, organization, input.policy_id));
        return m::DescribePolicyOutput{.policy = shape_of(organization, policy)};
      });
}

template <class Output, class Input>
Result<Output> policy_page(const api::Call& call, const Organization& organization, std::vector<GuardPolicy> policies,
                           const Input& input) {
  const auto page = TRY(page_of(call, std::move(policies), input.next_token, input.max_results,
                                [](const GuardPolicy& policy) { return policy.id; }));
  Output output{.policies = std::vector<m::PolicySummary>{}, .next_token = page.next};
  for (const GuardPolicy& policy : page.items) output.policies->push_back(summary_of(organization, policy));
  return output;
}

Task<Result<m::ListPoliciesOutput>> list_policies(api::Call& call, m::ListPoliciesInput input) {
  return inspect<m::ListPoliciesOutput>(
      call,
      [&call, input = std::move(input)](store::Reader& reader,
                                        const Organization& organization) -> Result<m::ListPoliciesOutput> {
        const auto type = identity::guard_type(input.filter);
        auto policies = type ? TRY(identity::list_guards(reader, organization, *type)) : std::vector<GuardPolicy>{};
        return policy_page<m::ListPoliciesOutput>(call, organization, std::move(policies), input);
      });
}

Task<Result<m::ListPoliciesForTargetOutput>> list_policies_for_target(api::Call& call,
                                                                      m::ListPoliciesForTargetInput input) {
  return inspect<m::ListPoliciesForTargetOutput>(
      call,
      [&call, input = std::move(input)](store::Reader& reader,
                                        const Organization& organization) -> Result<m::ListPoliciesForTargetOutput> {
        TRY(identity::require_target(reader, organization, input.target_id));
        std::vector<GuardPolicy> policies;
        for (const std::string& id : TRY(identity::guards_of_target(reader, organization, input.target_id))) {
          GuardPolicy policy = TRY(identity::require_guard(reader, organization, id));
          if (identity::guard_type_name(policy.type) == input.filter) policies.push_back(std::move(policy));
        }
        return policy_page<m::ListPoliciesForTargetOutput>(call, organization, std::move(policies), input);
      });
}

Result<m::PolicyTargetSummary> target_summary(store::Reader& reader, const Organization& organization,
                                              const std::string& id) {
  m::PolicyTargetSummary summary{.target_id = id, .arn = identity::organization_entity_arn(organization, id)};
  if (const auto node = TRY(identity::find_node(reader, organization, id))) {
    summary.name = node->name;
    summary.type = node->parent.empty() ? "ROOT" : "ORGANIZATIONAL_UNIT";
    return summary;
  }
  summary.type = "ACCOUNT";
  summary.name = TRY(account_name(reader, id));
  return summary;
}

Task<Result<m::ListTargetsForPolicyOutput>> list_targets(api::Call& call, m::ListTargetsForPolicyInput input) {
  return inspect<m::ListTargetsForPolicyOutput>(
      call,
      [&call, input = std::move(input)](store::Reader& reader,
                                        const Organization& organization) -> Result<m::ListTargetsForPolicyOutput> {
        TRY(identity::require_guard(reader, organization, input.policy_id));
        auto ids = TRY(identity::targets_of_guard(reader, organization, input.policy_id));
        const auto page = TRY(page_of(call, std::move(ids), input.next_token, input.max_results,
                                      [](const std::string& id) { return id; }));
        m::ListTargetsForPolicyOutput output{.targets = std::vector<m::PolicyTargetSummary>{}, .next_token = page.next};
        for (const std::string& id : page.items) {
          output.targets->push_back(TRY(target_summary(reader, organization, id)));
        }
        return output;
      });
}

}  // namespace

void bind_policies(api::Registry& registry) {
  registry.bind(m::ops::kCreatePolicy, create_policy);
  registry.bind(m::ops::kUpdatePolicy, update_policy);
  registry.bind(m::ops::kDeletePolicy, delete_policy);
  registry.bind(m::ops::kDescribePolicy, describe_policy);
  registry.bind(m::ops::kListPolicies, list_policies);
  registry.bind(m::ops::kListPoliciesForTarget, list_policies_for_target);
  registry.bind(m::ops::kListTargetsForPolicy, list_targets);
}

}  // namespace warifu::services::organizations
