#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/cache_scope.h"
#include "access/principal.h"
#include "base/result.h"
#include "identity/gather.h"
#include "policy/compile.h"
#include "policy/decide.h"
#include "store/store.h"

namespace warifu::access {

using CompiledPolicies = std::vector<std::shared_ptr<const policy::CompiledPolicy>>;

/// What one user or role holds, compiled. Immutable, shared by every request that finds the same identity version.
struct Held {
  identity::PrincipalPolicies source;
  CompiledPolicies identity;
  bool has_boundary = false;
  CompiledPolicies boundary;  // one at most; empty with `has_boundary` limits everything
};

/// A principal together with the policies that speak for and against it: everything that a decision needs on the
/// caller's side. Owns what its views point to; used by one request.
class Subject {
 public:
  /// Gathers in `reader`'s snapshot. nullopt: the user, role or account behind the principal is gone, so its
  /// credentials are dead. Compiled policies come from a per-thread cache keyed by (scope, account, unique id, identity
  /// version), so a change takes effect at the next call. `version`: the identity version, if it was read in this very
  /// snapshot. REQUIRES: one scope per store; `principal` outlives the subject.
  [[nodiscard]] static Result<std::optional<Subject>> gather(store::Reader& reader, const CacheScope& scope,
                                                             const Principal& principal,
                                                             std::optional<std::uint64_t> version = {});

  [[nodiscard]] const Principal& principal() const { return *principal_; }
  [[nodiscard]] const policy::PrincipalView& view() const { return view_; }
  /// Identity, boundary and session layers, as far as the principal has them.
  [[nodiscard]] std::span<const policy::Layer> layers() const { return layers_; }
  /// nullptr for root.
  [[nodiscard]] const Held* held() const { return held_.get(); }

 private:
  const Principal* principal_ = nullptr;
  std::shared_ptr<const Held> held_;
  std::shared_ptr<const CompiledPolicies> session_;
  policy::PrincipalView view_;
  std::vector<policy::Layer> layers_;
};

/// The compiled resource policy at `arn` in `owner`'s table, cached by its content; nullptr: none.
/// `kind` says whether it is a trust policy. A stored document that does not compile any more is kInternal: it must
/// deny, not vanish.
[[nodiscard]] Result<std::shared_ptr<const policy::CompiledPolicy>> compiled_resource_policy(
    store::Reader& reader, const AccountId& owner, std::string_view arn, policy::Kind kind);

}  // namespace warifu::access
