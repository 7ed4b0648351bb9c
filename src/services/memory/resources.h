#pragma once

#include <string>
#include <string_view>

#include "api/call.h"
#include "base/result.h"
#include "store/store.h"

/// Resources that tags and resource policies hang on, named by ARN.
namespace warifu::services::memory::resources {

/// Whose resources a call may name. A value: transactions may outlast the coroutine that began them.
struct Scope {
  AccountId account;
  std::string region;
};
[[nodiscard]] inline Scope scope_of(const api::Call& call) {
  return {.account = call.account(), .region = call.region()};
}

/// kValidation unless `arn` names an AgentCore resource of that account and region; kNotFound unless it exists.
[[nodiscard]] Result<> require(store::Reader& reader, const Scope& scope, std::string_view arn);

}  // namespace warifu::services::memory::resources
