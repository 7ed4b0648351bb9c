#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "access/principal.h"
#include "base/result.h"
#include "store/store.h"
#include "wire/member.h"
#include "wire/operation.h"

namespace warifu::api {

/// The resource of one permission, and the account that owns it.
struct Target {
  std::string arn;      // or `*`
  std::string account;  // twelve digits; `aws` for AWS's own; empty when the ARN names none: then nothing is allowed
  std::string boundary_arn{};           // of the IAM user or role that it is; empty: none
  std::string inference_profile_arn{};  // of a model: the profile that the call goes through; empty: none
  bool owner_only = false;              // a bucket whose owner lets nobody in from elsewhere, whatever policies say
  std::string requested_region{};       // where AWS would decide; empty: the request's own region
};

/// What a permission of this request is about: the template expanded, IAM entities completed with their path, the
/// caller itself where IAM allows its name to be left out. kValidation when the request names a resource of another
/// partition, service or region: a regional resource is served in its own region only.
[[nodiscard]] Result<Target> resolve_target(store::Reader& reader, const wire::Operation& operation,
                                            const wire::Permission& permission, const void* input,
                                            const access::Principal& principal, std::string_view region);

/// What must be allowed beside `target`: the foundation models behind an inference profile. Else empty.
[[nodiscard]] std::vector<Target> further_targets(const wire::Permission& permission, const Target& target,
                                                  std::string_view region);

}  // namespace warifu::api
