#include "identity/instance_profiles.h"

#include <algorithm>

#include "identity/roles.h"
#include "identity/table.h"
#include "identity/tags.h"

namespace warifu::identity {

Result<> create_instance_profile(store::Txn& txn, const AccountId& account, const InstanceProfile& profile,
                                 const Tags& tags) {
  TRY(insert_named(txn, account, kProfiles, profile));
  return put_tags(txn, account, entity_arn(EntityKind::kInstanceProfile, account, profile.path, profile.name), tags);
}

Result<std::optional<InstanceProfile>> find_instance_profile(store::Reader& reader, const AccountId& account,
                                                             std::string_view name) {
  return find_named<InstanceProfile>(reader, account, kProfiles, name);
}

Result<InstanceProfile> require_instance_profile(store::Reader& reader, const AccountId& account,
                                                 std::string_view name) {
  return require_named<InstanceProfile>(reader, account, kProfiles, name);
}

Result<Slice<InstanceProfile>> list_instance_profiles(store::Reader& reader, const AccountId& account,
                                                      const SliceQuery& query) {
  return list_named<InstanceProfile>(reader, account, kProfiles, query);
}

Result<> delete_instance_profile(store::Txn& txn, const AccountId& account, std::string_view name) {
  const InstanceProfile profile = TRY(require_instance_profile(txn, account, name));
  if (!profile.role_ids.empty()) {
    return fail(delete_conflict("Cannot delete entity, must remove roles from instance profile first."));
  }
  return erase_named(txn, account, kProfiles, profile);
}

Result<> add_role_to_profile(store::Txn& txn, const AccountId& account, std::string_view profile_name,
                             std::string_view role_name) {
  InstanceProfile profile = TRY(require_instance_profile(txn, account, profile_name));
  const Role role = TRY(require_role(txn, account, role_name));
  if (!profile.role_ids.empty()) {
    return fail(limit_exceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"));
  }
  profile.role_ids.push_back(role.id);
  TRY(txn.put(store::Partition::account(account), edge_key(kProfilesOfRole, role.id, profile.id), ""));
  return store_named(txn, account, kProfiles, profile);
}

Result<> remove_role_from_profile(store::Txn& txn, const AccountId& account, std::string_view profile_name,
                                  std::string_view role_name) {
  InstanceProfile profile = TRY(require_instance_profile(txn, account, profile_name));
  const Role role = TRY(require_role(txn, account, role_name));
  if (std::erase(profile.role_ids, role.id) == 0) return fail(missing(kRoles, role_name));
  TRY(txn.erase(store::Partition::account(account), edge_key(kProfilesOfRole, role.id, profile.id)));
  return store_named(txn, account, kProfiles, profile);
}

Result<Slice<InstanceProfile>> profiles_of_role(store::Reader& reader, const AccountId& account,
                                                std::string_view role_id, const SliceQuery& query) {
  return slice_edges<InstanceProfile>(reader, account, kProfilesOfRole, role_id, query,
                                      [&](const std::string& id, const std::string&) {
                                        return named_by_id<InstanceProfile>(reader, account, kProfiles, id);
                                      });
}

}  // namespace warifu::identity
