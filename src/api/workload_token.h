#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/resource.h"
#include "base/sealer.h"
#include "base/time.h"
#include "wire/operation.h"

/// What GetWorkloadAccessToken* hand out: who a workload is, sealed, so that nothing of it is stored and nobody can
/// make one. Authorization reads it too: what a token asks for, its workload must be allowed.
namespace warifu::api {

struct WorkloadToken {
  std::string account, region, workload;
  std::string user;  // on whose behalf: `id:` and a user id, or `jwt:`, issuer, space, subject; empty: nobody's
  Timestamp expires;
};

[[nodiscard]] std::string seal_workload_token(const Sealer& sealer, const WorkloadToken& token);
/// nullopt: not a token of this server. An expired one still opens.
[[nodiscard]] std::optional<WorkloadToken> open_workload_token(const Sealer& sealer, std::string_view text);

/// Puts the workload identity in the place of the token that `target` was expanded with, where the template of
/// `permission` has one there. A token that is none names nobody: no more than `*` allows that.
void name_workload(const Sealer& sealer, const wire::Permission& permission, Target& target);

}  // namespace warifu::api
