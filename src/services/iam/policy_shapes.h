#pragma once

#include "gen/iam/policies.h"
#include "services/iam/shared.h"

/// Managed policies in the shapes of the wire.
namespace warifu::services::iam {

/// How many users, groups and roles have it attached, and as their boundary.
struct UsageCounts {
  std::int32_t attachments = 0, boundaries = 0;
};
[[nodiscard]] Result<UsageCounts> usage_of(store::Reader& reader, const AccountId& account, std::string_view arn);

[[nodiscard]] std::string version_id(std::int64_t number);
/// Without description and tags, as ListPolicies shows it.
[[nodiscard]] m::Policy shown_policy(const identity::ManagedPolicy& policy, const UsageCounts& usage);
[[nodiscard]] m::PolicyVersion shown_version(const identity::ManagedPolicy& policy,
                                             const identity::PolicyVersion& version, bool with_document);
/// All of AWS's own, in order of their ARNs.
[[nodiscard]] Result<std::vector<identity::ManagedPolicy>> aws_managed(store::Reader& reader, const AccountId& account);

}  // namespace warifu::services::iam
