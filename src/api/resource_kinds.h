#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/document.h"
#include "store/store.h"

namespace warifu::api {

/// A kind of AgentCore resource that tags, and perhaps a resource policy, can hang on, told by the service that keeps
/// such resources: whoever serves the operations on tags and policies knows no service. Immutable; process lifetime.
struct ResourceKind {
  std::string_view prefix;  // of the resource part of its ARNs, to its last slash: `gateway/`
  /// The actions that a policy on it may speak of; empty: it takes no resource policy.
  std::span<const std::string_view> policy_actions{};
  /// Whether the resource is there. The ARN has been parsed; its account and region are the caller's.
  std::function<Result<bool>(store::Reader& reader, std::string_view arn)> exists;
  /// What a policy must be beyond the rules that all share, kValidation; may be empty. REQUIRES: the resource exists.
  std::function<Result<>(store::Reader& reader, std::string_view arn, const policy::Policy& policy)> check_policy{};
};

/// Kinds of several services.
using ResourceKinds = std::vector<ResourceKind>;

}  // namespace warifu::api
