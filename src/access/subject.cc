#include "access/subject.h"

#include <fmt/format.h>

#include <atomic>

#include "access/bounded_cache.h"
#include "identity/accounts.h"
#include "identity/resource_policies.h"

namespace warifu::access {
namespace {

constexpr std::size_t kCachedPrincipals = 4096;
constexpr std::size_t kCachedPolicies = 4096;
constexpr std::size_t kCachedSessions = 4096;
/// Of documents, per cache and thread; compiled they take a few times as much. Whoever changes policies and calls in
/// turn leaves an entry behind each time.
constexpr std::size_t kCachedBytes = 8 * 1024 * 1024;

using HeldPointer = std::shared_ptr<const Held>;
using SessionPointer = std::shared_ptr<const CompiledPolicies>;

/// What is stored was valid when it was written. If it no longer compiles, the safe answer is to refuse the call.
Result<std::shared_ptr<const policy::CompiledPolicy>> compile_stored(std::string_view document, policy::Kind kind,
                                                                     std::string_view what) {
  auto compiled = policy::CompiledPolicy::compile(document, kind);
  if (!compiled) return fail(internal_error(fmt::format("stored policy {} does not compile", what)));
  return *compiled;
}

Result<HeldPointer> compile_held(identity::PrincipalPolicies source) {
  Held held;
  for (const identity::HeldPolicy& policy : source.identity) {
    held.identity.push_back(TRY(compile_stored(policy.document, policy::Kind::kIdentity, policy.name)));
  }
  if (source.boundary) {
    held.has_boundary = true;
    held.boundary.push_back(
        TRY(compile_stored(source.boundary->document, policy::Kind::kBoundary, source.boundary->arn)));
  }
  held.source = std::move(source);
  return std::make_shared<const Held>(std::move(held));
}

std::size_t document_bytes(const identity::PrincipalPolicies& source) {
  std::size_t bytes = source.boundary ? source.boundary->document.size() : 0;
  for (const identity::HeldPolicy& policy : source.identity) bytes += policy.document.size();
  return bytes;
}

/// nullptr: there is no such user or role now.
Result<HeldPointer> held_by(store::Reader& reader, const CacheScope& scope, const AccountId& account,
                            std::string_view unique_id, std::uint64_t version) {
  thread_local BoundedCache<HeldPointer, kCachedPrincipals, kCachedBytes> cache;
  std::string key = cache_key({account.str(), unique_id}, {scope.id(), version});
  if (const HeldPointer* found = cache.find(key)) return *found;

  auto source = TRY(identity::gather(reader, account, unique_id));
  if (!source) return HeldPointer{};
  HeldPointer held = TRY(compile_held(std::move(*source)));
  return cache.put(std::move(key), held, document_bytes(held->source));
}

/// Session policies are fixed when the session is made, except that managed ones follow their default version: the
/// identity version is therefore part of the key.
Result<SessionPointer> session_policies(store::Reader& reader, const CacheScope& scope, const Principal& principal,
                                        std::uint64_t version) {
  thread_local BoundedCache<SessionPointer, kCachedSessions, kCachedBytes> cache;
  // Key ids are random and short: two sessions might share one, and must not share policies.
  std::string key = fmt::format("{}/{}/{}/{}/{}", scope.id(), principal.access_key_id, principal.user_id,
                                principal.session->issued.ms, version);
  if (const SessionPointer* found = cache.find(key)) return *found;

  CompiledPolicies compiled;
  std::size_t bytes = 0;
  for (const std::string& document : principal.session->inline_policies) {
    bytes += document.size();
    compiled.push_back(TRY(compile_stored(document, policy::Kind::kSession, "of the session")));
  }
  for (const std::string& arn : principal.session->policy_arns) {
    const auto managed = TRY(identity::managed_document(reader, principal.account, arn));
    // One that was deleted since grants nothing; the layer stays, and limits.
    if (!managed) continue;
    bytes += managed->document.size();
    compiled.push_back(TRY(compile_stored(managed->document, policy::Kind::kSession, arn)));
  }
  return cache.put(std::move(key), std::make_shared<const CompiledPolicies>(std::move(compiled)), bytes);
}

policy::PrincipalKind policy_kind(PrincipalKind kind) {
  switch (kind) {
    case PrincipalKind::kRoot:
      return policy::PrincipalKind::kRoot;
    case PrincipalKind::kUser:
      return policy::PrincipalKind::kUser;
    case PrincipalKind::kAssumedRole:
      return policy::PrincipalKind::kRoleSession;
    case PrincipalKind::kFederatedUser:
      return policy::PrincipalKind::kFederatedUser;
    case PrincipalKind::kService:
      return policy::PrincipalKind::kService;
    case PrincipalKind::kAnonymous:
      break;
  }
  return policy::PrincipalKind::kAnonymous;
}

bool has_account(PrincipalKind kind) { return kind != PrincipalKind::kService && kind != PrincipalKind::kAnonymous; }

bool has_issuer(PrincipalKind kind) {
  return kind == PrincipalKind::kAssumedRole || kind == PrincipalKind::kFederatedUser;
}

bool has_session_layer(const Principal& principal) {
  if (!principal.session) return false;
  // A federated user has only what its session policies and its user have in common: none passed means nothing.
  if (principal.kind == PrincipalKind::kFederatedUser) return true;
  return !principal.session->inline_policies.empty() || !principal.session->policy_arns.empty();
}

}  // namespace

CacheScope::CacheScope() {
  static std::atomic<std::uint64_t> next{1};
  id_ = next.fetch_add(1);
}

Result<> Subject::add_organization(store::Reader& reader, bool any) {
  if (!any) return {};
  const identity::OrganizationsState state = TRY(identity::organizations_state(reader));
  if (state.count == 0) return {};
  organizations_ = state.version;
  if (!has_account(principal_->kind)) return {};
  place_ = TRY(place_of(reader, scope_, principal_->account, state.version));
  if (held_ && held_->source.service_linked) return {};
  for (const CompiledPolicies& level : place_->service_control) {
    layers_.push_back({.kind = policy::LayerKind::kScp, .policies = level});
  }
  return {};
}

Result<std::optional<Subject>> Subject::gather(store::Reader& reader, const CacheScope& scope,
                                               const Principal& principal, std::optional<std::uint64_t> version) {
  Subject subject(scope);
  subject.principal_ = &principal;
  subject.view_ = {
      .kind = policy_kind(principal.kind),
      .account = has_account(principal.kind) ? std::string_view(principal.account.str()) : std::string_view{},
      .arn = principal.arn,
      .issuer_arn = has_issuer(principal.kind) ? std::string_view(principal.identity_arn) : std::string_view{},
      .unique_id = principal.unique_id,
      .user_id = principal.user_id};
  if (!has_account(principal.kind)) {
    subject.services_ =
        std::make_shared<const std::array<std::string_view, 1>>(std::array{std::string_view(principal.service)});
    if (principal.kind == PrincipalKind::kService) subject.view_.services = *subject.services_;
    TRY(subject.add_organization(reader, true));
    return std::optional<Subject>(std::move(subject));
  }
  if (principal.kind == PrincipalKind::kRoot) {
    const auto account = TRY(identity::find_account(reader, principal.account));
    if (!account) return std::optional<Subject>{};
    TRY(subject.add_organization(reader, true));
    if (subject.of_closed_account()) return std::optional<Subject>{};
    return std::optional<Subject>(std::move(subject));
  }

  if (!version) version = TRY(identity::identity_version(reader, principal.account));
  subject.held_ = TRY(held_by(reader, scope, principal.account, principal.unique_id, *version));
  if (!subject.held_) return std::optional<Subject>{};
  subject.layers_.push_back({.kind = policy::LayerKind::kIdentity, .policies = subject.held_->identity});
  if (subject.held_->has_boundary) {
    subject.layers_.push_back({.kind = policy::LayerKind::kBoundary, .policies = subject.held_->boundary});
  }
  if (has_session_layer(principal)) {
    subject.session_ = TRY(session_policies(reader, scope, principal, *version));
    subject.layers_.push_back({.kind = policy::LayerKind::kSession, .policies = *subject.session_});
  }
  TRY(subject.add_organization(reader, subject.held_->source.organizations));
  if (subject.of_closed_account()) return std::optional<Subject>{};
  return std::optional<Subject>(std::move(subject));
}

Result<std::shared_ptr<const policy::CompiledPolicy>> compiled_resource_policy(store::Reader& reader,
                                                                               const AccountId& owner,
                                                                               std::string_view arn,
                                                                               policy::Kind kind) {
  using Pointer = std::shared_ptr<const policy::CompiledPolicy>;
  thread_local BoundedCache<Pointer, kCachedPolicies, kCachedBytes> cache;
  const auto stored = TRY(identity::find_resource_policy(reader, owner, arn));
  if (!stored) return Pointer{};
  // By content, not by version: the same text compiles to the same policy, wherever it lies.
  std::string key = cache_key({stored->document}, {static_cast<std::uint64_t>(kind)});
  if (const Pointer* found = cache.find(key)) return *found;
  Pointer compiled = TRY(compile_stored(stored->document, kind, arn));
  return cache.put(std::move(key), std::move(compiled), stored->document.size());
}

}  // namespace warifu::access
