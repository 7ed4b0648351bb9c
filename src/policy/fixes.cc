#include <fmt/format.h>

#include "base/arn.h"
#include "policy/findings.h"

namespace warifu::policy {
namespace {

using json::Value;

/// A pattern that stands for this resource alone, whatever characters it has.
std::string as_pattern(std::string_view resource) {
  std::string out;
  for (std::size_t i = 0; i < resource.size(); ++i) {
    if (resource.substr(i).starts_with("${")) {
      out += "${$}";
    } else {
      out += resource[i];
    }
  }
  return out;
}

Value named(std::string_view type, std::string_view name) {
  Value principal = Value::object();
  principal.set(std::string(type), Value::string(std::string(name)));
  return principal;
}

Value principal_of(const EvidencePrincipal& caller, View view) {
  switch (caller.kind) {
    case PrincipalKind::kService:
      if (!caller.services.empty()) return named("Service", caller.services.front());
      break;
    case PrincipalKind::kWebIdentity:
      if (!caller.providers.empty()) return named("Federated", caller.providers.front());
      break;
    case PrincipalKind::kRoot:
    case PrincipalKind::kUser:
    case PrincipalKind::kRoleSession:
    case PrincipalKind::kFederatedUser:
      // An owner is not told another account's names; the account as a whole it knows.
      if (view == View::kOwner) return named("AWS", fmt::format("arn:aws:iam::{}:root", caller.account));
      return named("AWS", caller.kind == PrincipalKind::kRoleSession ? caller.issuer_arn : caller.arn);
    case PrincipalKind::kAnonymous:
      break;
  }
  return Value::string("*");
}

struct Place {
  std::string account, where;
};

Place place_of(const Evidence& evidence, LayerKind kind) {
  const EvidencePrincipal& caller = evidence.principal;
  const std::string& holder = caller.issuer_arn.empty() ? caller.arn : caller.issuer_arn;
  switch (kind) {
    case LayerKind::kScp:
      return {.account = {}, .where = "a service control policy at each level that lacks it"};
    case LayerKind::kRcp:
      return {.account = {}, .where = "a resource control policy at each level that lacks it"};
    case LayerKind::kResource:
      return {.account = evidence.resource_account,
              .where = fmt::format("the resource-based policy of {}", evidence.resource)};
    case LayerKind::kTrust:
      return {.account = evidence.resource_account, .where = fmt::format("the trust policy of {}", evidence.resource)};
    case LayerKind::kKey:
      return {.account = evidence.resource_account, .where = fmt::format("the key policy of {}", evidence.resource)};
    case LayerKind::kBoundary:
      return {.account = caller.account, .where = fmt::format("the permissions boundary of {}", holder)};
    case LayerKind::kSession:
      return {.account = caller.account, .where = "the session policy that the session is made with"};
    case LayerKind::kIdentity:
      return {.account = caller.account, .where = fmt::format("an identity-based policy of {}", holder)};
  }
  return {};
}

}  // namespace

Fix fix_of(const Evidence& evidence, View view, LayerKind kind) {
  Value statement = Value::object();
  statement.set("Effect", Value::string("Allow"));
  const bool names_caller = kind == LayerKind::kResource || kind == LayerKind::kTrust || kind == LayerKind::kKey;
  if (names_caller) statement.set("Principal", principal_of(evidence.principal, view));
  if (kind == LayerKind::kRcp) statement.set("Principal", Value::string("*"));
  statement.set("Action", Value::string(evidence.action));
  // A key policy's resource is its key; a trust policy has none.
  if (kind == LayerKind::kKey) statement.set("Resource", Value::string("*"));
  if (kind != LayerKind::kKey && kind != LayerKind::kTrust) {
    statement.set("Resource", Value::string(as_pattern(evidence.resource)));
  }
  Place place = place_of(evidence, kind);
  return {.kind = kind,
          .statement = statement.dump(),
          .account = std::move(place.account),
          .where = std::move(place.where)};
}

}  // namespace warifu::policy
