#include <fmt/format.h>

#include "api/function_names.h"
#include "identity/tags.h"
#include "services/lambda/configuration.h"
#include "services/lambda/errors.h"
#include "services/lambda/limits.h"
#include "services/lambda/operations.h"
#include "services/lambda/publishing.h"

namespace warifu::services::lambda {
namespace {

Result<FunctionRef> new_function(const api::Call& call, const m::CreateFunctionInput& input) {
  FunctionRef ref = TRY(FunctionRef::of(call));
  if (ref.owner != call.account()) {
    return fail(invalid_parameter("Cross-account function creation is not supported: name the function alone"));
  }
  const auto named = api::FunctionName::parse(input.function_name);
  if (!named || !named->qualifier.empty()) {
    return fail(invalid_parameter("The function name cannot contain a version or alias."));
  }
  if (ref.name.size() > kFunctionNameCharsMax) {
    return fail(validation_error(fmt::format(
        "1 validation error detected: Value '{}' at 'functionName' failed to satisfy constraint: Member must have "
        "length less than or equal to {}",
        ref.name, kFunctionNameCharsMax)));
  }
  return ref;
}

m::FunctionConfiguration first_configuration(const FunctionRef& ref, const m::CreateFunctionInput& input) {
  m::FunctionConfiguration config;
  config.function_name = ref.name;
  config.function_arn = ref.arn();
  config.role = input.role;
  config.description = "";
  config.timeout = kTimeoutDefault;
  config.memory_size = kMemoryDefault;
  config.version = kLatest;
  config.tracing_config = m::TracingConfigResponse{.mode = "PassThrough"};
  config.package_type = "Zip";
  config.architectures = input.architectures.value_or(std::vector<std::string>{"x86_64"});
  config.ephemeral_storage = m::EphemeralStorage{.size = kTmpDefault};
  config.snap_start = m::SnapStartResponse{.apply_on = "None", .optimization_status = "Off"};
  config.logging_config = m::LoggingConfig{.log_format = "Text", .log_group = "/aws/lambda/" + ref.name};
  config.state = "Active";
  config.last_update_status = "Successful";
  return config;
}

Result<> require_absent(store::Reader& reader, const FunctionRef& ref) {
  const auto present = TRY(rows::find_version(reader, ref, kLatest));
  return present ? fail(function_exists(ref.name)) : Result<>{};
}

}  // namespace

Task<Result<m::CreateFunctionOutput>> create_function(api::Call& call, Service& service, m::CreateFunctionInput input) {
  FunctionRef ref = CO_TRY(new_function(call, input));
  CO_TRY(refuse_unsupported(input));
  FunctionRow row{.config = first_configuration(ref, input)};
  CO_TRY(apply_settings({.runtime = input.runtime,
                         .handler = input.handler,
                         .description = input.description,
                         .timeout = input.timeout,
                         .memory_size = input.memory_size,
                         .environment = input.environment,
                         .tracing_config = input.tracing_config,
                         .ephemeral_storage = input.ephemeral_storage,
                         .logging_config = input.logging_config},
                        row.config));
  CO_TRY(check_complete(row.config));
  identity::Tags tags = CO_TRY(tags_from(input.tags.value_or(std::map<std::string, std::string>{})));
  CO_TRY(call.db().read([&](store::Reader& reader) { return require_absent(reader, ref); }));
  CO_TRY(co_await service.check_role(ref, input.role));
  if (input.layers) row.config.layers = CO_TRY(co_await resolve_layers(call, *input.layers, ref));

  const Uploaded uploaded = CO_TRY(co_await upload(call, service, ref.owner,
                                                   {.zip_file = std::move(input.code.zip_file),
                                                    .s3_bucket = input.code.s3_bucket,
                                                    .s3_key = input.code.s3_key,
                                                    .s3_object_version = input.code.s3_object_version,
                                                    .image_uri = input.code.image_uri}));
  row.code_id = uploaded.code_id;
  row.config.code_sha256 = uploaded.sha256;
  row.config.code_size = uploaded.bytes;
  touch(row.config, call.random(), call.now());
  const std::string version_revision = call.random().uuid();
  const auto body = [ref, row, tags, version_revision,
                     publish = input.publish.value_or(false)](store::Txn& txn) -> Result<m::FunctionConfiguration> {
    TRY(require_absent(txn, ref));
    TRY(code::adopt(txn, ref.owner, row.code_id));
    if (!tags.empty()) TRY(identity::put_tags(txn, ref.owner, ref.arn(), tags));
    FunctionRow latest = row;
    if (publish) return publishing::publish(txn, ref, latest, std::nullopt, version_revision);
    TRY(rows::put(txn, ref, latest));
    return latest.config;
  };
  auto made = co_await call.db().write(body);
  // What was not adopted is erased here, or at the next start.
  if (!made) (void)co_await service.code().erase(ref.owner, row.code_id);
  co_return made;
}

}  // namespace warifu::services::lambda
