#pragma once

#include <optional>
#include <string_view>

#include "identity/types.h"
#include "store/store.h"

/// Instance profiles: named containers of at most one role. Names as for roles.
namespace warifu::identity {

[[nodiscard]] Result<> create_instance_profile(store::Txn& txn, const AccountId& account,
                                               const InstanceProfile& profile, const Tags& tags);
[[nodiscard]] Result<std::optional<InstanceProfile>> find_instance_profile(store::Reader& reader,
                                                                           const AccountId& account,
                                                                           std::string_view name);
/// As above, but absence is NoSuchEntity.
[[nodiscard]] Result<InstanceProfile> require_instance_profile(store::Reader& reader, const AccountId& account,
                                                               std::string_view name);
[[nodiscard]] Result<Slice<InstanceProfile>> list_instance_profiles(store::Reader& reader, const AccountId& account,
                                                                    const SliceQuery& query);
/// DeleteConflict while it holds a role.
[[nodiscard]] Result<> delete_instance_profile(store::Txn& txn, const AccountId& account, std::string_view name);
/// LimitExceeded when it holds a role already.
[[nodiscard]] Result<> add_role_to_profile(store::Txn& txn, const AccountId& account, std::string_view profile_name,
                                           std::string_view role_name);
[[nodiscard]] Result<> remove_role_from_profile(store::Txn& txn, const AccountId& account,
                                                std::string_view profile_name, std::string_view role_name);
[[nodiscard]] Result<Slice<InstanceProfile>> profiles_of_role(store::Reader& reader, const AccountId& account,
                                                              std::string_view role_id, const SliceQuery& query);

}  // namespace warifu::identity
