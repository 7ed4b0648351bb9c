#include "identity/resource_policies.h"

#include <fmt/format.h>

#include "services/memory/errors.h"
#include "services/memory/operations.h"
#include "services/memory/policy_rules.h"
#include "services/memory/resources.h"

namespace warifu::services::memory {

Task<Result<m::PutResourcePolicyOutput>> put_resource_policy(api::Call& call, m::PutResourcePolicyInput input) {
  CO_TRY(policy_rules::check(input.policy, input.resource_arn, policy_rules::memory_actions()));
  const auto body = [scope = resources::scope_of(call), now = call.now(),
                     input = std::move(input)](store::Txn& txn) -> Result<m::PutResourcePolicyOutput> {
    TRY(resources::require(txn, scope, input.resource_arn));
    TRY(identity::put_bound_resource_policy(txn, scope.account, input.resource_arn, input.policy, now));
    return m::PutResourcePolicyOutput{.policy = input.policy};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::GetResourcePolicyOutput>> get_resource_policy(api::Call& call, m::GetResourcePolicyInput input) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetResourcePolicyOutput> {
    TRY(resources::require(reader, resources::scope_of(call), input.resource_arn));
    return m::GetResourcePolicyOutput{
        .policy = TRY(identity::shown_resource_policy(reader, call.account(), input.resource_arn))};
  });
}

Task<Result<m::DeleteResourcePolicyOutput>> delete_resource_policy(api::Call& call,
                                                                   m::DeleteResourcePolicyInput input) {
  const auto body = [scope = resources::scope_of(call),
                     arn = std::move(input.resource_arn)](store::Txn& txn) -> Result<m::DeleteResourcePolicyOutput> {
    TRY(resources::require(txn, scope, arn));
    const bool erased = TRY(identity::erase_resource_policy(txn, scope.account, arn));
    if (!erased) return fail(not_found(fmt::format("No resource policy found for {}", arn)));
    return m::DeleteResourcePolicyOutput{};
  };
  co_return co_await call.db().write(body);
}

}  // namespace warifu::services::memory
