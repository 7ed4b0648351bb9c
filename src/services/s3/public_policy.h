#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace warifu::services::s3 {

/// Whether a bucket policy is public as S3 means it: some statement allows everybody, and no condition ties it to
/// fixed accounts, organizations, networks or resources (user guide, "The meaning of public"). What cannot be read is.
[[nodiscard]] bool is_public_policy(std::string_view document);

/// The first resource of a policy that is neither `bucket_arn` nor in it; nullopt: none.
[[nodiscard]] std::optional<std::string> stray_resource(std::string_view document, std::string_view bucket_arn);

}  // namespace warifu::services::s3
