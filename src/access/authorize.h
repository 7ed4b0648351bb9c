#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "access/subject.h"
#include "base/result.h"
#include "policy/context.h"
#include "policy/decide.h"
#include "policy/evidence.h"
#include "store/store.h"

namespace warifu::access {

/// One (action, resource) pair that a request needs.
struct Ask {
  std::string_view action;            // `bedrock-agentcore:ListEvents`
  std::string_view resource;          // ARN, or `*`
  std::string_view resource_account;  // twelve digits (for `*`: the caller's), or `aws`
  bool trust = false;                 // the role's trust policy decides (sts:AssumeRole and its kin)
  bool keep_evidence = false;         // keep it of an allow too: somebody asks why
};

/// The answer, with the sentence for the caller.
struct Outcome {
  policy::Decision decision;
  std::string message;  // AWS's sentence when denied; empty when allowed
  /// What it was made of: of every denial, and of an allow where the Ask wants it. Else nullptr.
  std::shared_ptr<const policy::Evidence> evidence{};
};

/// Adds the request's own keys (network, time, operation) to the context of one decision.
using ContextFill = std::function<void(policy::Context&)>;

/// Decides one Ask: gathers the resource's policy and tags in `reader`'s snapshot, adds the principal's keys and
/// `fill`'s, and lets `policy::decide` combine the layers. Errors are the store's, or kInternal for a stored policy
/// that cannot be read: never an allow.
[[nodiscard]] Result<Outcome> authorize(store::Reader& reader, const Subject& subject, const Ask& ask,
                                        const ContextFill& fill);

/// Keys of the principal (facts: global condition keys): PrincipalArn, PrincipalAccount, PrincipalType, PrincipalTag,
/// userid, username, TokenIssueTime, MultiFactorAuthPresent, SourceIdentity.
void add_principal_keys(policy::Context& context, const Subject& subject);

/// A refusal with that sentence, as the Error that the wire answers 403 for.
[[nodiscard]] inline Error access_denied(std::string message) {
  return {.code = ErrorCode::kAccessDenied, .message = std::move(message), .aws_name = {}, .reason = {}, .fields = {}};
}

/// Which policy a denial names. `kAws` differs in the one case where AWS was seen to mislead: across accounts, a call
/// of an AgentCore runtime that only the caller's identity policy lacks is blamed on the resource-based policy.
enum class DenialWording : std::uint8_t { kTruthful, kAws };

/// AWS's sentence for a denial, byte for byte (troubleshooting guide, "access denied error messages").
[[nodiscard]] std::string denial_message(std::string_view principal_arn, const Ask& ask,
                                         const policy::Decision& decision,
                                         DenialWording wording = DenialWording::kTruthful);

/// The question as it was put, owned, with names for its policies. `owners`: the resource account's place in its
/// organization; nullptr where it was not asked for.
[[nodiscard]] policy::Evidence evidence_of(const Subject& subject, const Ask& ask, const PlacePointer& owners,
                                           std::span<const policy::Layer> layers, const policy::Request& request);

}  // namespace warifu::access
