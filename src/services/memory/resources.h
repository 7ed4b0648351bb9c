#pragma once

#include <string>
#include <string_view>

#include "api/call.h"
#include "api/resource_kinds.h"
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

/// The kind of `arn`. kValidation unless it names an AgentCore resource of that account and region; kNotFound unless it
/// is of one of `kinds`, and exists.
[[nodiscard]] Result<const api::ResourceKind*> require(store::Reader& reader, const Scope& scope, std::string_view arn,
                                                       const api::ResourceKinds& kinds);

/// Memories, as a kind.
[[nodiscard]] api::ResourceKind memory_kind();

}  // namespace warifu::services::memory::resources
