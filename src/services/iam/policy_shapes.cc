#include "services/iam/policy_shapes.h"

#include <fmt/format.h>

#include "identity/aws_policies.h"
#include "identity/estate.h"

namespace warifu::services::iam {

Result<UsageCounts> usage_of(store::Reader& reader, const AccountId& account, std::string_view arn) {
  const auto attached = TRY(identity::policy_users(reader, account, arn, identity::PolicyUsage::kAttached));
  const auto bounded = TRY(identity::policy_users(reader, account, arn, identity::PolicyUsage::kBoundary));
  return UsageCounts{static_cast<std::int32_t>(attached.size()), static_cast<std::int32_t>(bounded.size())};
}

std::string version_id(std::int64_t number) { return fmt::format("v{}", number); }

m::Policy shown_policy(const identity::ManagedPolicy& policy, const UsageCounts& usage) {
  return {.policy_name = policy.name,
          .policy_id = policy.id,
          .arn = policy.arn,
          .path = policy.path,
          .default_version_id = version_id(policy.default_version),
          .attachment_count = usage.attachments,
          .permissions_boundary_usage_count = usage.boundaries,
          .is_attachable = true,
          .create_date = policy.created,
          .update_date = policy.updated};
}

m::PolicyVersion shown_version(const identity::ManagedPolicy& policy, const identity::PolicyVersion& version,
                               bool with_document) {
  m::PolicyVersion out{.version_id = version_id(version.number),
                       .is_default_version = version.number == policy.default_version,
                       .create_date = version.created};
  if (with_document) out.document = encoded_document(version.document);
  return out;
}

Result<std::vector<identity::ManagedPolicy>> aws_managed(store::Reader& reader, const AccountId& account) {
  std::vector<identity::ManagedPolicy> out;
  for (const identity::AwsPolicy& aws : identity::aws_policies()) {
    out.push_back(TRY(identity::require_policy(reader, account, aws.arn)));
  }
  for (identity::ManagedPolicy& imported : TRY(identity::imported_aws_policies(reader, account))) {
    if (identity::find_aws_policy(imported.arn) == nullptr) out.push_back(std::move(imported));
  }
  return out;
}

}  // namespace warifu::services::iam
