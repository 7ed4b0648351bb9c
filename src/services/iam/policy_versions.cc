#include <fmt/format.h>

#include "services/iam/nouns.h"
#include "services/iam/policy_shapes.h"

namespace warifu::services::iam {
namespace {

Task<Result<m::CreatePolicyVersionOutput>> create_policy_version(api::Call& call, m::CreatePolicyVersionInput input) {
  CO_TRY(check_document(input.policy_document, policy::Kind::kIdentity));
  co_return co_await call.db().write(
      [account = call.account(), now = call.now(), input](store::Txn& txn) -> Result<m::CreatePolicyVersionOutput> {
        const identity::PolicyVersion version = TRY(identity::create_policy_version(
            txn, account, input.policy_arn, input.policy_document, input.set_as_default.value_or(false), now));
        const identity::ManagedPolicy policy = TRY(identity::require_policy(txn, account, input.policy_arn));
        return m::CreatePolicyVersionOutput{shown_version(policy, version, false)};
      });
}

Task<Result<m::GetPolicyVersionOutput>> get_policy_version(api::Call& call, m::GetPolicyVersionInput input) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetPolicyVersionOutput> {
    const identity::ManagedPolicy policy = TRY(identity::require_policy(reader, call.account(), input.policy_arn));
    const std::optional<identity::PolicyVersion> version =
        TRY(identity::find_policy_version(reader, call.account(), policy, input.version_id));
    if (!version) {
      return fail(identity::no_such_entity(fmt::format("Policy {} version {} does not exist or is not attachable.",
                                                       input.policy_arn, input.version_id)));
    }
    return m::GetPolicyVersionOutput{shown_version(policy, *version, true)};
  });
}

Task<Result<m::ListPolicyVersionsOutput>> list_policy_versions(api::Call& call, m::ListPolicyVersionsInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListPolicyVersionsOutput> {
    const identity::ManagedPolicy policy = TRY(identity::require_policy(reader, call.account(), input.policy_arn));
    const auto slice = slice_of(TRY(identity::list_policy_versions(reader, call.account(), policy)), query);
    m::ListPolicyVersionsOutput output{.versions = std::vector<m::PolicyVersion>{}};
    for (const identity::PolicyVersion& version : slice.items) {
      output.versions->push_back(shown_version(policy, version, false));
    }
    set_page(call, slice.next, output);
    return output;
  });
}

Task<Result<m::SetDefaultPolicyVersionOutput>> set_default_policy_version(api::Call& call,
                                                                          m::SetDefaultPolicyVersionInput input) {
  co_return co_await call.db().write(
      [account = call.account(), now = call.now(), input](store::Txn& txn) -> Result<m::SetDefaultPolicyVersionOutput> {
        TRY(identity::set_default_policy_version(txn, account, input.policy_arn, input.version_id, now));
        return m::SetDefaultPolicyVersionOutput{};
      });
}

Task<Result<m::DeletePolicyVersionOutput>> delete_policy_version(api::Call& call, m::DeletePolicyVersionInput input) {
  co_return co_await call.db().write(
      [account = call.account(), input](store::Txn& txn) -> Result<m::DeletePolicyVersionOutput> {
        TRY(identity::delete_policy_version(txn, account, input.policy_arn, input.version_id));
        return m::DeletePolicyVersionOutput{};
      });
}

}  // namespace

void bind_policy_versions(api::Registry& registry) {
  registry.bind(m::ops::kCreatePolicyVersion, create_policy_version);
  registry.bind(m::ops::kGetPolicyVersion, get_policy_version);
  registry.bind(m::ops::kListPolicyVersions, list_policy_versions);
  registry.bind(m::ops::kSetDefaultPolicyVersion, set_default_policy_version);
  registry.bind(m::ops::kDeletePolicyVersion, delete_policy_version);
}

}  // namespace warifu::services::iam
