#pragma once

#include "api/registry.h"
#include "gen/lambda/aliases.h"
#include "gen/lambda/functions.h"
#include "gen/lambda/invocations.h"
#include "gen/lambda/layers.h"
#include "gen/lambda/permissions.h"
#include "gen/lambda/settings.h"
#include "services/lambda/service.h"

/// The operations of AWS Lambda. Each handler is called with a Call that its permissions have passed.
namespace warifu::services::lambda {

/// Binds all of them. `service` must outlive the registry's calls.
void bind(api::Registry& registry, Service& service);

[[nodiscard]] Task<Result<m::CreateFunctionOutput>> create_function(api::Call& call, Service& service,
                                                                    m::CreateFunctionInput input);
[[nodiscard]] Task<Result<m::GetFunctionOutput>> get_function(api::Call& call, Service& service,
                                                              m::GetFunctionInput input);
[[nodiscard]] Task<Result<m::GetFunctionConfigurationOutput>> get_function_configuration(
    api::Call& call, Service& service, m::GetFunctionConfigurationInput input);
[[nodiscard]] Task<Result<m::ListFunctionsOutput>> list_functions(api::Call& call, m::ListFunctionsInput input);
[[nodiscard]] Task<Result<m::UpdateFunctionCodeOutput>> update_function_code(api::Call& call, Service& service,
                                                                             m::UpdateFunctionCodeInput input);
[[nodiscard]] Task<Result<m::UpdateFunctionConfigurationOutput>> update_function_configuration(
    api::Call& call, Service& service, m::UpdateFunctionConfigurationInput input);
[[nodiscard]] Task<Result<m::DeleteFunctionOutput>> delete_function(api::Call& call, Service& service,
                                                                    m::DeleteFunctionInput input);
[[nodiscard]] Task<Result<m::PublishVersionOutput>> publish_version(api::Call& call, m::PublishVersionInput input);
[[nodiscard]] Task<Result<m::ListVersionsByFunctionOutput>> list_versions(api::Call& call,
                                                                          m::ListVersionsByFunctionInput input);

[[nodiscard]] Task<Result<m::CreateAliasOutput>> create_alias(api::Call& call, m::CreateAliasInput input);
[[nodiscard]] Task<Result<m::GetAliasOutput>> get_alias(api::Call& call, m::GetAliasInput input);
[[nodiscard]] Task<Result<m::ListAliasesOutput>> list_aliases(api::Call& call, m::ListAliasesInput input);
[[nodiscard]] Task<Result<m::UpdateAliasOutput>> update_alias(api::Call& call, m::UpdateAliasInput input);
[[nodiscard]] Task<Result<m::DeleteAliasOutput>> delete_alias(api::Call& call, m::DeleteAliasInput input);

[[nodiscard]] Task<Result<m::AddPermissionOutput>> add_permission(api::Call& call, m::AddPermissionInput input);
[[nodiscard]] Task<Result<m::RemovePermissionOutput>> remove_permission(api::Call& call,
                                                                        m::RemovePermissionInput input);
[[nodiscard]] Task<Result<m::GetPolicyOutput>> get_policy(api::Call& call, m::GetPolicyInput input);

[[nodiscard]] Task<Result<m::InvokeOutput>> invoke(api::Call& call, Service& service, m::InvokeInput input);

[[nodiscard]] Task<Result<m::TagResourceOutput>> tag_resource(api::Call& call, m::TagResourceInput input);
[[nodiscard]] Task<Result<m::UntagResourceOutput>> untag_resource(api::Call& call, m::UntagResourceInput input);
[[nodiscard]] Task<Result<m::ListTagsOutput>> list_tags(api::Call& call, m::ListTagsInput input);
[[nodiscard]] Task<Result<m::PutFunctionConcurrencyOutput>> put_concurrency(api::Call& call,
                                                                            m::PutFunctionConcurrencyInput input);
[[nodiscard]] Task<Result<m::GetFunctionConcurrencyOutput>> get_concurrency(api::Call& call,
                                                                            m::GetFunctionConcurrencyInput input);
[[nodiscard]] Task<Result<m::DeleteFunctionConcurrencyOutput>> delete_concurrency(
    api::Call& call, m::DeleteFunctionConcurrencyInput input);
[[nodiscard]] Task<Result<m::GetAccountSettingsOutput>> get_account_settings(api::Call& call,
                                                                             m::GetAccountSettingsInput input);

[[nodiscard]] Task<Result<m::PublishLayerVersionOutput>> publish_layer_version(api::Call& call, Service& service,
                                                                               m::PublishLayerVersionInput input);
[[nodiscard]] Task<Result<m::GetLayerVersionOutput>> get_layer_version(api::Call& call, m::GetLayerVersionInput input);
[[nodiscard]] Task<Result<m::GetLayerVersionByArnOutput>> get_layer_version_by_arn(api::Call& call,
                                                                                   m::GetLayerVersionByArnInput input);
[[nodiscard]] Task<Result<m::ListLayersOutput>> list_layers(api::Call& call, m::ListLayersInput input);
[[nodiscard]] Task<Result<m::ListLayerVersionsOutput>> list_layer_versions(api::Call& call,
                                                                           m::ListLayerVersionsInput input);
[[nodiscard]] Task<Result<m::DeleteLayerVersionOutput>> delete_layer_version(api::Call& call, Service& service,
                                                                             m::DeleteLayerVersionInput input);
[[nodiscard]] Task<Result<m::AddLayerVersionPermissionOutput>> add_layer_permission(
    api::Call& call, m::AddLayerVersionPermissionInput input);
[[nodiscard]] Task<Result<m::RemoveLayerVersionPermissionOutput>> remove_layer_permission(
    api::Call& call, m::RemoveLayerVersionPermissionInput input);
[[nodiscard]] Task<Result<m::GetLayerVersionPolicyOutput>> get_layer_policy(api::Call& call,
                                                                            m::GetLayerVersionPolicyInput input);

}  // namespace warifu::services::lambda
