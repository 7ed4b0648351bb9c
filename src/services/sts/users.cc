#include "services/sts/users.h"

#include "access/authorize.h"
#include "access/session_token.h"
#include "identity/access_keys.h"
#include "identity/types.h"
#include "services/sts/roles.h"
#include "services/sts/sessions.h"

namespace warifu::services::sts {
namespace {

namespace shapes = model::sts;
using access::access_denied;

access::Session lasting(std::int64_t seconds, Timestamp now) {
  access::Session session;
  session.issued = now;
  session.expires = now.plus_seconds(seconds);
  return session;
}

Result<access::Principal> federated_user(store::Reader& reader, const api::Call& call,
                                         const shapes::GetFederationTokenInput& input) {
  const access::Principal& caller = call.principal();
  access::Session session = lasting(input.duration_seconds.value_or(kSessionTokenSecondsDefault), call.now());
  SessionPolicies policies = TRY(session_policies(reader, caller.account, input.policy, input.policy_arns));
  SessionTags tags = TRY(session_tags(caller, input.tags, std::nullopt));
  session.name = input.name;
  session.inline_policies = std::move(policies.inline_documents);
  session.policy_arns = std::move(policies.arns);
  session.tags = std::move(tags.tags);
  return access::Principal{.kind = access::PrincipalKind::kFederatedUser,
                           .account = caller.account,
                           .arn = identity::federated_user_arn(caller.account, input.name),
                           .identity_arn = caller.identity_arn,
                           .unique_id = caller.unique_id,
                           .user_id = caller.account.str() + ":" + input.name,
                           .name = input.name,
                           .access_key_id = {},
                           .session = std::move(session),
                           .service = {}};
}

}  // namespace

Task<Result<shapes::GetCallerIdentityOutput>> get_caller_identity(api::Call& call, shapes::GetCallerIdentityInput) {
  const access::Principal& caller = call.principal();
  co_return shapes::GetCallerIdentityOutput{
      .user_id = caller.user_id, .account = caller.account.str(), .arn = caller.arn};
}

Task<Result<shapes::GetSessionTokenOutput>> get_session_token(api::Call& call, shapes::GetSessionTokenInput input) {
  if (input.serial_number || input.token_code) {
    co_return fail(access_denied("MultiFactorAuthentication failed with invalid MFA one time pass code. "));
  }
  access::Principal principal = call.principal();
  const bool root = principal.kind == access::PrincipalKind::kRoot;
  const std::int64_t most = root ? kRootSessionSecondsMax : std::int64_t{129'600};
  const std::int64_t asked = input.duration_seconds.value_or(kSessionTokenSecondsDefault);
  principal.session = lasting(std::min(asked, most), call.now());
  shapes::GetSessionTokenOutput output;
  output.credentials = credentials_of(principal, call);
  co_return output;
}

Task<Result<shapes::GetFederationTokenOutput>> get_federation_token(api::Call& call,
                                                                    shapes::GetFederationTokenInput input) {
  if (call.principal().kind != access::PrincipalKind::kUser) {
    co_return fail(access_denied("GetFederationToken is for IAM users: call it with a user's own access key"));
  }
  const auto principal = call.db().read([&](store::Reader& reader) { return federated_user(reader, call, input); });
  if (!principal) co_return fail(principal.error());
  shapes::GetFederationTokenOutput output;
  output.credentials = credentials_of(*principal, call);
  output.federated_user = shapes::FederatedUser{.federated_user_id = principal->user_id, .arn = principal->arn};
  output.packed_policy_size = packed_policy_size(*principal->session);
  co_return output;
}

Task<Result<shapes::GetAccessKeyInfoOutput>> get_access_key_info(api::Call& call, shapes::GetAccessKeyInfoInput input) {
  shapes::GetAccessKeyInfoOutput output;
  if (const auto account = access::account_of_temporary_key(input.access_key_id)) {
    output.account = account->str();
    co_return output;
  }
  const auto id = AccessKeyId::parse(input.access_key_id);
  const auto found = call.db().read([&](store::Reader& reader) -> Result<std::optional<identity::FoundKey>> {
    if (!id) return std::optional<identity::FoundKey>{};
    return identity::find_access_key(reader, *id);
  });
  if (!found) co_return fail(found.error());
  if (!*found) co_return fail(validation_error("the access key id is not one of this server's"));
  output.account = (*found)->account.str();
  co_return output;
}

Task<Result<shapes::DecodeAuthorizationMessageOutput>> decode_authorization_message(
    api::Call& call, shapes::DecodeAuthorizationMessageInput input) {
  const auto opened =
      call.environment().sealer.open("authorization-message/" + call.account().str(), input.encoded_message);
  if (!opened) {
    co_return fail({.code = ErrorCode::kValidation,
                    .message = "the encoded message is not one that this server made for your account",
                    .aws_name = "InvalidAuthorizationMessageException",
                    .reason = {},
                    .fields = {}});
  }
  co_return shapes::DecodeAuthorizationMessageOutput{.decoded_message = *opened};
}

}  // namespace warifu::services::sts
