#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/types.h"
#include "store/store.h"

namespace warifu::identity {

/// How a principal came by a policy.
enum class HeldAs : std::uint8_t { kInline, kAttached, kGroupInline, kGroupAttached, kBoundary };

struct HeldPolicy {
  HeldAs as = HeldAs::kInline;
  std::string name;
  std::string arn;    // of a managed policy; empty for an inline one
  std::string group;  // name of the group that holds it; empty otherwise
  std::string document;
};

/// Everything about one user or role that authorization needs, read in one snapshot.
struct PrincipalPolicies {
  EntityKind kind = EntityKind::kUser;  // kUser or kRole
  std::string name, path, id, arn;
  Tags tags;
  std::int64_t max_session_seconds = 3600;  // roles
  std::vector<HeldPolicy> identity;
  std::optional<HeldPolicy> boundary;
  bool service_linked = false;  // a role that AWS links to a service: organizations do not limit it
  bool organizations = false;   // whether there are any: else nobody is limited by one
  std::uint64_t version = 0;  // identity_version of the account in the same snapshot
};

/// Gathers by unique id (AIDA… or AROA…), so that one that was deleted and made again is another. nullopt: no such
/// user or role now, whose credentials are therefore dead. The answer depends only on (account, id,
/// identity_version): cache it, compiled, under those three. kInternal when an attached policy's document is missing.
[[nodiscard]] Result<std::optional<PrincipalPolicies>> gather(store::Reader& reader, const AccountId& account,
                                                              std::string_view unique_id);

/// The default version's text of a managed policy, AWS's own included (for session policies by ARN); nullopt: none.
/// A customer policy is found only in `account`.
[[nodiscard]] Result<std::optional<HeldPolicy>> managed_document(store::Reader& reader, const AccountId& account,
                                                                 std::string_view policy_arn);

}  // namespace warifu::identity
