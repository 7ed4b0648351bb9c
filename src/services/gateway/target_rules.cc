#include "services/gateway/target_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/arn.h"
#include "json/value.h"
#include "net/client.h"
#include "services/gateway/control_errors.h"
#include "services/gateway/control_limits.h"
#include "services/gateway/metadata_rules.h"
#include "services/gateway/tool_schemas.h"

namespace warifu::services::gateway::target_rules {
namespace {

constexpr std::string_view kMcp = "targetConfiguration.mcp";
constexpr std::string_view kHttp = "targetConfiguration.http";
constexpr std::string_view kCredentials = "credentialProviderConfigurations.1.member";
/// Paths of a gateway that no HTTP target may take.
constexpr std::array<std::string_view, 4> kReservedNames{"mcp", "a2a", "responses", "converse"};

Result<> check_inline(const std::string& text, const std::string& field) {
  if (text.size() <= kInlineSchemaBytesMax) return {};
  return fail(invalid_field(field, fmt::format("an inline schema has at most {} bytes", kInlineSchemaBytesMax)));
}

Result<> check_url(const std::string& url, const std::string& field) {
  if (net::Url::parse(url)) return {};
  return fail(invalid_field(field, fmt::format("`{}` is not an http or https URL", url)));
}

Result<> check_document(const m::ApiSchemaConfiguration& schema, const std::string& field) {
  if (schema.s3) return fail(unsupported_member(field + ".s3"));
  return check_inline(*schema.inline_payload, field + ".inlinePayload");
}

Result<> check_lambda(const m::McpLambdaTargetConfiguration& lambda, const std::string& name) {
  const std::string field = fmt::format("{}.lambda.toolSchema", kMcp);
  if (lambda.tool_schema.s3) return fail(unsupported_member(field + ".s3"));
  return tool_schemas::check(*lambda.tool_schema.inline_payload, name, field + ".inlinePayload");
}

/// A static catalogue: a list of tools, or an object that holds one as tools/list answers it.
Result<> check_static_tools(const std::string& text, const std::string& field) {
  TRY(check_inline(text, field));
  const Result<json::Value> value = json::parse(text, {.bytes_max = kInlineSchemaBytesMax});
  if (!value) return fail(invalid_field(field, fmt::format("the schema is not JSON: {}", value.error().message)));
  const json::Value* tools = value->is_object() ? value->find("tools") : &*value;
  if (tools == nullptr || !tools->is_array()) {
    return fail(invalid_field(field, "the schema must be a list of tools, or an object with such a list as `tools`"));
  }
  const auto is_tool = [](const json::Value& tool) {
    const json::Value* schema = tool.find("inputSchema");
    return tool.find_string("name") && schema != nullptr && schema->is_object();
  };
  if (std::ranges::all_of(tools->items(), is_tool)) return {};
  return fail(invalid_field(field, "every tool must have a name and an inputSchema"));
}

Result<> check_mcp_server(const m::McpServerTargetConfiguration& server, const Gateway& gateway) {
  const std::string field = fmt::format("{}.mcpServer", kMcp);
  TRY(check_url(server.endpoint, field + ".endpoint"));
  if (server.mcp_tool_schema) {
    const std::string schema = field + ".mcpToolSchema";
    if (server.mcp_tool_schema->s3) return fail(unsupported_member(schema + ".s3"));
    TRY(check_static_tools(*server.mcp_tool_schema->inline_payload, schema + ".inlinePayload"));
  }
  const auto& protocol = gateway.protocol_configuration;
  const bool searches = protocol && protocol->mcp && protocol->mcp->search_type;
  if (server.listing_mode != "DYNAMIC") return {};
  if (server.mcp_tool_schema) {
    return fail(invalid_field(field + ".listingMode", "a target with mcpToolSchema cannot be listed dynamically"));
  }
  if (!searches) return {};
  return fail(
      invalid_field(field + ".listingMode", "listingMode DYNAMIC is not supported by gateways with semantic search"));
}

Result<> check_mcp(const m::McpTargetConfiguration& mcp, const std::string& name, const Gateway& gateway) {
  if (mcp.lambda) return check_lambda(*mcp.lambda, name);
  if (mcp.mcp_server) return check_mcp_server(*mcp.mcp_server, gateway);
  if (mcp.open_api_schema) return check_document(*mcp.open_api_schema, fmt::format("{}.openApiSchema", kMcp));
  if (mcp.smithy_model) return check_document(*mcp.smithy_model, fmt::format("{}.smithyModel", kMcp));
  if (mcp.api_gateway) {
    return fail(invalid_field(fmt::format("{}.apiGateway", kMcp),
                              "apiGateway targets are not supported by this server: give the API's export (GetExport, "
                              "oas30) as openApiSchema"));
  }
  return fail(unsupported_member(fmt::format("{}.connector", kMcp)));
}

Result<> check_runtime(const m::RuntimeTargetConfiguration& runtime) {
  const std::string field = fmt::format("{}.agentcoreRuntime", kHttp);
  if (runtime.schema) return fail(unsupported_member(field + ".schema"));
  const std::optional<ArnView> arn = ArnView::parse(runtime.arn);
  if (arn && arn->service == "bedrock-agentcore" && arn->resource.starts_with("runtime/")) return {};
  return fail(invalid_field(field + ".arn", fmt::format("`{}` is not the ARN of an AgentCore runtime", runtime.arn)));
}

Result<> check_http(const m::HttpTargetConfiguration& http, const std::string& name) {
  if (http.connector) return fail(unsupported_member(fmt::format("{}.connector", kHttp)));
  if (std::ranges::find(kReservedNames, name) != kReservedNames.end()) {
    return fail(invalid_field("name", fmt::format("`{}` is reserved: an HTTP target cannot be named so", name)));
  }
  if (http.agentcore_runtime) return check_runtime(*http.agentcore_runtime);
  const std::string field = fmt::format("{}.passthrough", kHttp);
  if (http.passthrough->schema) return fail(unsupported_member(field + ".schema"));
  if (http.passthrough->stickiness_configuration) return fail(unsupported_member(field + ".stickinessConfiguration"));
  if (http.passthrough->static_query_parameters) return fail(unsupported_member(field + ".staticQueryParameters"));
  return check_url(http.passthrough->endpoint, field + ".endpoint");
}

Result<> check_configuration(const TargetRow& target, const Gateway& gateway) {
  const m::TargetConfiguration& configuration = target.target_configuration;
  if (configuration.mcp) return check_mcp(*configuration.mcp, target.name, gateway);
  if (configuration.http) return check_http(*configuration.http, target.name);
  return fail(unsupported_member("targetConfiguration.inference"));
}

/// The types of credentials that a kind of target takes; `NONE`: it may be without.
std::span<const std::string_view> credential_types(std::string_view type) {
  static constexpr std::array<std::string_view, 1> kLambda{"GATEWAY_IAM_ROLE"};
  static constexpr std::array<std::string_view, 4> kServers{"NONE", "GATEWAY_IAM_ROLE", "OAUTH", "API_KEY"};
  static constexpr std::array<std::string_view, 2> kSmithy{"GATEWAY_IAM_ROLE", "OAUTH"};
  static constexpr std::array<std::string_view, 4> kRuntime{"GATEWAY_IAM_ROLE", "CALLER_IAM_CREDENTIALS", "OAUTH",
                                                            "JWT_PASSTHROUGH"};
  static constexpr std::array<std::string_view, 6> kPassthrough{"NONE",  "GATEWAY_IAM_ROLE", "CALLER_IAM_CREDENTIALS",
                                                                "OAUTH", "API_KEY",          "JWT_PASSTHROUGH"};
  if (type == "LAMBDA") return kLambda;
  if (type == "SMITHY_MODEL") return kSmithy;
  if (type == "AGENTCORE_RUNTIME") return kRuntime;
  if (type == "PASSTHROUGH") return kPassthrough;
  return kServers;
}

Result<> check_provider_arn(const std::string& arn, std::string_view kind, const Gateway& gateway) {
  const std::optional<ArnView> view = ArnView::parse(arn);
  const std::optional<ArnView> own = ArnView::parse(gateway.gateway_arn);
  if (view && own && view->service == "bedrock-agentcore" && view->account == own->account &&
      view->region == own->region && view->resource.starts_with(fmt::format("token-vault/default/{}/", kind))) {
    return {};
  }
  return fail(
      invalid_field(fmt::format("{}.credentialProvider", kCredentials),
                    fmt::format("providerArn must be the ARN of an {} of the gateway's account and region", kind)));
}

Result<> check_oauth(const m::OAuthCredentialProvider& oauth, const Gateway& gateway) {
  if (oauth.grant_type && *oauth.grant_type != "CLIENT_CREDENTIALS") {
    return fail(
        invalid_field(fmt::format("{}.credentialProvider.oauthCredentialProvider.grantType", kCredentials),
                      fmt::format("grantType {} is not supported by this server yet: only CLIENT_CREDENTIALS is",
                                  *oauth.grant_type)));
  }
  if (oauth.default_return_url) {
    return fail(
        invalid_field(fmt::format("{}.credentialProvider.oauthCredentialProvider.defaultReturnUrl", kCredentials),
                      "defaultReturnUrl belongs to grantType AUTHORIZATION_CODE"));
  }
  return check_provider_arn(oauth.provider_arn, "oauth2credentialprovider", gateway);
}

/// The provider must be there, and of its type.
Result<> check_provider(const m::CredentialProviderConfiguration& credential, std::string_view target_type,
                        const Gateway& gateway) {
  static const m::CredentialProvider kNone;
  const m::CredentialProvider& provider = credential.credential_provider ? *credential.credential_provider : kNone;
  const std::string& type = credential.credential_provider_type;
  const bool fits = (type == "OAUTH" && provider.oauth_credential_provider) ||
                    (type == "API_KEY" && provider.api_key_credential_provider) ||
                    (type == "GATEWAY_IAM_ROLE" && (!credential.credential_provider ||
                                                    (provider.iam_credential_provider && target_type != "LAMBDA"))) ||
                    ((type == "CALLER_IAM_CREDENTIALS" || type == "JWT_PASSTHROUGH") &&
                     (!credential.credential_provider || provider.iam_credential_provider));
  if (!fits) {
    return fail(invalid_field(fmt::format("{}.credentialProvider", kCredentials),
                              fmt::format("credentialProvider does not fit credentialProviderType {} of a target of "
                                          "type {}",
                                          type, target_type)));
  }
  const bool unsaid = target_type == "MCP_SERVER" || target_type == "OPEN_API_SCHEMA" || target_type == "PASSTHROUGH";
  if (type == "GATEWAY_IAM_ROLE" && unsaid && !provider.iam_credential_provider) {
    return fail(invalid_field(fmt::format("{}.credentialProvider.iamCredentialProvider.service", kCredentials),
                              "iamCredentialProvider.service is required: it names the service that requests to the "
                              "target are signed for"));
  }
  if (type == "OAUTH") return check_oauth(*provider.oauth_credential_provider, gateway);
  if (type == "API_KEY") {
    return check_provider_arn(provider.api_key_credential_provider->provider_arn, "apikeycredentialprovider", gateway);
  }
  return {};
}

/// What is forwarded of the caller must be there to forward.
Result<> check_inbound(const std::string& type, const Gateway& gateway) {
  const std::string& authorizer = gateway.authorizer_type;
  const bool signed_in = authorizer == "AWS_IAM" || authorizer == "AUTHENTICATE_ONLY";
  const bool bearer = authorizer == "CUSTOM_JWT" || gateway.authorizer_configuration.has_value();
  if ((type == "CALLER_IAM_CREDENTIALS" && !signed_in) || (type == "JWT_PASSTHROUGH" && !bearer)) {
    return fail(invalid_field(fmt::format("{}.credentialProviderType", kCredentials),
                              fmt::format("{} is not allowed on a gateway with authorizerType {}", type, authorizer)));
  }
  if (type == "CALLER_IAM_CREDENTIALS") {
    return fail(unsupported_member(fmt::format("{}.credentialProviderType {}", kCredentials, type)));
  }
  return {};
}

Result<> check_credentials(const TargetRow& target, const Gateway& gateway) {
  const std::string_view type = targets::type_of(target.target_configuration);
  const std::span<const std::string_view> allowed = credential_types(type);
  const bool none = target.credential_provider_configurations.empty();
  const std::string_view given =
      none ? "NONE" : std::string_view(target.credential_provider_configurations.front().credential_provider_type);
  if (std::ranges::find(allowed, given) == allowed.end()) {
    return fail(invalid_field(
        "credentialProviderConfigurations",
        none ? fmt::format("credentialProviderConfigurations is required for targets of type {}", type)
             : fmt::format("credentialProviderType {} is not supported for targets of type {}", given, type)));
  }
  if (none) return {};
  const m::CredentialProviderConfiguration& credential = target.credential_provider_configurations.front();
  TRY(check_inbound(credential.credential_provider_type, gateway));
  return check_provider(credential, type, gateway);
}

}  // namespace

Result<> check(const TargetRow& target, const Gateway& gateway) {
  if (target.private_endpoint) return fail(unsupported_member("privateEndpoint"));
  if (target.certificate_configurations) return fail(unsupported_member("certificateConfigurations"));
  TRY(check_configuration(target, gateway));
  TRY(check_credentials(target, gateway));
  return target.metadata_configuration ? metadata_rules::check(*target.metadata_configuration) : Result<>();
}

bool uses_gateway_role(const TargetRow& target) {
  return !target.credential_provider_configurations.empty() &&
         target.credential_provider_configurations.front().credential_provider_type == "GATEWAY_IAM_ROLE";
}

}  // namespace warifu::services::gateway::target_rules
