#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace warifu::access {

/// A service acts by itself, on behalf of a resource; an anonymous caller has proven no AWS identity (OAuth callers).
enum class PrincipalKind : std::uint8_t { kRoot, kUser, kAssumedRole, kFederatedUser, kService, kAnonymous };

/// What a temporary credential adds to the role or user behind it (facts: STS AssumeRole, GetSessionToken,
/// GetFederationToken). Sealed inside the session token, so nothing of it is stored.
struct Session {
  std::string name;  // RoleSessionName, or the federated user's name
  Timestamp issued;  // aws:TokenIssueTime
  Timestamp expires;
  std::map<std::string, std::string> tags;   // session tags, keys as sent
  std::vector<std::string> transitive_tags;  // keys that survive chaining
  std::string source_identity;               // empty: none
  std::vector<std::string> inline_policies;  // session policy documents; empty: no inline session policy
  std::vector<std::string> policy_arns;      // managed session policies
  bool mfa = false;
  bool chained = false;  // made by a caller that was itself a role session
};

/// Who calls: the outcome of authentication. Made by `Authenticator` for requests, and by the in-process client for
/// calls between services. Value type.
struct Principal {
  PrincipalKind kind = PrincipalKind::kUser;
  AccountId account;         // of services and anonymous callers: where the call acts; it gives them no rights
  std::string arn;           // as messages show it: for role sessions the assumed-role ARN
  std::string identity_arn;  // the user's or role's own ARN with its path (aws:PrincipalArn)
  std::string unique_id;     // AIDA…/AROA… of the user or role; the account id for root
  std::string user_id;       // aws:userid: AIDA…, AROA…:session, account id
  std::string name;          // user or role name; empty for root
  std::string access_key_id;
  std::optional<Session> session;
  std::string service;           // service principal's name (`bedrock-agentcore.amazonaws.com`), empty otherwise
  std::string source_arn{};      // the resource that a service calls on behalf of; empty otherwise
  std::string source_account{};  // and its account
};

}  // namespace warifu::access
