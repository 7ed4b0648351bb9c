#include "access/authorize.h"

#include <algorithm>

#include "access/organization.h"
#include "base/arn.h"
#include "identity/buckets.h"
#include "identity/resource_policies.h"
#include "identity/tags.h"

namespace warifu::access {
namespace {

using policy::Context;
using policy::key;

std::string_view principal_type(PrincipalKind kind) {
  switch (kind) {
    case PrincipalKind::kRoot:
      return "Account";
    case PrincipalKind::kUser:
      return "User";
    case PrincipalKind::kAssumedRole:
      return "AssumedRole";
    case PrincipalKind::kFederatedUser:
      return "FederatedUser";
    case PrincipalKind::kService:
      return "Service";
    case PrincipalKind::kAnonymous:
      break;
  }
  return "Anonymous";
}

/// Which kind of policy speaks for the resource, if any may. What stands under a role's ARN is its trust policy: it
/// speaks about assuming the role, not about managing it; and nothing but a role can be assumed.
std::optional<policy::Kind> kind_of_resource_policy(const Ask& ask) {
  const auto arn = ArnView::parse(ask.resource);
  if (!arn) return std::nullopt;
  const bool iam = arn->service == "iam";
  if (!ask.trust) return iam ? std::nullopt : std::optional(policy::Kind::kResource);
  return iam && arn->resource_type() == "role" ? std::optional(policy::Kind::kTrust) : std::nullopt;
}

/// A service is known by its name, and by what it calls on behalf of.
void add_service_keys(Context& context, const Subject& subject) {
  const Principal& principal = subject.principal();
  context.set(key("aws:PrincipalServiceName"), principal.service);
  context.set_many(key("aws:PrincipalServiceNamesList"), subject.view().services);
  if (!principal.source_arn.empty()) context.set(key("aws:SourceArn"), principal.source_arn);
  if (!principal.source_account.empty()) context.set(key("aws:SourceAccount"), principal.source_account);
}

void add_resource_keys(Context& context, const Ask& ask, const identity::Tags& tags) {
  context.copy(key("aws:ResourceAccount"), ask.resource_account);
  for (const identity::Tag& tag : tags)
    context.set_tag("aws:ResourceTag/", context.keep(tag.key), context.keep(tag.value));
}

}  // namespace

void add_principal_keys(Context& context, const Subject& subject) {
  const Principal& principal = subject.principal();
  context.set(key("aws:PrincipalType"), principal_type(principal.kind));
  if (principal.kind == PrincipalKind::kAnonymous) {
    context.set(key("aws:PrincipalAccount"), "anonymous");
    context.set(key("aws:userid"), "anonymous");
    return;
  }
  context.set_bool(key("aws:PrincipalIsAWSService"), principal.kind == PrincipalKind::kService);
  if (principal.kind == PrincipalKind::kService) return add_service_keys(context, subject);
  const bool role = principal.kind == PrincipalKind::kAssumedRole;
  context.set(key("aws:PrincipalArn"), role ? principal.identity_arn : principal.arn);
  context.set(key("aws:PrincipalAccount"), principal.account.str());
  context.set(key("aws:userid"), principal.user_id);
  if (principal.kind == PrincipalKind::kUser) context.set(key("aws:username"), principal.name);

  if (const Held* held = subject.held()) {
    for (const identity::Tag& tag : held->source.tags) context.set_tag("aws:PrincipalTag/", tag.key, tag.value);
  }
  if (!principal.session) return;
  // Session tags come second: they override the role's of the same name.
  for (const auto& [name, value] : principal.session->tags) context.set_tag("aws:PrincipalTag/", name, value);
  if (role) context.set(key("aws:RoleSessionName"), principal.session->name);
  context.set_time(key("aws:TokenIssueTime"), principal.session->issued);
  context.set_bool(key("aws:MultiFactorAuthPresent"), principal.session->mfa);
  if (!principal.session->source_identity.empty()) {
    context.set(key("aws:SourceIdentity"), principal.session->source_identity);
  }
}

Result<Outcome> authorize(store::Reader& reader, const Subject& subject, const Ask& ask, const ContextFill& fill) {
  thread_local Context context;
  context.clear();
  add_principal_keys(context, subject);

  std::vector<policy::Layer> layers(subject.layers().begin(), subject.layers().end());
  CompiledPolicies resource_policies;
  const auto owner = AccountId::parse(ask.resource_account);
  if (owner && ask.resource != "*") {
    if (const auto kind = kind_of_resource_policy(ask)) {
      // A bucket's policy speaks for the objects in it.
      const std::string_view holder = identity::bucket_arn_of(ask.resource).value_or(ask.resource);
      auto compiled = TRY(compiled_resource_policy(reader, *owner, holder, *kind));
      if (compiled) resource_policies.push_back(std::move(compiled));
    }
    add_resource_keys(context, ask, TRY(identity::tags_of(reader, *owner, ask.resource)));
  } else {
    context.copy(key("aws:ResourceAccount"), ask.resource_account);
  }
  if (ask.trust) {
    layers.push_back({.kind = policy::LayerKind::kTrust, .policies = resource_policies});
  } else if (!resource_policies.empty()) {
    layers.push_back({.kind = policy::LayerKind::kResource, .policies = resource_policies});
  }
  const PlacePointer place = TRY(add_organization(reader, subject, ask, context, layers));
  if (fill) fill(context);

  const policy::Request request{.principal = subject.view(),
                                .action = ask.action,
                                .resource = ask.resource,
                                .resource_account = ask.resource_account,
                                .context = context};
  Outcome outcome{.decision = policy::decide(layers, request), .message = {}, .evidence = {}};
  if (!outcome.decision.allowed) outcome.message = denial_message(subject.principal().arn, ask, outcome.decision);
  if (!outcome.decision.allowed || ask.keep_evidence) {
    outcome.evidence = std::make_shared<const policy::Evidence>(evidence_of(subject, ask, place, layers, request));
  }
  return outcome;
}

}  // namespace warifu::access
