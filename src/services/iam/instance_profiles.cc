#include "identity/instance_profiles.h"

#include "gen/iam/instance_profiles.h"
#include "identity/roles.h"
#include "identity/tags.h"
#include "services/iam/nouns.h"
#include "services/iam/profile_shapes.h"
#include "services/iam/shared.h"

namespace warifu::services::iam {
namespace {

Result<m::InstanceProfile> whole_profile(store::Reader& reader, const AccountId& account,
                                         const identity::InstanceProfile& profile) {
  m::InstanceProfile out = TRY(shown_profile(reader, account, profile));
  const identity::Tags tags = TRY(identity::tags_of(reader, account, profile.arn));
  out.tags = shown_tags(tags);
  return out;
}

Task<Result<m::CreateInstanceProfileOutput>> create_instance_profile(api::Call& call,
                                                                     m::CreateInstanceProfileInput input) {
  identity::Tags tags = CO_TRY(tags_from(input.tags));
  identity::InstanceProfile profile{
      .name = input.instance_profile_name,
      .path = input.path.value_or("/"),
      .id = identity::new_unique_id(identity::EntityKind::kInstanceProfile, call.random()),
      .created = call.now()};
  co_return co_await call.db().write(
      [account = call.account(), profile, tags](store::Txn& txn) -> Result<m::CreateInstanceProfileOutput> {
        TRY(identity::create_instance_profile(txn, account, profile, tags));
        const auto made = TRY(identity::require_instance_profile(txn, account, profile.name));
        return m::CreateInstanceProfileOutput{TRY(whole_profile(txn, account, made))};
      });
}

Task<Result<m::GetInstanceProfileOutput>> get_instance_profile(api::Call& call, m::GetInstanceProfileInput input) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetInstanceProfileOutput> {
    const auto profile = TRY(identity::require_instance_profile(reader, call.account(), input.instance_profile_name));
    return m::GetInstanceProfileOutput{TRY(whole_profile(reader, call.account(), profile))};
  });
}

template <class Output>
Result<Output> shown_page(const api::Call& call, store::Reader& reader,
                          const identity::Slice<identity::InstanceProfile>& slice) {
  Output output;
  for (const identity::InstanceProfile& profile : slice.items) {
    output.instance_profiles.push_back(TRY(shown_profile(reader, call.account(), profile)));
  }
  set_page(call, slice.next, output);
  return output;
}

Task<Result<m::ListInstanceProfilesOutput>> list_instance_profiles(api::Call& call,
                                                                   m::ListInstanceProfilesInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListInstanceProfilesOutput> {
    const auto slice = TRY(identity::list_instance_profiles(reader, call.account(), query));
    return shown_page<m::ListInstanceProfilesOutput>(call, reader, slice);
  });
}

Task<Result<m::ListInstanceProfilesForRoleOutput>> list_instance_profiles_for_role(
    api::Call& call, m::ListInstanceProfilesForRoleInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListInstanceProfilesForRoleOutput> {
    const identity::Role role = TRY(identity::require_role(reader, call.account(), input.role_name));
    const auto slice = TRY(identity::profiles_of_role(reader, call.account(), role.id, query));
    return shown_page<m::ListInstanceProfilesForRoleOutput>(call, reader, slice);
  });
}

Task<Result<m::DeleteInstanceProfileOutput>> delete_instance_profile(api::Call& call,
                                                                     m::DeleteInstanceProfileInput input) {
  co_return co_await call.db().write(
      [account = call.account(), input](store::Txn& txn) -> Result<m::DeleteInstanceProfileOutput> {
        TRY(identity::delete_instance_profile(txn, account, input.instance_profile_name));
        return m::DeleteInstanceProfileOutput{};
      });
}

Task<Result<m::AddRoleToInstanceProfileOutput>> add_role(api::Call& call, m::AddRoleToInstanceProfileInput input) {
  co_return co_await call.db().write(
      [account = call.account(), input](store::Txn& txn) -> Result<m::AddRoleToInstanceProfileOutput> {
        TRY(identity::add_role_to_profile(txn, account, input.instance_profile_name, input.role_name));
        return m::AddRoleToInstanceProfileOutput{};
      });
}

Task<Result<m::RemoveRoleFromInstanceProfileOutput>> remove_role(api::Call& call,
                                                                 m::RemoveRoleFromInstanceProfileInput input) {
  co_return co_await call.db().write(
      [account = call.account(), input](store::Txn& txn) -> Result<m::RemoveRoleFromInstanceProfileOutput> {
        TRY(identity::remove_role_from_profile(txn, account, input.instance_profile_name, input.role_name));
        return m::RemoveRoleFromInstanceProfileOutput{};
      });
}

}  // namespace

Result<m::InstanceProfile> shown_profile(store::Reader& reader, const AccountId& account,
                                         const identity::InstanceProfile& profile) {
  m::InstanceProfile out{.path = profile.path,
                         .instance_profile_name = profile.name,
                         .instance_profile_id = profile.id,
                         .arn = profile.arn,
                         .create_date = profile.created};
  for (const std::string& id : profile.role_ids) {
    const std::optional<identity::Role> role = TRY(identity::role_by_id(reader, account, id));
    if (role) out.roles.push_back(TRY(shown_role(reader, account, *role)));
  }
  return out;
}

void bind_instance_profiles(api::Registry& registry) {
  registry.bind(m::ops::kCreateInstanceProfile, create_instance_profile);
  registry.bind(m::ops::kGetInstanceProfile, get_instance_profile);
  registry.bind(m::ops::kListInstanceProfiles, list_instance_profiles);
  registry.bind(m::ops::kListInstanceProfilesForRole, list_instance_profiles_for_role);
  registry.bind(m::ops::kDeleteInstanceProfile, delete_instance_profile);
  registry.bind(m::ops::kAddRoleToInstanceProfile, add_role);
  registry.bind(m::ops::kRemoveRoleFromInstanceProfile, remove_role);
}

}  // namespace warifu::services::iam
