#include "access/organization.h"

#include <algorithm>

#include "base/encoding.h"

namespace warifu::access {
namespace {

using policy::key;

/// Service prefixes, as of the guide's list.
constexpr std::string_view kResourceControlled[] = {"aoss",
                                                    "appconfig",
                                                    "appstream",
                                                    "autoscaling",
                                                    "codebuild",
                                                    "codecommit",
                                                    "cognito-identity",
                                                    "cognito-idp",
                                                    "cognito-sync",
                                                    "comprehend",
                                                    "comprehendmedical",
                                                    "dax",
                                                    "dynamodb",
                                                    "ecr",
                                                    "health",
                                                    "kinesisvideo",
                                                    "kms",
                                                    "logs",
                                                    "s3",
                                                    "secretsmanager",
                                                    "signin",
                                                    "sqs",
                                                    "sts",
                                                    "support",
                                                    "textract",
                                                    "transcribe",
                                                    "translate"};
/// The grant's grantee gives it back, whoever owns the key.
constexpr std::string_view kExempt = "kms:RetireGrant";

void add_keys(policy::Context& context, const Place& place, policy::KeyId id, policy::KeyId paths) {
  if (!place.in_organization()) return;
  context.set(id, place.source.organization);
  context.set_many(paths, place.paths);
}

/// The resource account's place, from the subject's own where it is the same account.
Result<PlacePointer> resource_place(store::Reader& reader, const Subject& subject, const Ask& ask) {
  const auto owner = AccountId::parse(ask.resource_account);
  if (!owner) return PlacePointer{};
  if (subject.place() && ask.resource_account == subject.view().account) return subject.place();
  return place_of(reader, subject.scope(), *owner, *subject.organizations());
}

/// What a service calls on behalf of.
Result<> add_source_keys(store::Reader& reader, const Subject& subject, policy::Context& context) {
  const auto source = AccountId::parse(subject.principal().source_account);
  if (subject.principal().kind != PrincipalKind::kService || !source) return {};
  const PlacePointer place = TRY(place_of(reader, subject.scope(), *source, *subject.organizations()));
  if (!place->in_organization()) return {};
  const std::string_view path = context.keep(place->source.path);
  const std::string_view paths[] = {path};
  context.copy(key("aws:SourceOrgID"), place->source.organization);
  context.set_many(key("aws:SourceOrgPaths"), paths);
  return {};
}

}  // namespace

bool resource_control_applies(const Ask& ask) {
  if (ask.resource == "*" || iequals(ask.action, kExempt)) return false;
  const std::string service = to_lower(ask.action.substr(0, ask.action.find(':')));
  return std::ranges::find(kResourceControlled, service) != std::end(kResourceControlled);
}

Result<PlacePointer> add_organization(store::Reader& reader, const Subject& subject, const Ask& ask,
                                      policy::Context& context, std::vector<policy::Layer>& layers) {
  if (!subject.organizations()) return PlacePointer{};
  if (subject.place()) {
    add_keys(context, *subject.place(), key("aws:PrincipalOrgID"), key("aws:PrincipalOrgPaths"));
  }
  TRY(add_source_keys(reader, subject, context));
  PlacePointer place = TRY(resource_place(reader, subject, ask));
  if (!place) return place;
  add_keys(context, *place, key("aws:ResourceOrgID"), key("aws:ResourceOrgPaths"));
  if (place->source.closed) layers.push_back({.kind = policy::LayerKind::kRcp, .policies = {}});
  const bool service_linked = subject.held() != nullptr && subject.held()->source.service_linked;
  if (service_linked || !resource_control_applies(ask)) return place;
  for (const CompiledPolicies& level : place->resource_control) {
    layers.push_back({.kind = policy::LayerKind::kRcp, .policies = level});
  }
  return place;
}

}  // namespace warifu::access
