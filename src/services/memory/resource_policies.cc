#include "identity/resource_policies.h"

#include <fmt/format.h>

#include "services/memory/errors.h"
#include "services/memory/operations.h"
#include "services/memory/policy_rules.h"
#include "services/memory/resources.h"

namespace warifu::services::memory {

namespace {

/// kValidation where the kind of resource takes no policy, or not this one.
Result<> check(store::Reader& reader, const api::ResourceKind& kind, const m::PutResourcePolicyInput& input) {
  if (kind.policy_actions.empty()) {
    return fail(invalid_field("resourceArn", "resources of this type have no resource policy"));
  }
  const policy::Policy policy = TRY(policy_rules::check(input.policy, input.resource_arn, kind.policy_actions));
  if (!kind.check_policy) return {};
  return kind.check_policy(reader, input.resource_arn, policy);
}

}  // namespace

Task<Result<m::PutResourcePolicyOutput>> put_resource_policy(api::Call& call, m::PutResourcePolicyInput input,
                                                             Kinds kinds) {
  const resources::Scope scope = resources::scope_of(call);
  // Policies are long: they are looked at before the transaction, which everybody waits for.
  CO_TRY(call.db().read([&](store::Reader& reader) -> Result<> {
    const api::ResourceKind* kind = TRY(resources::require(reader, scope, input.resource_arn, *kinds));
    return check(reader, *kind, input);
  }));
  const auto body = [scope, now = call.now(), kinds,
                     input = std::move(input)](store::Txn& txn) -> Result<m::PutResourcePolicyOutput> {
    TRY(resources::require(txn, scope, input.resource_arn, *kinds));
    TRY(identity::put_bound_resource_policy(txn, scope.account, input.resource_arn, input.policy, now));
    return m::PutResourcePolicyOutput{.policy = input.policy};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::GetResourcePolicyOutput>> get_resource_policy(api::Call& call, m::GetResourcePolicyInput input,
                                                             Kinds kinds) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetResourcePolicyOutput> {
    TRY(resources::require(reader, resources::scope_of(call), input.resource_arn, *kinds));
    return m::GetResourcePolicyOutput{
        .policy = TRY(identity::shown_resource_policy(reader, call.account(), input.resource_arn))};
  });
}

Task<Result<m::DeleteResourcePolicyOutput>> delete_resource_policy(api::Call& call, m::DeleteResourcePolicyInput input,
                                                                   Kinds kinds) {
  const auto body = [scope = resources::scope_of(call), kinds,
                     arn = std::move(input.resource_arn)](store::Txn& txn) -> Result<m::DeleteResourcePolicyOutput> {
    TRY(resources::require(txn, scope, arn, *kinds));
    const bool erased = TRY(identity::erase_resource_policy(txn, scope.account, arn));
    if (!erased) return fail(not_found(fmt::format("No resource policy found for {}", arn)));
    return m::DeleteResourcePolicyOutput{};
  };
  co_return co_await call.db().write(body);
}

}  // namespace warifu::services::memory
