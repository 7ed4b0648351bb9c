#pragma once

#include "api/call.h"
#include "gen/sts/roles.h"

namespace warifu::services::sts {

/// AssumeRole: a session of the role. That its trust policy lets the caller in, the pipeline has decided; root is
/// refused there too.
Task<Result<model::sts::AssumeRoleOutput>> assume_role(api::Call& call, model::sts::AssumeRoleInput input);

/// Issues credentials for `principal` and renders them as STS does.
[[nodiscard]] model::sts::Credentials credentials_of(const access::Principal& principal, const api::Call& call);

}  // namespace warifu::services::sts
