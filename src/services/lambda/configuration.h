#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/call.h"
#include "base/random.h"
#include "identity/types.h"
#include "services/lambda/rows.h"
#include "services/lambda/service.h"

/// What a function may be configured as. Pure but for layers, which are looked up.
namespace warifu::services::lambda {

/// The members that CreateFunction and UpdateFunctionConfiguration share, of one of them. Views into the input.
struct Settings {
  const std::optional<std::string>& runtime;
  const std::optional<std::string>& handler;
  const std::optional<std::string>& description;
  const std::optional<std::int32_t>& timeout;
  const std::optional<std::int32_t>& memory_size;
  const std::optional<m::Environment>& environment;
  const std::optional<m::TracingConfig>& tracing_config;
  const std::optional<m::EphemeralStorage>& ephemeral_storage;
  const std::optional<m::LoggingConfig>& logging_config;
};

/// Refuses by name what this server cannot honour: KMSKeyArn, VpcConfig, FileSystemConfigs, images, …
[[nodiscard]] Result<> refuse_unsupported(const m::CreateFunctionInput& input);
[[nodiscard]] Result<> refuse_unsupported(const m::UpdateFunctionConfigurationInput& input);

/// Checks what is given and writes it into `config`.
[[nodiscard]] Result<> apply_settings(const Settings& settings, m::FunctionConfiguration& config);
/// Runtime and Handler are there, as an archive needs them.
[[nodiscard]] Result<> check_complete(const m::FunctionConfiguration& config);
/// A new RevisionId and LastModified.
void touch(m::FunctionConfiguration& config, Random& random, Timestamp now);
/// `2026-07-04T11:38:50.534+0000`.
[[nodiscard]] std::string lambda_time(Timestamp time);

/// The layers as a function shows them, each of which the caller may get (lambda:GetLayerVersion, by the layer's own
/// policy where it is another account's), and which together with the code stay within bounds.
[[nodiscard]] Task<Result<std::vector<m::Layer>>> resolve_layers(api::Call& call, std::vector<std::string> arns,
                                                                 FunctionRef ref);

/// An uploaded archive, checked, stored and not yet adopted.
struct Uploaded {
  std::string code_id;
  std::string sha256;  // base 64
  std::int64_t bytes = 0;
};
struct CodeSource {
  std::optional<std::string> zip_file, s3_bucket, s3_key, s3_object_version, image_uri;
};
/// The archive: what the request brings, or what lies in S3, which is read with the caller's own rights.
/// InvalidParameterValueException: there is none; AccessDeniedException: the caller may not read it.
[[nodiscard]] Task<Result<std::shared_ptr<const std::string>>> zip_of(const api::Call& call, CodeSource source);
/// The same, checked and stored. InvalidParameterValueException: it is not a good one.
[[nodiscard]] Task<Result<Uploaded>> upload(const api::Call& call, Service& service, AccountId owner,
                                            CodeSource source);
/// What it is, without storing it.
[[nodiscard]] Task<Result<Uploaded>> examine(Service& service, std::shared_ptr<const std::string> zip);

[[nodiscard]] Result<identity::Tags> tags_from(const std::map<std::string, std::string>& tags);

}  // namespace warifu::services::lambda
