#include "access/session_rules.h"

#include <fmt/format.h>

namespace warifu::access {
namespace {

std::string cannot_call(std::string_view service, std::string_view operation) {
  return fmt::format("Cannot call {} with session credentials", service == "iam" ? "IAM operations" : operation);
}

}  // namespace

std::optional<std::string> forbidden_to_session(const Principal& principal, std::string_view service,
                                                std::string_view operation) {
  if (service != "sts" && service != "iam") return std::nullopt;
  const bool assume_role = operation == "AssumeRole";
  if (principal.kind == PrincipalKind::kRoot && !principal.session) {
    if (service == "sts" && assume_role) return "Roles may not be assumed by root accounts.";
    return std::nullopt;
  }
  if (!principal.session) return std::nullopt;

  const bool own_identity = operation == "GetCallerIdentity";
  if (principal.kind == PrincipalKind::kAssumedRole) {
    const bool makes_session = operation == "GetSessionToken" || operation == "GetFederationToken";
    if (service == "sts" && makes_session) return cannot_call(service, operation);
    return std::nullopt;
  }
  if (service == "iam") {
    const bool allowed = principal.kind != PrincipalKind::kFederatedUser && principal.session->mfa;
    return allowed ? std::nullopt : std::optional(cannot_call(service, operation));
  }
  const bool may_assume = assume_role && principal.kind == PrincipalKind::kUser;
  if (own_identity || may_assume) return std::nullopt;
  return cannot_call(service, operation);
}

bool handed_down(const Principal& principal, std::string_view action) {
  if (!principal.session) return false;
  if (action == "sts:TagSession") return !principal.session->transitive_tags.empty();
  return action == "sts:SetSourceIdentity" && !principal.session->source_identity.empty();
}

}  // namespace warifu::access
