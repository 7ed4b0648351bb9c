#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/principal.h"

namespace warifu::access {

/// What AWS forbids to a kind of credential whatever its policies say: the sentence of the refusal, or nullopt.
/// - root may not assume roles (STS AssumeRole);
/// - role sessions may not call GetSessionToken or GetFederationToken;
/// - GetSessionToken sessions: in STS only AssumeRole and GetCallerIdentity; IAM only with MFA;
/// - federated users: in STS only GetCallerIdentity; no IAM.
/// Source: IAM user guide, "Compare AWS STS credentials".
[[nodiscard]] std::optional<std::string> forbidden_to_session(const Principal& principal, std::string_view service,
                                                              std::string_view operation);

/// Whether the caller's session hands down what `action` is the permission for, though the request does not say so:
/// transitive tags need sts:TagSession, and a source identity sts:SetSourceIdentity, at each further role of a chain.
[[nodiscard]] bool handed_down(const Principal& principal, std::string_view action);

}  // namespace warifu::access
