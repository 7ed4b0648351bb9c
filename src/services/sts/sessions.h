#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "access/principal.h"
#include "base/result.h"
#include "gen/sts/shared.h"
#include "store/store.h"

/// The rules of a new session, apart from who may have one. Pure but for looking managed policies up.
namespace warifu::services::sts {

inline constexpr std::size_t kSessionPolicyCharsMax = 2048;  // inline policy and ARNs together, as plain text
inline constexpr std::size_t kSessionPolicyArnsMax = 10;
inline constexpr std::size_t kSessionTagsMax = 50;
inline constexpr std::int64_t kDefaultRoleSeconds = 3600;
inline constexpr std::int64_t kChainedSecondsMax = 3600;
inline constexpr std::int64_t kSessionTokenSecondsDefault = 43'200;
inline constexpr std::int64_t kRootSessionSecondsMax = 3600;

/// How long a role's session lasts. kValidation (`ValidationError`) past the role's maximum, or past an hour when the
/// caller is itself a role's session.
[[nodiscard]] Result<std::int64_t> role_seconds(std::optional<std::int32_t> asked, std::int64_t role_max, bool chained);

/// Inline and managed session policies, checked: MalformedPolicyDocument, PackedPolicyTooLarge, or a managed policy
/// that `account` does not have.
struct SessionPolicies {
  std::vector<std::string> inline_documents;
  std::vector<std::string> arns;
};
[[nodiscard]] Result<SessionPolicies> session_policies(
    store::Reader& reader, const AccountId& account, const std::optional<std::string>& document,
    const std::optional<std::vector<model::sts::PolicyDescriptorType>>& arns);

/// Session tags with those that the caller's own session passes on. InvalidParameterValue: a key twice (case apart), a
/// transitive key without its tag, or one that the caller's session has set already.
struct SessionTags {
  std::map<std::string, std::string> tags;
  std::vector<std::string> transitive;
};
[[nodiscard]] Result<SessionTags> session_tags(const access::Principal& caller,
                                               const std::optional<std::vector<model::sts::Tag>>& tags,
                                               const std::optional<std::vector<std::string>>& transitive);

/// PackedPolicySize: how much of the room for policies and tags is used, in percent; nullopt when there are none.
[[nodiscard]] std::optional<std::int32_t> packed_policy_size(const access::Session& session);

}  // namespace warifu::services::sts
