#include "identity/tags.h"

#include "gen/iam/instance_profiles.h"
#include "gen/iam/oidc_providers.h"
#include "gen/iam/policies.h"
#include "gen/iam/roles.h"
#include "gen/iam/users.h"
#include "identity/instance_profiles.h"
#include "identity/oidc_providers.h"
#include "identity/roles.h"
#include "identity/users.h"
#include "services/iam/nouns.h"
#include "services/iam/shared.h"

namespace warifu::services::iam {
namespace {

/// Finds the ARN of what is tagged, or fails with its own NoSuchEntity.
using Find = Result<std::string> (*)(store::Reader& reader, const AccountId& account, const std::string& name);

Result<std::string> user_of(store::Reader& reader, const AccountId& account, const std::string& name) {
  return TRY(identity::require_user(reader, account, name)).arn;
}
Result<std::string> role_of(store::Reader& reader, const AccountId& account, const std::string& name) {
  return TRY(identity::require_role(reader, account, name)).arn;
}
Result<std::string> policy_of(store::Reader& reader, const AccountId& account, const std::string& arn) {
  return TRY(identity::require_policy(reader, account, arn)).arn;
}
/// AWS's own policies carry no tags of anybody's.
Result<std::string> own_policy_of(store::Reader& reader, const AccountId& account, const std::string& arn) {
  const identity::ManagedPolicy policy = TRY(identity::require_policy(reader, account, arn));
  if (policy.aws_owned) return fail(identity::invalid_input("Policies that AWS owns cannot be tagged."));
  return policy.arn;
}
Result<std::string> profile_of(store::Reader& reader, const AccountId& account, const std::string& name) {
  return TRY(identity::require_instance_profile(reader, account, name)).arn;
}
Result<std::string> provider_of(store::Reader& reader, const AccountId& account, const std::string& arn) {
  return TRY(identity::require_oidc_provider(reader, account, arn)).arn;
}

Task<Result<>> tag(api::Call& call, Find find, std::string name, std::vector<m::Tag> sent) {
  const identity::Tags tags = CO_TRY(tags_from(sent));
  co_return co_await call.db().write([account = call.account(), find, name, tags](store::Txn& txn) -> Result<> {
    const std::string arn = TRY(find(txn, account, name));
    return identity::put_principal_tags(txn, account, arn, tags);
  });
}

Task<Result<>> untag(api::Call& call, Find find, std::string name, std::vector<std::string> keys) {
  co_return co_await call.db().write([account = call.account(), find, name, keys](store::Txn& txn) -> Result<> {
    const std::string arn = TRY(find(txn, account, name));
    return identity::erase_principal_tags(txn, account, arn, keys);
  });
}

template <class Output, class Input>
Result<Output> list(const api::Call& call, Find find, const std::string& name, const Input& input) {
  const identity::SliceQuery query = TRY(slice_query(call, input));
  return call.db().read([&](store::Reader& reader) -> Result<Output> {
    const std::string arn = TRY(find(reader, call.account(), name));
    const identity::Tags tags = TRY(identity::tags_of(reader, call.account(), arn));
    identity::Slice<m::Tag> slice = slice_of(shown_tags(tags), query);
    Output output;
    output.tags = std::move(slice.items);
    set_page(call, slice.next, output);
    return output;
  });
}

Task<Result<m::TagUserOutput>> tag_user(api::Call& call, m::TagUserInput input) {
  CO_TRY(co_await tag(call, user_of, input.user_name, input.tags));
  co_return m::TagUserOutput{};
}
Task<Result<m::TagRoleOutput>> tag_role(api::Call& call, m::TagRoleInput input) {
  CO_TRY(co_await tag(call, role_of, input.role_name, input.tags));
  co_return m::TagRoleOutput{};
}
Task<Result<m::TagPolicyOutput>> tag_policy(api::Call& call, m::TagPolicyInput input) {
  CO_TRY(co_await tag(call, own_policy_of, input.policy_arn, input.tags));
  co_return m::TagPolicyOutput{};
}
Task<Result<m::TagInstanceProfileOutput>> tag_profile(api::Call& call, m::TagInstanceProfileInput input) {
  CO_TRY(co_await tag(call, profile_of, input.instance_profile_name, input.tags));
  co_return m::TagInstanceProfileOutput{};
}
Task<Result<m::TagOpenIDConnectProviderOutput>> tag_provider(api::Call& call, m::TagOpenIDConnectProviderInput input) {
  CO_TRY(co_await tag(call, provider_of, input.open_id_connect_provider_arn, input.tags));
  co_return m::TagOpenIDConnectProviderOutput{};
}

Task<Result<m::UntagUserOutput>> untag_user(api::Call& call, m::UntagUserInput input) {
  CO_TRY(co_await untag(call, user_of, input.user_name, input.tag_keys));
  co_return m::UntagUserOutput{};
}
Task<Result<m::UntagRoleOutput>> untag_role(api::Call& call, m::UntagRoleInput input) {
  CO_TRY(co_await untag(call, role_of, input.role_name, input.tag_keys));
  co_return m::UntagRoleOutput{};
}
Task<Result<m::UntagPolicyOutput>> untag_policy(api::Call& call, m::UntagPolicyInput input) {
  CO_TRY(co_await untag(call, own_policy_of, input.policy_arn, input.tag_keys));
  co_return m::UntagPolicyOutput{};
}
Task<Result<m::UntagInstanceProfileOutput>> untag_profile(api::Call& call, m::UntagInstanceProfileInput input) {
  CO_TRY(co_await untag(call, profile_of, input.instance_profile_name, input.tag_keys));
  co_return m::UntagInstanceProfileOutput{};
}
Task<Result<m::UntagOpenIDConnectProviderOutput>> untag_provider(api::Call& call,
                                                                 m::UntagOpenIDConnectProviderInput input) {
  CO_TRY(co_await untag(call, provider_of, input.open_id_connect_provider_arn, input.tag_keys));
  co_return m::UntagOpenIDConnectProviderOutput{};
}

Task<Result<m::ListUserTagsOutput>> list_user_tags(api::Call& call, m::ListUserTagsInput input) {
  co_return list<m::ListUserTagsOutput>(call, user_of, input.user_name, input);
}
Task<Result<m::ListRoleTagsOutput>> list_role_tags(api::Call& call, m::ListRoleTagsInput input) {
  co_return list<m::ListRoleTagsOutput>(call, role_of, input.role_name, input);
}
Task<Result<m::ListPolicyTagsOutput>> list_policy_tags(api::Call& call, m::ListPolicyTagsInput input) {
  co_return list<m::ListPolicyTagsOutput>(call, policy_of, input.policy_arn, input);
}
Task<Result<m::ListInstanceProfileTagsOutput>> list_profile_tags(api::Call& call,
                                                                 m::ListInstanceProfileTagsInput input) {
  co_return list<m::ListInstanceProfileTagsOutput>(call, profile_of, input.instance_profile_name, input);
}
Task<Result<m::ListOpenIDConnectProviderTagsOutput>> list_provider_tags(api::Call& call,
                                                                        m::ListOpenIDConnectProviderTagsInput input) {
  co_return list<m::ListOpenIDConnectProviderTagsOutput>(call, provider_of, input.open_id_connect_provider_arn, input);
}

}  // namespace

void bind_tags(api::Registry& registry) {
  registry.bind(m::ops::kTagUser, tag_user);
  registry.bind(m::ops::kTagRole, tag_role);
  registry.bind(m::ops::kTagPolicy, tag_policy);
  registry.bind(m::ops::kTagInstanceProfile, tag_profile);
  registry.bind(m::ops::kTagOpenIDConnectProvider, tag_provider);
  registry.bind(m::ops::kUntagUser, untag_user);
  registry.bind(m::ops::kUntagRole, untag_role);
  registry.bind(m::ops::kUntagPolicy, untag_policy);
  registry.bind(m::ops::kUntagInstanceProfile, untag_profile);
  registry.bind(m::ops::kUntagOpenIDConnectProvider, untag_provider);
  registry.bind(m::ops::kListUserTags, list_user_tags);
  registry.bind(m::ops::kListRoleTags, list_role_tags);
  registry.bind(m::ops::kListPolicyTags, list_policy_tags);
  registry.bind(m::ops::kListInstanceProfileTags, list_profile_tags);
  registry.bind(m::ops::kListOpenIDConnectProviderTags, list_provider_tags);
}

}  // namespace warifu::services::iam
