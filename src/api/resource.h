#pragma once

#include <string>
#include <string_view>

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
  std::string boundary_arn{};  // of the IAM user or role that it is; empty: none
};

/// What a permission of this request is about: the template expanded, IAM entities completed with their path, the
/// caller itself where IAM allows its name to be left out. kValidation when the request names a resource of another
/// partition, service or region: a regional resource is served in its own region only.
[[nodiscard]] Result<Target> resolve_target(store::Reader& reader, const wire::Operation& operation,
                                            const wire::Permission& permission, const void* input,
                                            const access::Principal& principal, std::string_view region);

}  // namespace warifu::api
