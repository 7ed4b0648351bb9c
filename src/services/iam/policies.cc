#include <limits>

#include "identity/tags.h"
#include "services/iam/nouns.h"
#include "services/iam/policy_shapes.h"

namespace warifu::services::iam {
namespace {

Result<m::Policy> whole_policy(store::Reader& reader, const AccountId& account, const identity::ManagedPolicy& policy) {
  const UsageCounts usage = TRY(usage_of(reader, account, policy.arn));
  m::Policy out = shown_policy(policy, usage);
  if (!policy.description.empty()) out.description = policy.description;
  const identity::Tags tags = TRY(identity::tags_of(reader, account, policy.arn));
  out.tags = shown_tags(tags);
  return out;
}

Task<Result<m::CreatePolicyOutput>> create_policy(api::Call& call, m::CreatePolicyInput input) {
  CO_TRY(check_document(input.policy_document, policy::Kind::kIdentity));
  identity::Tags tags = CO_TRY(tags_from(input.tags));
  identity::ManagedPolicy made{.name = input.policy_name,
                               .path = input.path.value_or("/"),
                               .id = identity::new_unique_id(identity::EntityKind::kPolicy, call.random()),
                               .description = input.description.value_or(""),
                               .created = call.now(),
                               .updated = call.now()};
  co_return co_await call.db().write([account = call.account(), made, tags, document = input.policy_document](
                                         store::Txn& txn) -> Result<m::CreatePolicyOutput> {
    TRY(identity::create_policy(txn, account, made, document, tags));
    const identity::ManagedPolicy stored = TRY(identity::require_policy(
        txn, account, identity::entity_arn(identity::EntityKind::kPolicy, account, made.path, made.name)));
    return m::CreatePolicyOutput{TRY(whole_policy(txn, account, stored))};
  });
}

Task<Result<m::GetPolicyOutput>> get_policy(api::Call& call, m::GetPolicyInput input) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetPolicyOutput> {
    const identity::ManagedPolicy policy = TRY(identity::require_policy(reader, call.account(), input.policy_arn));
    return m::GetPolicyOutput{TRY(whole_policy(reader, call.account(), policy))};
  });
}

/// The filters of ListPolicies but its path.
bool wanted(const m::ListPoliciesInput& input, const UsageCounts& usage) {
  const std::string filter = input.policy_usage_filter.value_or("");
  const bool as_policy = filter != "PermissionsBoundary";
  const bool as_boundary = filter != "PermissionsPolicy";
  const bool used = (as_policy && usage.attachments > 0) || (as_boundary && usage.boundaries > 0);
  return used || (!input.only_attached.value_or(false) && filter.empty());
}

Task<Result<m::ListPoliciesOutput>> list_policies(api::Call& call, m::ListPoliciesInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  const std::string scope = input.scope.value_or("All");
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListPoliciesOutput> {
    std::vector<identity::ManagedPolicy> all;
    if (scope != "Local") all = TRY(aws_managed(reader, call.account()));
    if (scope != "AWS") {
      identity::Slice<identity::ManagedPolicy> local =
          TRY(identity::list_policies(reader, call.account(), {.items_max = std::numeric_limits<std::size_t>::max()}));
      std::ranges::move(local.items, std::back_inserter(all));
    }
    std::vector<m::Policy> shown;
    for (const identity::ManagedPolicy& policy : all) {
      if (!policy.path.starts_with(query.path_prefix)) continue;
      const UsageCounts usage = TRY(usage_of(reader, call.account(), policy.arn));
      if (wanted(input, usage)) shown.push_back(shown_policy(policy, usage));
    }
    identity::Slice<m::Policy> slice = slice_of(std::move(shown), query);
    m::ListPoliciesOutput output{.policies = std::move(slice.items)};
    set_page(call, slice.next, output);
    return output;
  });
}

Task<Result<m::DeletePolicyOutput>> delete_policy(api::Call& call, m::DeletePolicyInput input) {
  co_return co_await call.db().write(
      [account = call.account(), input](store::Txn& txn) -> Result<m::DeletePolicyOutput> {
        TRY(identity::delete_policy(txn, account, input.policy_arn));
        return m::DeletePolicyOutput{};
      });
}

}  // namespace

void bind_policies(api::Registry& registry) {
  registry.bind(m::ops::kCreatePolicy, create_policy);
  registry.bind(m::ops::kGetPolicy, get_policy);
  registry.bind(m::ops::kListPolicies, list_policies);
  registry.bind(m::ops::kDeletePolicy, delete_policy);
}

}  // namespace warifu::services::iam
