#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/principal.h"
#include "access/session_token.h"
#include "api/call.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/task.h"
#include "wire/operation.h"

/// Calls between services: through the other service's operations, as a principal, with the same authorization and
/// audit as a caller from outside. There is no other way from one service to another.
namespace warifu::api {

/// As whom a service calls another.
struct As {
  access::Principal principal;
  /// Forward access: the services that the caller's request has come through, first to last (`aws:CalledVia`), the one
  /// that calls now included. Empty: the principal itself calls, and the via keys are absent.
  std::vector<std::string> via{};
};

/// The caller of `call`, forwarded by `service` (`bedrock-agentcore.amazonaws.com`): its own permissions decide, and
/// `aws:ViaAWSService` is true. Source: IAM user guide, "Forward access sessions".
[[nodiscard]] As forwarded(const Call& call, std::string_view service);

/// The service itself, on behalf of `source_arn` of `source_account`: `aws:SourceArn` and `aws:SourceAccount` are set,
/// and resource policies that name the service decide.
[[nodiscard]] As as_service(std::string_view service, std::string_view source_arn, const AccountId& source_account);

/// A role's session (RoleSession::principal), as if it had signed the request itself.
[[nodiscard]] As as_session(const access::Principal& session);

/// Where in-process calls go. Implemented by the Pipeline; outlives its calls. Thread-safe.
class Client {
 public:
  virtual ~Client() = default;

  /// Calls `typed` in `region`. Fails with what a caller from outside would get: kAccessDenied with the sentence, the
  /// operation's own errors, kUnsupported where it has no handler. The input is not validated against the model's
  /// bounds: what comes from outside has been, by the operation that it came with.
  template <class Input, class Output>
  Task<Result<Output>> invoke(const wire::TypedOperation<Input, Output>& typed, Input input, As as,
                              std::string region) const {
    Output output;
    const Result<> done = co_await invoke_erased(*typed.operation, &input, &output, std::move(as), std::move(region));
    if (!done) co_return std::unexpected(done.error());
    co_return output;
  }

 private:
  virtual Task<Result<>> invoke_erased(const wire::Operation& operation, void* input, void* output, As as,
                                       std::string region) const = 0;
};

/// A role's session that a service holds: whom it is, and what a process that runs under it signs with.
struct RoleSession {
  access::Principal principal;
  access::TemporaryCredentials credentials;
};

/// What a service asks sts:AssumeRole.
struct RoleRequest {
  std::string role_arn;
  std::string session_name;
  As as;  // as_service(…): the role's trust policy decides
  std::string region;
  std::int32_t duration_seconds = 3600;
};

/// Assumes a role through sts:AssumeRole. kAccessDenied where the role's trust policy does not let `as` in, or the role
/// does not exist.
[[nodiscard]] Task<Result<RoleSession>> assume_role(const Client& client, const Environment& environment,
                                                    RoleRequest request);

}  // namespace warifu::api
