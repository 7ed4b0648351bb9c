#pragma once

#include <functional>
#include <string_view>

#include "access/authorize.h"
#include "api/call.h"
#include "audit/denials.h"
#include "base/result.h"
#include "wire/operation.h"

/// What becomes of a refusal on its way to the caller.
namespace warifu::api {

struct DenialOptions {
  access::DenialWording wording = access::DenialWording::kTruthful;
  /// Append ` Encoded authorization failure message: …`, which sts:DecodeAuthorizationMessage opens for the caller's
  /// account alone.
  bool encoded = false;
  /// Given every denial that policies decided, on the request's thread: must not block.
  std::function<void(audit::Denial)> keep{};
};

/// The purpose under which encoded messages are sealed; the account's number follows.
inline constexpr std::string_view kEncodedDenialPurpose = "authorization-message/";

/// The Error that the caller of `operation` of the service signed as `service` gets for `outcome`, a denial. Keeps the
/// denial. An operation that explains denials answers as if the one that was asked for did not exist.
[[nodiscard]] Error denied(const Environment& environment, const DenialOptions& options, const Call& call,
                           std::string_view service, std::string_view operation, const access::Ask& ask,
                           const access::Outcome& outcome);

/// What a request id that nobody was denied under, or that does not concern the asker, is answered with.
[[nodiscard]] Error no_such_denial();

/// Whether the operation manages the server: for principals of the management account only.
[[nodiscard]] bool for_management_alone(const wire::Operation& operation);

}  // namespace warifu::api
