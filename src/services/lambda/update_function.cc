#include <fmt/format.h>

#include "services/lambda/configuration.h"
#include "services/lambda/errors.h"
#include "services/lambda/operations.h"
#include "services/lambda/publishing.h"

namespace warifu::services::lambda {
namespace {

Result<FunctionRow> require_at(store::Reader& reader, const FunctionRef& ref,
                               const std::optional<std::string>& revision) {
  FunctionRow row = TRY(rows::require(reader, ref));
  if (revision && revision != row.config.revision_id) return fail(revision_mismatch());
  return row;
}

/// What a change of code has made: the configuration to show, and the code that nothing names any more.
struct Changed {
  m::FunctionConfiguration config;
  std::string discarded{};
};

/// Values that a transaction, which may run twice, must not draw itself.
struct Drawn {
  std::string revision, version_revision;
  Timestamp now;
};

Drawn draw(api::Call& call) {
  return {.revision = call.random().uuid(), .version_revision = call.random().uuid(), .now = call.now()};
}

void stamp(m::FunctionConfiguration& config, const Drawn& drawn) {
  config.revision_id = drawn.revision;
  config.last_modified = lambda_time(drawn.now);
}

Result<Changed> change_code(store::Txn& txn, const FunctionRef& ref, const m::UpdateFunctionCodeInput& input,
                            const Uploaded& uploaded, const Drawn& drawn) {
  FunctionRow row = TRY(require_at(txn, ref, input.revision_id));
  const std::string old = row.code_id;
  row.code_id = uploaded.code_id;
  row.config.code_sha256 = uploaded.sha256;
  row.config.code_size = uploaded.bytes;
  if (input.architectures) row.config.architectures = input.architectures;
  stamp(row.config, drawn);
  TRY(code::adopt(txn, ref.owner, uploaded.code_id));
  Changed changed{.config = row.config};
  TRY(rows::put(txn, ref, row));
  if (input.publish.value_or(false)) {
    changed.config = TRY(publishing::publish(txn, ref, row, std::nullopt, drawn.version_revision));
  }
  const bool used = TRY(publishing::code_in_use(txn, ref, old, 0, false));
  if (used) return changed;
  TRY(code::discard(txn, ref.owner, old));
  changed.discarded = old;
  return changed;
}

}  // namespace

Task<Result<m::UpdateFunctionCodeOutput>> update_function_code(api::Call& call, Service& service,
                                                               m::UpdateFunctionCodeInput input) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  if (input.source_kms_key_arn && !input.source_kms_key_arn->empty()) {
    co_return fail(unsupported_parameter("SourceKMSKeyArn"));
  }
  if (input.publish_to) co_return fail(unsupported_parameter("PublishTo"));
  CodeSource source{.zip_file = std::move(input.zip_file),
                    .s3_bucket = input.s3_bucket,
                    .s3_key = input.s3_key,
                    .s3_object_version = input.s3_object_version,
                    .image_uri = input.image_uri};
  const FunctionRow before =
      CO_TRY(call.db().read([&](store::Reader& reader) { return require_at(reader, ref, input.revision_id); }));
  if (input.dry_run.value_or(false)) {
    auto zip = CO_TRY(co_await zip_of(call, std::move(source)));
    const Uploaded examined = CO_TRY(co_await examine(service, std::move(zip)));
    m::FunctionConfiguration config = before.config;
    config.code_sha256 = examined.sha256;
    config.code_size = examined.bytes;
    co_return config;
  }
  const Uploaded uploaded = CO_TRY(co_await upload(call, service, ref.owner, std::move(source)));
  const auto body = [ref, input, uploaded, drawn = draw(call)](store::Txn& txn) {
    return change_code(txn, ref, input, uploaded, drawn);
  };
  auto changed = co_await call.db().write(body);
  if (!changed) {
    (void)co_await service.code().erase(ref.owner, uploaded.code_id);
    co_return fail(changed.error());
  }
  service.retire(ref);
  if (!changed->discarded.empty()) (void)co_await service.code().erase(ref.owner, changed->discarded);
  co_return std::move(changed->config);
}

Task<Result<m::UpdateFunctionConfigurationOutput>> update_function_configuration(
    api::Call& call, Service& service, m::UpdateFunctionConfigurationInput input) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  CO_TRY(refuse_unsupported(input));
  CO_TRY(call.db().read([&](store::Reader& reader) { return require_at(reader, ref, input.revision_id); }));
  if (input.role) CO_TRY(co_await service.check_role(ref, *input.role));
  std::optional<std::vector<m::Layer>> layers;
  if (input.layers) layers = CO_TRY(co_await resolve_layers(call, *input.layers, ref));
  const auto body = [ref, input, layers, drawn = draw(call)](store::Txn& txn) -> Result<m::FunctionConfiguration> {
    FunctionRow row = TRY(require_at(txn, ref, input.revision_id));
    TRY(apply_settings({.runtime = input.runtime,
                        .handler = input.handler,
                        .description = input.description,
                        .timeout = input.timeout,
                        .memory_size = input.memory_size,
                        .environment = input.environment,
                        .tracing_config = input.tracing_config,
                        .ephemeral_storage = input.ephemeral_storage,
                        .logging_config = input.logging_config},
                       row.config));
    if (input.role) row.config.role = input.role;
    if (layers) row.config.layers = layers;
    if (layers && layers->empty()) row.config.layers.reset();
    stamp(row.config, drawn);
    TRY(rows::put(txn, ref, row));
    return row.config;
  };
  auto changed = co_await call.db().write(body);
  if (changed) service.retire(ref);
  co_return changed;
}

}  // namespace warifu::services::lambda
