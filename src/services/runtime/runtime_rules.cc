#include "services/runtime/runtime_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/arn.h"
#include "base/encoding.h"
#include "inbound/authorizer.h"
#include "services/runtime/errors.h"
#include "services/runtime/limits.h"

namespace warifu::services::runtime::runtime_rules {
namespace {

constexpr std::string_view kCustomPrefix = "x-amzn-bedrock-agentcore-runtime-custom-";

/// Lower case. What frames a message, says who sends it, or is the platform's to say.
constexpr std::array<std::string_view, 49> kRestricted{"accept",
                                                       "accept-charset",
                                                       "accept-encoding",
                                                       "age",
                                                       "baggage",
                                                       "cache-control",
                                                       "connection",
                                                       "content-disposition",
                                                       "content-encoding",
                                                       "content-length",
                                                       "content-location",
                                                       "content-range",
                                                       "content-type",
                                                       "cookie",
                                                       "date",
                                                       "etag",
                                                       "expect",
                                                       "expires",
                                                       "forwarded",
                                                       "from",
                                                       "host",
                                                       "http2-settings",
                                                       "if-match",
                                                       "if-modified-since",
                                                       "if-none-match",
                                                       "if-range",
                                                       "keep-alive",
                                                       "last-modified",
                                                       "location",
                                                       "mcp-session-id",
                                                       "oauth2callbackurl",
                                                       "origin",
                                                       "pragma",
                                                       "range",
                                                       "referer",
                                                       "server",
                                                       "set-cookie",
                                                       "strict-transport-security",
                                                       "te",
                                                       "trailer",
                                                       "transfer-encoding",
                                                       "traceparent",
                                                       "tracestate",
                                                       "upgrade",
                                                       "user-agent",
                                                       "via",
                                                       "workloadaccesstoken",
                                                       "www-authenticate",
                                                       "x-real-ip"};

Result<> check_supported(const Runtime& runtime) {
  if (runtime.capacity_provider_configuration) return fail(unsupported_member("capacityProviderConfiguration"));
  if (runtime.hooks_configuration) return fail(unsupported_member("hooksConfiguration"));
  if (runtime.allowed_ports) return fail(unsupported_member("allowedPorts"));
  if (runtime.resource_configurations && !runtime.resource_configurations->empty()) {
    return fail(unsupported_member("resourceConfigurations"));
  }
  if (runtime.platform_version && *runtime.platform_version != "V1" && *runtime.platform_version != "V2") {
    return fail(invalid_field("platformVersion", "platformVersion must be V1 or V2"));
  }
  if (runtime.metadata_configuration && !runtime.metadata_configuration->require_mmdsv2) {
    return fail(invalid_field("metadataConfiguration.requireMMDSV2",
                              "metadataConfiguration.requireMMDSV2 must be true: instance metadata is served by its "
                              "second version only"));
  }
  return {};
}

Result<> check_network(const Runtime& runtime) {
  if (!runtime.network_configuration || runtime.network_configuration->network_mode == "PUBLIC") return {};
  return fail(invalid_field("networkConfiguration.networkMode",
                            "networkConfiguration.networkMode VPC is not supported by this server yet"));
}

Result<> check_protocol(const Runtime& runtime) {
  if (!runtime.protocol_configuration) return {};
  if (runtime.protocol_configuration->port) return fail(unsupported_member("protocolConfiguration.port"));
  if (runtime.protocol_configuration->path) return fail(unsupported_member("protocolConfiguration.path"));
  return {};
}

Result<> check_lifecycle(const Runtime& runtime) {
  const std::int32_t idle = runtime.lifecycle_configuration.idle_runtime_session_timeout.value_or(kIdleDefault);
  const std::int32_t lifetime = runtime.lifecycle_configuration.max_lifetime.value_or(kLifetimeDefault);
  constexpr std::string_view kIdle = "lifecycleConfiguration.idleRuntimeSessionTimeout";
  if (lifetime > kLifetimeMax) {
    return fail(invalid_field("lifecycleConfiguration.maxLifetime",
                              fmt::format("lifecycleConfiguration.maxLifetime must be at most {}", kLifetimeMax)));
  }
  if (idle <= lifetime) return {};
  return fail(invalid_field(kIdle, fmt::format("{} must be less than or equal to maxLifetime", kIdle)));
}

Result<> check_headers(const Runtime& runtime) {
  if (!runtime.request_header_configuration || !runtime.request_header_configuration->request_header_allowlist)
    return {};
  constexpr std::string_view kField = "requestHeaderConfiguration.requestHeaderAllowlist";
  const bool bearer = runtime.authorizer_configuration.has_value();
  std::set<std::string> seen;
  for (const std::string& name : *runtime.request_header_configuration->request_header_allowlist) {
    if (!seen.insert(to_lower(name)).second) {
      return fail(invalid_field(kField, fmt::format("header `{}` stands twice", name)));
    }
    if (may_pass(name, bearer)) continue;
    const bool token = iequals(name, "authorization");
    return fail(invalid_field(
        kField, token ? std::string("header `Authorization` may be passed only with a customJWTAuthorizer")
                      : fmt::format("header `{}` is restricted and cannot be passed to the agent", name)));
  }
  return {};
}

Result<> check_environment(const Runtime& runtime) {
  if (!runtime.environment_variables) return {};
  for (const auto& [name, value] : *runtime.environment_variables) {
    const bool bad = name.find('=') != std::string::npos || name.find('\0') != std::string::npos ||
                     value.find('\0') != std::string::npos;
    if (bad) {
      return fail(invalid_field("environmentVariables",
                                "a name holds no `=`, and neither names nor values hold a zero character"));
    }
  }
  return {};
}

Result<> check_filesystems(const Runtime& runtime) {
  if (!runtime.filesystem_configurations) return {};
  std::set<std::string> paths;
  for (const m::FilesystemConfiguration& one : *runtime.filesystem_configurations) {
    if (one.s3_files_access_point) return fail(unsupported_member("filesystemConfigurations.s3FilesAccessPoint"));
    if (one.efs_access_point) return fail(unsupported_member("filesystemConfigurations.efsAccessPoint"));
    if (one.capacity_provider_volume) {
      return fail(unsupported_member("filesystemConfigurations.capacityProviderVolume"));
    }
    if (!one.session_storage) continue;
    std::string path = one.session_storage->mount_path;
    if (path.ends_with('/')) path.pop_back();
    const bool dots = path.ends_with("/.") || path.ends_with("/..");
    if (dots || !paths.insert(path).second) {
      return fail(invalid_field("filesystemConfigurations",
                                fmt::format("mountPath `{}` is {}", path, dots ? "no folder's name" : "there twice")));
    }
  }
  return {};
}

Result<> check_entry_point(const m::CodeConfiguration& code) {
  constexpr std::string_view kField = "agentRuntimeArtifact.codeConfiguration.entryPoint";
  const std::string& file = code.entry_point.back();
  if (code.entry_point.size() == 2 && code.entry_point.front() != "opentelemetry-instrument") {
    return fail(invalid_field(kField, "the first of two entries must be opentelemetry-instrument"));
  }
  const bool python = code.runtime.starts_with("PYTHON_");
  const bool fits =
      python ? file.ends_with(".py") : file.ends_with(".js") || file.ends_with(".mjs") || file.ends_with(".cjs");
  const bool inside =
      !file.starts_with('/') && file.find("..") == std::string::npos && file.find('\0') == std::string::npos;
  if (fits && inside) return {};
  return fail(invalid_field(
      kField, fmt::format("entry point `{}` is no {} file of the archive", file, python ? "Python" : "JavaScript")));
}

Result<> check_artifact(const Runtime& runtime) {
  const auto& artifact = runtime.agent_runtime_artifact;
  if (!artifact) return fail(invalid_field("agentRuntimeArtifact", "agentRuntimeArtifact is required"));
  if (artifact->code_configuration) return check_entry_point(*artifact->code_configuration);
  return {};
}

Result<> check_role(const Runtime& runtime, const AccountId& owner) {
  const std::optional<ArnView> role = ArnView::parse(runtime.role_arn);
  if (role && role->account == owner.str()) return {};
  return fail(invalid_field("roleArn", fmt::format("roleArn must be a role of account {}", owner.str())));
}

}  // namespace

bool may_pass(std::string_view header, bool bearer) {
  const std::string name = to_lower(header);
  if (name.starts_with(kCustomPrefix)) return true;
  if (name == "authorization") return bearer;
  if (name.starts_with("x-amz-") || name.starts_with("x-amzn-") || name.starts_with("x-forwarded-")) return false;
  if (name.starts_with("proxy-") || name.starts_with("access-control-") || name.starts_with("sec-")) return false;
  return std::ranges::find(kRestricted, name) == kRestricted.end();
}

Result<> check(const Runtime& runtime, const AccountId& owner) {
  TRY(check_supported(runtime));
  TRY(check_role(runtime, owner));
  TRY(check_artifact(runtime));
  TRY(check_network(runtime));
  TRY(check_protocol(runtime));
  TRY(check_lifecycle(runtime));
  TRY(check_environment(runtime));
  TRY(check_filesystems(runtime));
  if (runtime.authorizer_configuration && runtime.authorizer_configuration->custom_jwt_authorizer) {
    TRY(inbound::check(*runtime.authorizer_configuration->custom_jwt_authorizer));
  }
  return check_headers(runtime);
}

}  // namespace warifu::services::runtime::runtime_rules
