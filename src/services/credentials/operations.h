#pragma once

#include <memory>

#include "api/registry.h"
#include "api/resource_kinds.h"
#include "gen/agentcore/credential_providers.h"
#include "gen/agentcore/resource_tokens.h"
#include "gen/agentcore/workload_identities.h"
#include "services/credentials/tokens.h"

/// AgentCore Identity: credential providers, workload identities, the token vault, and the secrets that workloads get.
namespace warifu::services::credentials {

namespace m = model::agentcore;

/// Binds every handler below. Call once, before the server serves. `tokens` outlives all calls.
void bind(api::Registry& registry, Tokens& tokens);

/// What tags may hang on: providers and workload identities.
[[nodiscard]] api::ResourceKinds resource_kinds();

// api_key_operations.cc
Task<Result<m::CreateApiKeyCredentialProviderOutput>> create_api_key(api::Call& call,
                                                                     m::CreateApiKeyCredentialProviderInput input);
Task<Result<m::GetApiKeyCredentialProviderOutput>> get_api_key(api::Call& call,
                                                               m::GetApiKeyCredentialProviderInput input);
Task<Result<m::ListApiKeyCredentialProvidersOutput>> list_api_keys(api::Call& call,
                                                                   m::ListApiKeyCredentialProvidersInput input);
Task<Result<m::UpdateApiKeyCredentialProviderOutput>> update_api_key(api::Call& call,
                                                                     m::UpdateApiKeyCredentialProviderInput input);
Task<Result<m::DeleteApiKeyCredentialProviderOutput>> delete_api_key(api::Call& call,
                                                                     m::DeleteApiKeyCredentialProviderInput input);

// oauth2_operations.cc
Task<Result<m::CreateOauth2CredentialProviderOutput>> create_oauth2(api::Call& call,
                                                                    m::CreateOauth2CredentialProviderInput input);
Task<Result<m::GetOauth2CredentialProviderOutput>> get_oauth2(api::Call& call,
                                                              m::GetOauth2CredentialProviderInput input);
Task<Result<m::ListOauth2CredentialProvidersOutput>> list_oauth2(api::Call& call,
                                                                 m::ListOauth2CredentialProvidersInput input);
Task<Result<m::UpdateOauth2CredentialProviderOutput>> update_oauth2(api::Call& call,
                                                                    m::UpdateOauth2CredentialProviderInput input);
Task<Result<m::DeleteOauth2CredentialProviderOutput>> delete_oauth2(api::Call& call,
                                                                    m::DeleteOauth2CredentialProviderInput input);

// workload_operations.cc
Task<Result<m::CreateWorkloadIdentityOutput>> create_workload(api::Call& call, m::CreateWorkloadIdentityInput input);
Task<Result<m::GetWorkloadIdentityOutput>> get_workload(api::Call& call, m::GetWorkloadIdentityInput input);
Task<Result<m::ListWorkloadIdentitiesOutput>> list_workloads(api::Call& call, m::ListWorkloadIdentitiesInput input);
Task<Result<m::UpdateWorkloadIdentityOutput>> update_workload(api::Call& call, m::UpdateWorkloadIdentityInput input);
Task<Result<m::DeleteWorkloadIdentityOutput>> delete_workload(api::Call& call, m::DeleteWorkloadIdentityInput input);
Task<Result<m::GetTokenVaultOutput>> get_token_vault(api::Call& call, m::GetTokenVaultInput input);
Task<Result<m::SetTokenVaultCMKOutput>> set_token_vault_cmk(api::Call& call, m::SetTokenVaultCMKInput input);

// resource_token_operations.cc
Task<Result<m::GetWorkloadAccessTokenOutput>> get_workload_token(api::Call& call, m::GetWorkloadAccessTokenInput input);
Task<Result<m::GetWorkloadAccessTokenForJWTOutput>> get_workload_token_for_jwt(
    api::Call& call, m::GetWorkloadAccessTokenForJWTInput input, Tokens& tokens);
Task<Result<m::GetWorkloadAccessTokenForUserIdOutput>> get_workload_token_for_user(
    api::Call& call, m::GetWorkloadAccessTokenForUserIdInput input);
Task<Result<m::GetResourceApiKeyOutput>> get_resource_api_key(api::Call& call, m::GetResourceApiKeyInput input);
Task<Result<m::GetResourceOauth2TokenOutput>> get_resource_oauth2_token(api::Call& call,
                                                                        m::GetResourceOauth2TokenInput input,
                                                                        Tokens& tokens);
Task<Result<m::CompleteResourceTokenAuthOutput>> complete_resource_token_auth(api::Call& call,
                                                                              m::CompleteResourceTokenAuthInput input);

}  // namespace warifu::services::credentials
