#include "policy/decide.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "policy/program.h"

namespace warifu::policy {
namespace {

/// What all layers of one kind say together: each must allow, and the weakest naming counts.
struct Voice {
  bool present = false;
  bool silent = false;
  NamedBy named = NamedBy::kAnyone;
  StatementRef allow;

  [[nodiscard]] bool allows() const { return present && !silent; }
  /// A limit that is not there limits nothing.
  [[nodiscard]] bool lets_pass() const { return !present || !silent; }
};

/// Every layer's verdict, by kind.
class Tally {
 public:
  Tally(std::span<const Layer> layers, const Request& request, const FoldedAction& action, DecideOptions options) {
    const bool has_boundary =
        std::ranges::any_of(layers, [](const Layer& layer) { return layer.kind == LayerKind::kBoundary; });
    Question question{.principal = request.principal,
                      .action = action.text(),
                      .service = action.service(),
                      .service_hash = ServiceIndex::hash(action.service()),
                      .resource = Subject::arn(request.resource),
                      .context = request.context,
                      .has_boundary = has_boundary};
    for (std::size_t i = 0; i < layers.size(); ++i) {
      question.needs_principal = speaks_for_resource(layers[i].kind);
      Verdict verdict;
      evaluate(layers[i].policies, question, options, verdict);
      add(layers[i].kind, i, verdict);
    }
  }

  [[nodiscard]] const Voice& operator[](LayerKind kind) const { return voices_[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] bool denied() const { return deny_.exists(); }
  [[nodiscard]] StatementRef deny() const { return deny_; }
  [[nodiscard]] LayerKind denied_by() const { return denied_by_; }

  /// The kind that speaks for the resource. Trust and key policies take the place of an ordinary resource policy.
  [[nodiscard]] LayerKind owner() const {
    if ((*this)[LayerKind::kTrust].present) return LayerKind::kTrust;
    return (*this)[LayerKind::kKey].present ? LayerKind::kKey : LayerKind::kResource;
  }

 private:
  void add(LayerKind kind, std::size_t layer, Verdict& verdict) {
    verdict.deny.layer = verdict.allow.layer = static_cast<std::uint16_t>(layer);
    if (verdict.denies() && (!denied() || kind < denied_by_)) {
      deny_ = verdict.deny;
      denied_by_ = kind;
    }
    Voice& voice = voices_[static_cast<std::size_t>(kind)];
    voice.silent = voice.silent || !verdict.allows();
    voice.named = std::min(voice.named, verdict.named);
    if (!voice.present) voice.allow = verdict.allow;
    voice.present = true;
  }

  std::array<Voice, kLayerKinds> voices_;
  StatementRef deny_;
  LayerKind denied_by_ = LayerKind::kIdentity;
};

bool acts_for_account(PrincipalKind kind) {
  switch (kind) {
    case PrincipalKind::kRoot:
    case PrincipalKind::kUser:
    case PrincipalKind::kRoleSession:
    case PrincipalKind::kFederatedUser:
      return true;
    case PrincipalKind::kAnonymous:
    case PrincipalKind::kService:
    case PrincipalKind::kWebIdentity:
      return false;
  }
  return false;
}

/// The parts of a decision that no explicit deny has settled.
class Combination {
 public:
  Combination(const Tally& tally, const Request& request)
      : tally_(tally),
        owner_(tally.owner()),
        grant_(tally[owner_]),
        is_root_(request.principal.kind == PrincipalKind::kRoot) {
    if (grant_.allows()) named_ = grant_.named;
    const std::string_view account = request.principal.account;
    if (!acts_for_account(request.principal.kind) || account.empty()) {
      ask_outsider();
    } else if (account == request.resource_account || request.resource_account == "aws") {
      ask_one_account();
    } else {
      ask_two_accounts();
    }
    need(LayerKind::kScp, tally[LayerKind::kScp].lets_pass());
    need(LayerKind::kRcp, tally[LayerKind::kRcp].lets_pass());
  }

  [[nodiscard]] Decision decision() const {
    Decision decision{.missing = missing_, .named = named_};
    if (missing_ != LayerSet{}) {
      decision.layer = named_in_denial();
      return decision;
    }
    decision.allowed = true;
    decision.because = Because::kAllowed;
    if (owner_settles_ || (!identity().allows() && named_ >= NamedBy::kIssuer)) {
      decision.layer = owner_;
      decision.statement = grant_.allow;
    } else if (identity().allows()) {
      decision.statement = identity().allow;
    } else {
      CHECK(is_root_, "only root is allowed without a statement");
      decision.because = Because::kRoot;
    }
    return decision;
  }

 private:
  [[nodiscard]] const Voice& identity() const { return tally_[LayerKind::kIdentity]; }

  void need(LayerKind kind, bool is_there) {
    if (!is_there) missing_.add(kind);
  }
  void need_identity() { need(LayerKind::kIdentity, is_root_ || identity().allows()); }
  void need_limits() {
    need(LayerKind::kBoundary, tally_[LayerKind::kBoundary].lets_pass());
    need(LayerKind::kSession, tally_[LayerKind::kSession].lets_pass());
  }

  /// Services, web identities and anonymous callers hold no policies of their own.
  void ask_outsider() {
    owner_settles_ = true;
    need(owner_, named_ >= NamedBy::kSelf);
    need_limits();
  }

  void ask_two_accounts() {
    owner_settles_ = true;
    need(owner_, grant_.allows());
    need_identity();
    need_limits();
  }

  void ask_one_account() {
    owner_settles_ = owner_ != LayerKind::kResource;
    if (owner_settles_) need(owner_, grant_.allows());
    if (named_ >= NamedBy::kSelf) return;
    need_limits();
    const bool owner_is_wanting = missing_.has(owner_);
    if (named_ < NamedBy::kIssuer && !owner_is_wanting) need_identity();
  }

  /// The first that is missing, in the order in which AWS's messages prefer them.
  [[nodiscard]] LayerKind named_in_denial() const {
    for (const LayerKind kind :
         {LayerKind::kScp, LayerKind::kRcp, owner_, LayerKind::kIdentity, LayerKind::kBoundary}) {
      if (missing_.has(kind)) return kind;
    }
    return LayerKind::kSession;
  }

  const Tally& tally_;
  LayerKind owner_;
  const Voice& grant_;
  bool is_root_;
  bool owner_settles_ = false;  // the resource's side had to allow
  NamedBy named_ = NamedBy::kNone;
  LayerSet missing_;
};

}  // namespace

Decision decide(std::span<const Layer> layers, const Request& request, DecideOptions options) {
  const FoldedAction action(request.action);
  Decision denied;
  denied.missing.add(LayerKind::kIdentity);
  if (!action.usable() || request.resource.empty() || request.resource_account.empty()) return denied;

  const Tally tally(layers, request, action, options);
  if (!tally.denied()) return Combination(tally, request).decision();
  denied.because = Because::kExplicitDeny;
  denied.layer = tally.denied_by();
  denied.statement = tally.deny();
  denied.missing = {};
  return denied;
}

std::string_view explicit_deny_words(LayerKind kind) {
  switch (kind) {
    case LayerKind::kScp:
      return "a service control policy";
    case LayerKind::kRcp:
      return "a resource control policy";
    case LayerKind::kResource:
    case LayerKind::kKey:
      return "a resource-based policy";
    case LayerKind::kTrust:
      return "the role trust policy";
    case LayerKind::kBoundary:
      return "a permissions boundary";
    case LayerKind::kSession:
      return "a session policy";
    case LayerKind::kIdentity:
      return "an identity-based policy";
  }
  return "a policy";
}

std::string_view missing_words(LayerKind kind) {
  const std::string_view words = explicit_deny_words(kind);
  // As AWS writes it: the same words without their article, and `permissions boundary` without "policy".
  return words.substr(words.find(' ') + 1);
}

}  // namespace warifu::policy
