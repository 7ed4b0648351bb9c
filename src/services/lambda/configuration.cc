#include "services/lambda/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "access/authorize.h"
#include "api/client.h"
#include "base/encoding.h"
#include "base/hop.h"
#include "crypto/hash.h"
#include "gen/s3/objects.h"
#include "services/lambda/code.h"
#include "services/lambda/errors.h"
#include "services/lambda/limits.h"

namespace warifu::services::lambda {
namespace {

namespace s3 = model::s3;

constexpr std::string_view kPrincipal = "lambda.amazonaws.com";
/// What Lambda sets itself (developer guide, "Reserved environment variables").
constexpr std::array<std::string_view, 19> kReserved{"_HANDLER",
                                                     "_X_AMZN_TRACE_ID",
                                                     "AWS_DEFAULT_REGION",
                                                     "AWS_REGION",
                                                     "AWS_EXECUTION_ENV",
                                                     "AWS_LAMBDA_FUNCTION_NAME",
                                                     "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                                                     "AWS_LAMBDA_FUNCTION_VERSION",
                                                     "AWS_LAMBDA_INITIALIZATION_TYPE",
                                                     "AWS_LAMBDA_LOG_GROUP_NAME",
                                                     "AWS_LAMBDA_LOG_STREAM_NAME",
                                                     "AWS_ACCESS_KEY",
                                                     "AWS_ACCESS_KEY_ID",
                                                     "AWS_SECRET_ACCESS_KEY",
                                                     "AWS_SESSION_TOKEN",
                                                     "AWS_SECURITY_TOKEN",
                                                     "AWS_LAMBDA_RUNTIME_API",
                                                     "LAMBDA_TASK_ROOT",
                                                     "LAMBDA_RUNTIME_DIR"};

bool has_vpc(const std::optional<m::VpcConfig>& vpc) {
  return vpc && ((vpc->subnet_ids && !vpc->subnet_ids->empty()) ||
                 (vpc->security_group_ids && !vpc->security_group_ids->empty()));
}

template <class Input>
Result<> refuse_common(const Input& input) {
  if (input.kms_key_arn && !input.kms_key_arn->empty()) return fail(unsupported_parameter("KMSKeyArn"));
  if (has_vpc(input.vpc_config)) return fail(unsupported_parameter("VpcConfig"));
  if (input.file_system_configs && !input.file_system_configs->empty()) {
    return fail(unsupported_parameter("FileSystemConfigs"));
  }
  if (input.dead_letter_config && input.dead_letter_config->target_arn &&
      !input.dead_letter_config->target_arn->empty()) {
    return fail(unsupported_parameter("DeadLetterConfig"));
  }
  if (input.image_config) return fail(unsupported_parameter("ImageConfig"));
  if (input.snap_start && input.snap_start->apply_on.value_or("None") != "None") {
    return fail(unsupported_parameter("SnapStart"));
  }
  if (input.capacity_provider_config) return fail(unsupported_parameter("CapacityProviderConfig"));
  if (input.durable_config) return fail(unsupported_parameter("DurableConfig"));
  if (input.runtime_config) return fail(unsupported_parameter("RuntimeConfig"));
  if (input.accelerator_config) return fail(unsupported_parameter("AcceleratorConfig"));
  if (input.logging_config && input.logging_config->log_format.value_or("Text") != "Text") {
    return fail(unsupported_parameter("LoggingConfig.LogFormat JSON"));
  }
  return {};
}

Result<> check_environment(const std::map<std::string, std::string>& variables) {
  std::string reserved;
  std::size_t bytes = 0;
  for (const auto& [name, value] : variables) {
    bytes += name.size() + value.size();
    if (name.find('\0') != std::string::npos || value.find('\0') != std::string::npos) {
      return fail(invalid_parameter("environment variables cannot hold zero bytes"));
    }
    if (std::ranges::find(kReserved, name) == kReserved.end()) continue;
    reserved.append(reserved.empty() ? "" : ", ").append(name);
  }
  constexpr std::string_view kUnable =
      "Lambda was unable to configure your environment variables because the environment variables you have provided";
  if (!reserved.empty()) {
    return fail(invalid_parameter(
        fmt::format("{} contains reserved keys that are currently not supported for modification. Reserved keys used "
                    "in this request: {}",
                    kUnable, reserved)));
  }
  if (bytes > kEnvironmentBytesMax) {
    return fail(invalid_parameter(fmt::format("{} exceeded the 4KB limit. String measured: {} bytes", kUnable, bytes)));
  }
  return {};
}

/// S3's refusal as Lambda tells it.
Error refused_by_s3(const Error& error, const CodeSource& source) {
  if (error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kInternal) return error;
  if (error.code == ErrorCode::kAccessDenied) {
    return access::access_denied(
        fmt::format("Your access has been denied by S3, please make sure your request credentials have permission to "
                    "GetObject for {}/{}. S3 Error Code: AccessDenied. S3 Error Message: {}",
                    *source.s3_bucket, *source.s3_key, error.message));
  }
  return invalid_parameter(fmt::format("Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}",
                                       error.aws_name, error.message));
}

/// Read as the caller, whom the bucket must let in.
Task<Result<std::shared_ptr<const std::string>>> zip_in_s3(const api::Call& call, CodeSource source) {
  if (!source.s3_bucket || !source.s3_key) {
    co_return fail(invalid_parameter("Please provide both S3Bucket and S3Key as a source for function code."));
  }
  const api::Client* client = call.environment().client;
  if (client == nullptr) co_return fail(unavailable("the server is starting"));
  s3::GetObjectInput input;
  input.bucket = *source.s3_bucket;
  input.key = *source.s3_key;
  input.version_id = source.s3_object_version;
  auto object =
      co_await client->invoke(s3::ops::kGetObject, std::move(input), api::forwarded(call, kPrincipal), call.region());
  if (!object) co_return fail(refused_by_s3(object.error(), source));
  co_return std::make_shared<const std::string>(std::move(object->body).value_or(""));
}

}  // namespace

Result<> refuse_unsupported(const m::CreateFunctionInput& input) {
  if (input.package_type.value_or("Zip") != "Zip" || input.code.image_uri) {
    return fail(unsupported_parameter("PackageType Image"));
  }
  if (input.code.source_kms_key_arn && !input.code.source_kms_key_arn->empty()) {
    return fail(unsupported_parameter("SourceKMSKeyArn"));
  }
  if (input.code_signing_config_arn) return fail(unsupported_parameter("CodeSigningConfigArn"));
  if (input.tenancy_config) return fail(unsupported_parameter("TenancyConfig"));
  if (input.publish_to) return fail(unsupported_parameter("PublishTo"));
  return refuse_common(input);
}

Result<> refuse_unsupported(const m::UpdateFunctionConfigurationInput& input) { return refuse_common(input); }

Result<> apply_settings(const Settings& settings, m::FunctionConfiguration& config) {
  if (settings.timeout && *settings.timeout > kTimeoutMax) {
    return fail(at_most("timeout", *settings.timeout, kTimeoutMax));
  }
  if (settings.memory_size && *settings.memory_size > kMemoryMax) {
    return fail(at_most("memorySize", *settings.memory_size, kMemoryMax));
  }
  if (settings.ephemeral_storage && settings.ephemeral_storage->size > kTmpMax) {
    return fail(at_most("ephemeralStorage.size", settings.ephemeral_storage->size, kTmpMax));
  }
  if (settings.runtime) config.runtime = settings.runtime;
  if (settings.environment) {
    const auto variables = settings.environment->variables.value_or(std::map<std::string, std::string>{});
    TRY(check_environment(variables));
    config.environment.reset();
    if (!variables.empty()) config.environment = m::EnvironmentResponse{.variables = variables};
  }
  if (settings.handler) config.handler = settings.handler;
  if (settings.description) config.description = settings.description;
  if (settings.timeout) config.timeout = settings.timeout;
  if (settings.memory_size) config.memory_size = settings.memory_size;
  if (settings.ephemeral_storage) config.ephemeral_storage = settings.ephemeral_storage;
  if (settings.tracing_config) {
    config.tracing_config = m::TracingConfigResponse{.mode = settings.tracing_config->mode.value_or("PassThrough")};
  }
  if (settings.logging_config) {
    config.logging_config->log_format = "Text";
    if (settings.logging_config->log_group) config.logging_config->log_group = settings.logging_config->log_group;
  }
  return {};
}

Result<> check_complete(const m::FunctionConfiguration& config) {
  if (!config.runtime)
    return fail(invalid_parameter("Runtime is mandatory for functions created with deployment packages."));
  if (!config.handler || config.handler->empty()) {
    return fail(invalid_parameter("Handler is mandatory for functions created with deployment packages."));
  }
  return {};
}

std::string lambda_time(Timestamp time) {
  std::string text = iso8601_ms(time);
  text.pop_back();
  return text + "+0000";
}

void touch(m::FunctionConfiguration& config, Random& random, Timestamp now) {
  config.revision_id = random.uuid();
  config.last_modified = lambda_time(now);
}

Task<Result<std::vector<m::Layer>>> resolve_layers(api::Call& call, std::vector<std::string> arns, FunctionRef ref) {
  if (arns.size() > kLayersMax) {
    co_return fail(invalid_parameter(fmt::format("Cannot reference more than {} layers.", kLayersMax)));
  }
  std::vector<m::Layer> layers;
  std::set<std::string> names;
  for (const std::string& arn : arns) {
    const auto layer = LayerRef::parse(arn);
    if (!layer || layer->version == 0 || layer->region != ref.region) {
      co_return fail(invalid_parameter(fmt::format("Layer version {} does not exist.", arn)));
    }
    if (!names.insert(layer->arn()).second) {
      co_return fail(
          invalid_parameter("Two different versions of the same layer are not allowed to be referenced in "
                            "the same function."));
    }
    const auto found = co_await call.environment().client->invoke(m::ops::kGetLayerVersionByArn,
                                                                  m::GetLayerVersionByArnInput{.arn = arn},
                                                                  api::forwarded(call, kPrincipal), ref.region);
    if (!found && found.error().code == ErrorCode::kNotFound) {
      co_return fail(invalid_parameter(fmt::format("Layer version {} does not exist.", arn)));
    }
    if (!found) co_return fail(found.error());
    const std::int64_t bytes = found->content ? found->content->code_size.value_or(0) : 0;
    layers.push_back({.arn = arn, .code_size = bytes});
  }
  co_return layers;
}

Task<Result<std::shared_ptr<const std::string>>> zip_of(const api::Call& call, CodeSource source) {
  if (source.image_uri) co_return fail(unsupported_parameter("ImageUri"));
  if (source.zip_file && (source.s3_bucket || source.s3_key)) {
    co_return fail(invalid_parameter("Please do not provide other FunctionCode parameters when providing a ZipFile."));
  }
  if (source.s3_bucket || source.s3_key) co_return co_await zip_in_s3(call, std::move(source));
  if (!source.zip_file) co_return fail(invalid_parameter("Please provide a source for function code."));
  if (source.zip_file->empty()) co_return fail(invalid_parameter("ZipFile is empty."));
  co_return std::make_shared<const std::string>(std::move(*source.zip_file));
}

Task<Result<Uploaded>> examine(Service& service, std::shared_ptr<const std::string> zip) {
  co_return co_await on(service.workers(), [zip]() -> Result<Uploaded> {
    TRY(hosting::archive::check(*zip, code::kBounds));
    const crypto::Sha256 digest = crypto::sha256(std::string_view(*zip));
    const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
    return Uploaded{.code_id = {}, .sha256 = base64_encode(bytes), .bytes = static_cast<std::int64_t>(zip->size())};
  });
}

Task<Result<Uploaded>> upload(const api::Call& call, Service& service, AccountId owner, CodeSource source) {
  auto zip = CO_TRY(co_await zip_of(call, std::move(source)));
  Uploaded uploaded = CO_TRY(co_await examine(service, zip));
  uploaded.code_id = CO_TRY(co_await service.code().put(std::move(owner), std::move(zip)));
  co_return uploaded;
}

Result<identity::Tags> tags_from(const std::map<std::string, std::string>& tags) {
  identity::Tags out;
  for (const auto& [key, value] : tags) {
    if (key.empty() || key.size() > 128 || value.size() > 256 || iequals(std::string_view(key).substr(0, 4), "aws:")) {
      return fail(invalid_parameter(fmt::format("tag key `{}` is not allowed, or its value is too long", key)));
    }
    out.push_back({.key = key, .value = value});
  }
  return out;
}

}  // namespace warifu::services::lambda
