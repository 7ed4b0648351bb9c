#pragma once

#include "identity/policies.h"

/// What users, groups and roles have in common as holders of policies. Internal to the module.
namespace warifu::identity {

/// DeleteConflict while the holder has inline or attached policies.
[[nodiscard]] Result<> require_bare(store::Reader& reader, const AccountId& account, const Holder& holder);
/// Erases all inline policies and attachments of the holder.
[[nodiscard]] Result<> strip(store::Txn& txn, const AccountId& account, const Holder& holder);
/// Moves the holder's entry in the boundary index from `old_arn` to `new_arn`; either may be empty, not both.
/// NoSuchEntity when both are empty, or `new_arn` is no policy.
[[nodiscard]] Result<> link_boundary(store::Txn& txn, const AccountId& account, const Holder& holder,
                                     std::string_view old_arn, std::string_view new_arn);

}  // namespace warifu::identity
