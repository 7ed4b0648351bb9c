#pragma once

#include "api/call.h"
#include "gen/sts/information.h"
#include "gen/sts/sessions.h"

namespace warifu::services::sts {

/// GetCallerIdentity: needs no permission, and works even under an explicit deny.
Task<Result<model::sts::GetCallerIdentityOutput>> get_caller_identity(api::Call& call,
                                                                      model::sts::GetCallerIdentityInput input);
/// GetSessionToken: the caller's own rights for a while; 15 minutes to 36 hours, for root at most an hour.
Task<Result<model::sts::GetSessionTokenOutput>> get_session_token(api::Call& call,
                                                                  model::sts::GetSessionTokenInput input);
/// GetFederationToken: what the calling user and the session policies have in common; nothing without policies.
Task<Result<model::sts::GetFederationTokenOutput>> get_federation_token(api::Call& call,
                                                                        model::sts::GetFederationTokenInput input);
/// GetAccessKeyInfo: the account that a key id belongs to.
Task<Result<model::sts::GetAccessKeyInfoOutput>> get_access_key_info(api::Call& call,
                                                                     model::sts::GetAccessKeyInfoInput input);
/// DecodeAuthorizationMessage: opens what this server sealed for the caller's account; nothing else can be opened.
Task<Result<model::sts::DecodeAuthorizationMessageOutput>> decode_authorization_message(
    api::Call& call, model::sts::DecodeAuthorizationMessageInput input);

}  // namespace warifu::services::sts
