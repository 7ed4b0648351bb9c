#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "policy/compile.h"
#include "policy/context.h"
#include "policy/principal.h"

namespace warifu::policy {

/// Whose word a policy is. The order is the one in which explicit denies are named.
enum class LayerKind : std::uint8_t {
  kScp,       ///< one layer per level of the organization; each must allow
  kRcp,       ///< likewise, on the resource's side
  kResource,  ///< a resource-based policy: in one account, this or identity suffices
  kTrust,     ///< a role's trust policy: must itself allow
  kKey,       ///< a KMS key policy: must itself allow
  kBoundary,  ///< limits
  kSession,   ///< limits
  kIdentity,
};
inline constexpr std::size_t kLayerKinds = 8;

/// Policies of one kind that count as one: their statements are united. Of several layers of one kind each must allow.
/// A layer that is present but holds no policy
/// is silent, which is not the same as an absent one: a session made with policies none of which exist any more is
/// still limited. Views: must outlive the decision.
struct Layer {
  LayerKind kind = LayerKind::kIdentity;
  std::span<const std::shared_ptr<const CompiledPolicy>> policies{};
};

/// One question: may this principal do this to that? Views: everything must outlive the decision.
struct Request {
  const PrincipalView& principal;
  /// `service:Name`, as the service spells it.
  std::string_view action;
  /// The ARN, or `*` for an action without a resource type.
  std::string_view resource;
  /// The account that owns the resource (for `*`: the caller's). Empty: nothing is allowed. `aws`: the service's own
  /// resource, for which the caller's identity policies speak alone.
  std::string_view resource_account;
  const Context& context;
};

/// A statement, by position: layers[layer].policies[policy], statement.
struct StatementRef {
  std::uint16_t layer = kNone, policy = kNone, statement = kNone;
  static constexpr std::uint16_t kNone = 0xFFFF;
  [[nodiscard]] bool exists() const { return statement != kNone; }
  bool operator==(const StatementRef&) const = default;
};

enum class Because : std::uint8_t {
  kNoAllow,       ///< `layer` had to allow and did not
  kExplicitDeny,  ///< a statement in `layer` denies
  kAllowed,       ///< a statement in `layer` allows, and nothing limits it
  kRoot,          ///< the account's root user, whom nothing denies
};

/// Bits by LayerKind.
struct LayerSet {
  std::uint8_t bits = 0;
  [[nodiscard]] constexpr bool has(LayerKind kind) const { return (bits >> static_cast<unsigned>(kind) & 1U) != 0; }
  constexpr void add(LayerKind kind) { bits = static_cast<std::uint8_t>(bits | 1U << static_cast<unsigned>(kind)); }
  bool operator==(const LayerSet&) const = default;
};

/// The answer. A default one denies.
struct Decision {
  bool allowed = false;
  Because because = Because::kNoAllow;
  /// The layer that a denial's message names, or that granted.
  LayerKind layer = LayerKind::kIdentity;
  /// The statement that granted or denied; none for an implicit deny and for root.
  StatementRef statement{};
  /// Implicit deny: every layer whose allow is wanting. `layer` is one of them.
  LayerSet missing{};
  /// How the resource, trust or key policy named the caller, where it allowed.
  NamedBy named = NamedBy::kNone;
  bool operator==(const Decision&) const = default;
};

struct DecideOptions {
  /// The service index may only skip statements that cannot match; the differential test turns it off.
  bool use_index = true;
};

/// Combines the layers. Pure; allocates nothing; the order of layers, policies and statements never changes
/// `allowed`. What it applies, in this order:
///  1. an explicit deny in any layer denies;
///  2. every SCP and RCP layer must allow;
///  3. a trust or key policy must itself allow;
///  4. services, web identities and anonymous callers: the resource's side alone, by a name that is theirs or `*`;
///  5. another account's resource: the resource's side *and* identity, boundary and session must allow;
///  6. one account: identity *or* the resource's side. By `*` or the caller's own name, a resource policy's allow
///     stands alone; by its role's (or its federated session's user's) name, boundary and session limit it; by the
///     account's, it only lets identity speak. Boundary and session limit identity always.
/// The account's root user needs no identity allow.
[[nodiscard]] Decision decide(std::span<const Layer> layers, const Request& request, DecideOptions options = {});

/// What one layer says by itself.
struct Verdict {
  StatementRef deny{};   // the first statement that denies
  StatementRef allow{};  // the first of the strongest naming that allows; meaningless if `deny` exists
  NamedBy named = NamedBy::kNone;
  [[nodiscard]] bool denies() const { return deny.exists(); }
  [[nodiscard]] bool allows() const { return !denies() && allow.exists(); }
};

/// `has_boundary`: a NotPrincipal deny hits every principal that has a permissions boundary.
[[nodiscard]] Verdict evaluate(const Layer& layer, const Request& request, bool has_boundary = false,
                               DecideOptions options = {});

/// The words of a denial: `an identity-based policy`, `the role trust policy` … after "with an explicit deny in".
[[nodiscard]] std::string_view explicit_deny_words(LayerKind kind);
/// `identity-based policy`, `permissions boundary`, `role trust policy` … after "because no".
[[nodiscard]] std::string_view missing_words(LayerKind kind);

}  // namespace warifu::policy
