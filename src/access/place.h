#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/cache_scope.h"
#include "base/ids.h"
#include "base/result.h"
#include "identity/organization_policies.h"
#include "policy/compile.h"
#include "store/store.h"

namespace warifu::access {

using CompiledPolicies = std::vector<std::shared_ptr<const policy::CompiledPolicy>>;

/// An account's place in an organization, with what limits it there, compiled. Immutable, shared by every request that
/// finds the same version of the organizations.
struct Place {
  identity::Guards source;  // an empty id: in no organization
  /// aws:PrincipalOrgPaths and its kin: one value. A view into `source`.
  std::array<std::string_view, 1> paths;
  /// One entry a level of the tree, each of which must allow; none where the account is exempt.
  std::vector<CompiledPolicies> service_control, resource_control;

  [[nodiscard]] bool in_organization() const { return !source.organization.empty(); }
};
using PlacePointer = std::shared_ptr<const Place>;

/// From a per-thread cache keyed by (scope, account, version), so that a change takes effect at the next call.
/// `version`: of identity::organizations_state in `reader`'s snapshot. Never nullptr. A stored policy that does not
/// compile any more is kInternal: it must deny, not vanish.
[[nodiscard]] Result<PlacePointer> place_of(store::Reader& reader, const CacheScope& scope, const AccountId& account,
                                            std::uint64_t version);

/// `policy ARN attached to TARGET`, for whoever asks why; empty when `policies` is none of this place's levels.
[[nodiscard]] std::string guard_name(const Place& place, const std::shared_ptr<const policy::CompiledPolicy>* policies,
                                     std::size_t number);

}  // namespace warifu::access
