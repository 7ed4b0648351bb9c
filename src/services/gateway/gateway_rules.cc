#include "services/gateway/gateway_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/arn.h"
#include "inbound/authorizer.h"
#include "services/gateway/control_errors.h"

namespace warifu::services::gateway::gateway_rules {
namespace {

constexpr std::array<std::string_view, 4> kVersions{"2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"};

Result<> check_supported(const Gateway& gateway) {
  if (gateway.kms_key_arn) return fail(unsupported_member("kmsKeyArn"));
  if (gateway.policy_engine_configuration) return fail(unsupported_member("policyEngineConfiguration"));
  if (gateway.domain_override) return fail(unsupported_member("domainOverride"));
  if (gateway.waf_configuration) return fail(unsupported_member("wafConfiguration"));
  if (gateway.custom_transform_configuration) return fail(unsupported_member("customTransformConfiguration"));
  return {};
}

Result<> check_authorizer(const Gateway& gateway) {
  const bool configured = gateway.authorizer_configuration && gateway.authorizer_configuration->custom_jwt_authorizer;
  const std::string& type = gateway.authorizer_type;
  if (type == "CUSTOM_JWT" && !configured) {
    return fail(invalid_field("authorizerConfiguration",
                              "authorizerConfiguration.customJWTAuthorizer is required for authorizerType CUSTOM_JWT"));
  }
  if (configured && (type == "AWS_IAM" || type == "NONE")) {
    return fail(invalid_field("authorizerConfiguration",
                              fmt::format("authorizerConfiguration is not allowed for authorizerType {}", type)));
  }
  return configured ? inbound::check(*gateway.authorizer_configuration->custom_jwt_authorizer) : Result<>();
}

Result<> check_protocol(const Gateway& gateway) {
  if (!gateway.protocol_configuration || !gateway.protocol_configuration->mcp) return {};
  const auto& versions = gateway.protocol_configuration->mcp->supported_versions;
  if (!versions) return {};
  constexpr std::string_view kField = "protocolConfiguration.mcp.supportedVersions";
  if (versions->empty()) return fail(invalid_field(kField, "supportedVersions must name at least one version"));
  for (const std::string& version : *versions) {
    if (known_version(version)) continue;
    return fail(invalid_field(kField, fmt::format("MCP version `{}` is not supported; supported versions: {}", version,
                                                  fmt::join(kVersions, ", "))));
  }
  return {};
}

Result<> check_interceptors(const Gateway& gateway) {
  if (!gateway.interceptor_configurations) return {};
  std::set<std::string_view> points;
  for (const m::GatewayInterceptorConfiguration& configuration : *gateway.interceptor_configurations) {
    for (const std::string& point : configuration.interception_points) {
      if (points.insert(point).second) continue;
      return fail(invalid_field("interceptorConfigurations",
                                fmt::format("at most one interceptor may be configured for {}", point)));
    }
  }
  return {};
}

Result<> check_role(const Gateway& gateway, const AccountId& owner) {
  const std::optional<ArnView> role = gateway.role_arn ? ArnView::parse(*gateway.role_arn) : std::nullopt;
  if (role && role->account == owner.str()) return {};
  return fail(invalid_field("roleArn", fmt::format("roleArn must be a role of account {}", owner.str())));
}

}  // namespace

bool known_version(std::string_view version) { return std::ranges::find(kVersions, version) != kVersions.end(); }

Result<> check(const Gateway& gateway, const AccountId& owner) {
  TRY(check_supported(gateway));
  TRY(check_role(gateway, owner));
  TRY(check_authorizer(gateway));
  TRY(check_protocol(gateway));
  return check_interceptors(gateway);
}

Result<> check_policy(const Gateway& gateway, const policy::Policy& policy, std::string_view field) {
  if (gateway.authorizer_type != "CUSTOM_JWT") return {};
  for (const policy::Statement& statement : policy.statements()) {
    for (const policy::PrincipalName& principal : statement.principals) {
      if (principal.type == policy::PrincipalType::kAnyone && !statement.not_principal) continue;
      return fail(invalid_field(field,
                                "the policy of a gateway with authorizerType CUSTOM_JWT must have the principal `*`: "
                                "its callers are no AWS principals"));
    }
  }
  return {};
}

}  // namespace warifu::services::gateway::gateway_rules
