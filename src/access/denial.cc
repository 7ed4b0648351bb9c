#include <fmt/format.h>

#include "access/authorize.h"
#include "base/arn.h"

namespace warifu::access {
namespace {

std::string name_of(const identity::HeldPolicy& policy) {
  if (!policy.arn.empty()) return policy.group.empty() ? policy.arn : policy.arn + " of group " + policy.group;
  if (policy.group.empty()) return "inline policy " + policy.name;
  return fmt::format("inline policy {} of group {}", policy.name, policy.group);
}

std::string session_policy_name(const Principal& principal, std::size_t number) {
  const std::size_t inlines = principal.session ? principal.session->inline_policies.size() : 0;
  return number < inlines ? "the session's own policy" : "a managed policy of the session";
}

/// With its place in the tree: service control policies are the caller's account's, resource control the owner's.
std::string name_of_guard(const Subject& subject, const PlacePointer& owners, const policy::Layer& layer,
                          std::size_t number) {
  const bool service = layer.kind == policy::LayerKind::kScp;
  const PlacePointer& place = service ? subject.place() : owners;
  std::string name = place ? guard_name(*place, layer.policies.data(), number) : std::string();
  if (!name.empty()) return name;
  return service ? "a service control policy" : "a resource control policy";
}

std::string name_of(const Subject& subject, const Ask& ask, const PlacePointer& owners, const policy::Layer& layer,
                    std::size_t number) {
  const Held* held = subject.held();
  switch (layer.kind) {
    case policy::LayerKind::kIdentity:
      if (held != nullptr && number < held->source.identity.size()) return name_of(held->source.identity[number]);
      break;
    case policy::LayerKind::kBoundary:
      if (held != nullptr && held->source.boundary) return held->source.boundary->arn;
      break;
    case policy::LayerKind::kSession:
      return session_policy_name(subject.principal(), number);
    case policy::LayerKind::kResource:
      return fmt::format("the policy of {}", ask.resource);
    case policy::LayerKind::kTrust:
      return fmt::format("the trust policy of {}", ask.resource);
    case policy::LayerKind::kKey:
      return fmt::format("the key policy of {}", ask.resource);
    case policy::LayerKind::kScp:
    case policy::LayerKind::kRcp:
      return name_of_guard(subject, owners, layer, number);
  }
  return {};
}

/// Observed with a real runtime: the identity policy lacked the endpoint, the message named the resource's policy.
bool blamed_on_resource(std::string_view principal_arn, const Ask& ask, const policy::Decision& decision) {
  const auto caller = ArnView::parse(principal_arn);
  const auto resource = ArnView::parse(ask.resource);
  return caller && resource && caller->account != ask.resource_account && resource->service == "bedrock-agentcore" &&
         resource->resource_type() == "runtime" && decision.layer == policy::LayerKind::kIdentity;
}

}  // namespace

std::string denial_message(std::string_view principal_arn, const Ask& ask, const policy::Decision& decision,
                           DenialWording wording) {
  std::string text =
      fmt::format("User: {} is not authorized to perform: {} on resource: {}", principal_arn, ask.action, ask.resource);
  if (decision.because == policy::Because::kExplicitDeny) {
    fmt::format_to(std::back_inserter(text), " with an explicit deny in {}",
                   policy::explicit_deny_words(decision.layer));
    return text;
  }
  // STS ends its sentence here: who may assume a role is not told to those who may not.
  if (ask.trust && decision.layer != policy::LayerKind::kScp) return text;
  const bool misleads = wording == DenialWording::kAws && blamed_on_resource(principal_arn, ask, decision);
  fmt::format_to(std::back_inserter(text), " because no {} allows the {} action",
                 policy::missing_words(misleads ? policy::LayerKind::kResource : decision.layer), ask.action);
  return text;
}

policy::Evidence evidence_of(const Subject& subject, const Ask& ask, const PlacePointer& owners,
                             std::span<const policy::Layer> layers, const policy::Request& request) {
  return policy::evidence_of(layers, request, [&](std::size_t layer, std::size_t number) {
    return name_of(subject, ask, owners, layers[layer], number);
  });
}

}  // namespace warifu::access
