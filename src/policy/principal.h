#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace warifu::policy {

/// What kind of caller stands behind a request.
enum class PrincipalKind : std::uint8_t {
  kAnonymous,      ///< nobody, or an OAuth caller: only `*` and `NotPrincipal` reach it
  kRoot,           ///< an account's root user
  kUser,           ///< an IAM user, by its keys or by GetSessionToken
  kRoleSession,    ///< AssumeRole and its kin
  kFederatedUser,  ///< GetFederationToken
  kService,        ///< a service principal, `bedrock-agentcore.amazonaws.com`
  kWebIdentity,    ///< a token's bearer while it asks for a role (AssumeRoleWithWebIdentity, …WithSAML)
};

/// The caller as policies see it. Views: everything must outlive the decision. Fields that a kind lacks are empty,
/// and an empty field matches nothing.
struct PrincipalView {
  PrincipalKind kind = PrincipalKind::kAnonymous;
  /// Twelve digits. Empty for anonymous callers, services and web identities.
  std::string_view account{};
  /// The ARN that a denial shows: root, user, `assumed-role/R/S` session, `federated-user/N`.
  std::string_view arn{};
  /// What the session stems from: the role's ARN **with its path** for a role session, the user's for a federated
  /// user. Empty otherwise.
  std::string_view issuer_arn{};
  /// `AIDA…` of the user or `AROA…` of the role (for a federated user: of the user it stems from).
  std::string_view unique_id{};
  /// `aws:userid`. Not used in matching; kept with the rest for messages.
  std::string_view user_id{};
  /// Names of a service principal (usually one; regional forms make more).
  std::span<const std::string_view> services{};
  /// The identity provider of a web identity: an OIDC provider's host or ARN, a SAML provider's ARN. Every form listed.
  std::span<const std::string_view> providers{};
};

/// How a Principal element reached the caller: what else must allow depends on it (facts: IAM evaluation logic).
/// Ordered: a later one asks for no more than an earlier one.
enum class NamedBy : std::uint8_t {
  kNone,     ///< the statement does not reach this caller
  kAccount,  ///< by account id or root ARN: it only delegates to the account's own policies
  kIssuer,   ///< a session by its role's ARN or id, a federated user by its user's
  kSelf,     ///< by the user's, session's, federated user's, service's or provider's own name
  kAnyone,   ///< by `*`, or by a NotPrincipal that does not list it
};

}  // namespace warifu::policy
