#include <fmt/format.h>

#include "services/lambda/errors.h"
#include "services/lambda/operations.h"
#include "services/lambda/statements.h"

namespace warifu::services::lambda {
namespace {

/// The function, version or alias that the policy is to hang on.
Result<FunctionRef> policy_holder(const api::Call& call) {
  FunctionRef ref = TRY(FunctionRef::of(call));
  if (ref.qualifier == kLatest) {
    return fail(invalid_parameter("We currently do not support adding policies for $LATEST."));
  }
  return ref;
}

}  // namespace

Task<Result<m::AddPermissionOutput>> add_permission(api::Call& call, m::AddPermissionInput input) {
  const FunctionRef ref = CO_TRY(policy_holder(call));
  statements::Permission permission{.id = input.statement_id,
                                    .action = input.action,
                                    .principal = input.principal,
                                    .source_arn = input.source_arn.value_or(""),
                                    .source_account = input.source_account.value_or(""),
                                    .event_source_token = input.event_source_token.value_or(""),
                                    .organization = input.principal_org_id.value_or(""),
                                    .url_auth_type = input.function_url_auth_type.value_or(""),
                                    .invoked_via_url = input.invoked_via_function_url};
  const auto body = [ref, permission, revision = input.revision_id,
                     now = call.now()](store::Txn& txn) -> Result<m::AddPermissionOutput> {
    TRY(rows::require_qualified(txn, ref));
    const std::string arn = ref.qualified_arn();
    std::string statement = TRY(statements::statement_of(txn, permission, arn));
    TRY(statements::add(txn, ref.owner, arn, permission.id, statement, revision, now));
    return m::AddPermissionOutput{.statement = std::move(statement)};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::RemovePermissionOutput>> remove_permission(api::Call& call, m::RemovePermissionInput input) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  const auto body = [ref, input, now = call.now()](store::Txn& txn) -> Result<m::RemovePermissionOutput> {
    TRY(rows::require_qualified(txn, ref));
    TRY(statements::remove(txn, ref.owner, ref.qualified_arn(), input.statement_id, input.revision_id, now));
    return m::RemovePermissionOutput{};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::GetPolicyOutput>> get_policy(api::Call& call, m::GetPolicyInput) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetPolicyOutput> {
    TRY(rows::require_qualified(reader, ref));
    statements::Shown shown = TRY(statements::show(reader, ref.owner, ref.qualified_arn()));
    return m::GetPolicyOutput{.policy = std::move(shown.policy), .revision_id = std::move(shown.revision)};
  });
}

}  // namespace warifu::services::lambda
