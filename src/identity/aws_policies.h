#pragma once

#include <span>
#include <string_view>

/// The managed policies that AWS owns: documents built into the program from `model/managed_policies/*.json`. The same
/// in every account, attachable, never writable. Immutable; safe from any thread.
namespace warifu::identity {

struct AwsPolicy {
  std::string_view arn;  // `arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`
  std::string_view name, path, id;
  std::string_view description;
  std::string_view default_version;   // `v1`
  std::string_view created, updated;  // ISO 8601
  std::string_view document;
};

/// In order of their ARNs.
[[nodiscard]] std::span<const AwsPolicy> aws_policies();
/// nullptr: none of that ARN here.
[[nodiscard]] const AwsPolicy* find_aws_policy(std::string_view arn);

}  // namespace warifu::identity
