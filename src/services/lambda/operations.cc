#include "services/lambda/operations.h"

namespace warifu::services::lambda {
namespace {

/// Binds a handler that needs what they share.
template <class Input, class Output>
void bind_with(api::Registry& registry, const wire::TypedOperation<Input, Output>& operation, Service& service,
               Task<Result<Output>> (*handler)(api::Call&, Service&, Input)) {
  registry.bind(operation,
                [handler, &service](api::Call& call, Input input) { return handler(call, service, std::move(input)); });
}

}  // namespace

void bind(api::Registry& registry, Service& service) {
  namespace ops = m::ops;
  bind_with(registry, ops::kCreateFunction, service, create_function);
  bind_with(registry, ops::kGetFunction, service, get_function);
  bind_with(registry, ops::kGetFunctionConfiguration, service, get_function_configuration);
  registry.bind(ops::kListFunctions, list_functions);
  bind_with(registry, ops::kUpdateFunctionCode, service, update_function_code);
  bind_with(registry, ops::kUpdateFunctionConfiguration, service, update_function_configuration);
  bind_with(registry, ops::kDeleteFunction, service, delete_function);
  registry.bind(ops::kPublishVersion, publish_version);
  registry.bind(ops::kListVersionsByFunction, list_versions);

  registry.bind(ops::kCreateAlias, create_alias);
  registry.bind(ops::kGetAlias, get_alias);
  registry.bind(ops::kListAliases, list_aliases);
  registry.bind(ops::kUpdateAlias, update_alias);
  registry.bind(ops::kDeleteAlias, delete_alias);

  registry.bind(ops::kAddPermission, add_permission);
  registry.bind(ops::kRemovePermission, remove_permission);
  registry.bind(ops::kGetPolicy, get_policy);

  bind_with(registry, ops::kInvoke, service, invoke);

  registry.bind(ops::kTagResource, tag_resource);
  registry.bind(ops::kUntagResource, untag_resource);
  registry.bind(ops::kListTags, list_tags);
  registry.bind(ops::kPutFunctionConcurrency, put_concurrency);
  registry.bind(ops::kGetFunctionConcurrency, get_concurrency);
  registry.bind(ops::kDeleteFunctionConcurrency, delete_concurrency);
  registry.bind(ops::kGetAccountSettings, get_account_settings);

  bind_with(registry, ops::kPublishLayerVersion, service, publish_layer_version);
  registry.bind(ops::kGetLayerVersion, get_layer_version);
  registry.bind(ops::kGetLayerVersionByArn, get_layer_version_by_arn);
  registry.bind(ops::kListLayers, list_layers);
  registry.bind(ops::kListLayerVersions, list_layer_versions);
  bind_with(registry, ops::kDeleteLayerVersion, service, delete_layer_version);
  registry.bind(ops::kAddLayerVersionPermission, add_layer_permission);
  registry.bind(ops::kRemoveLayerVersionPermission, remove_layer_permission);
  registry.bind(ops::kGetLayerVersionPolicy, get_layer_policy);
}

}  // namespace warifu::services::lambda
