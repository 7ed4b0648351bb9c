#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace warifu {

/// `arn:partition:service:region:account:resource`, split at the first five colons; the sixth field may hold
/// colons and slashes. Region and account may be empty, and the account need not be a number: AWS-owned resources
/// have `aws` there. Views into the text it was parsed from: the text must outlive it.
struct ArnView {
  std::string_view partition, service, region, account, resource;

  /// nullopt unless there are six fields, the first is `arn`, and partition, service and resource are not empty.
  [[nodiscard]] static std::optional<ArnView> parse(std::string_view text);
  /// `memory` of `memory/Name-0123456789`, empty when the resource has no slash.
  [[nodiscard]] std::string_view resource_type() const;
  /// What follows the first slash of the resource; the whole resource when it has none.
  [[nodiscard]] std::string_view resource_id() const;
};

/// Joins six fields. No validation.
[[nodiscard]] std::string make_arn(std::string_view service, std::string_view region, std::string_view account,
                                   std::string_view resource);

}  // namespace warifu
