#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/cache_scope.h"
#include "access/place.h"
#include "access/principal.h"
#include "base/result.h"
#include "identity/gather.h"
#include "policy/compile.h"
#include "policy/decide.h"
#include "store/store.h"

namespace warifu::access {

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
  /// Identity, boundary, session and service control layers, as far as the principal has them.
  [[nodiscard]] std::span<const policy::Layer> layers() const { return layers_; }
  /// nullptr for root, services and anonymous callers.
  [[nodiscard]] const Held* held() const { return held_.get(); }
  /// The version of the organizations; nullopt: there are none.
  [[nodiscard]] std::optional<std::uint64_t> organizations() const { return organizations_; }
  /// Of the principal's account; nullptr where there are no organizations, or the principal has no account.
  [[nodiscard]] const PlacePointer& place() const { return place_; }
  /// Then nobody of it can call.
  [[nodiscard]] bool of_closed_account() const { return place_ && place_->source.closed; }
  [[nodiscard]] const CacheScope& scope() const { return scope_; }

 private:
  explicit Subject(const CacheScope& scope) : scope_(scope) {}
  Result<> add_organization(store::Reader& reader, bool any);

  CacheScope scope_;
  const Principal* principal_ = nullptr;
  std::optional<std::uint64_t> organizations_;
  PlacePointer place_;
  std::shared_ptr<const std::array<std::string_view, 1>> services_;
  std::shared_ptr<const Held> held_;
  std::shared_ptr<const CompiledPolicies> session_;
  policy::PrincipalView view_;
  std::vector<policy::Layer> layers_;
};

/// The compiled resource policy at `arn` in `owner`'s table, cached by its content; nullptr: none.
/// `kind` says whether it is a trust policy. A stored document that does not compile any more is kInternal: it must
/// deny, not vanish.
[[nodiscard]] Result<std::shared_ptr<const policy::CompiledPolicy>> compiled_resource_policy(store::Reader& reader,
                                                                                             const AccountId& owner,
                                                                                             std::string_view arn,
                                                                                             policy::Kind kind);

}  // namespace warifu::access
