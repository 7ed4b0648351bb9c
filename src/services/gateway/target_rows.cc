#include "services/gateway/target_rows.h"

#include <fmt/format.h>

namespace warifu::services::gateway {
namespace {

json::Value text(std::string_view value) { return json::Value::string(std::string(value)); }

json::Value schema_json(const m::SchemaDefinition& schema) {
  json::Value out = json::Value::object();
  out.set("type", text(schema.type));
  if (schema.description) out.set("description", text(*schema.description));
  if (schema.properties) {
    json::Value properties = json::Value::object();
    for (const auto& [name, property] : *schema.properties) properties.set(name, schema_json(property));
    out.set("properties", std::move(properties));
  }
  if (schema.required) {
    json::Value required = json::Value::array();
    for (const std::string& name : *schema.required) required.items().push_back(text(name));
    out.set("required", std::move(required));
  }
  if (schema.items.has_value()) out.set("items", schema_json(*schema.items));
  return out;
}

json::Value tool_json(const m::ToolDefinition& tool) {
  json::Value out = json::Value::object();
  out.set("name", text(tool.name)).set("description", text(tool.description));
  out.set("inputSchema", schema_json(tool.input_schema));
  if (tool.output_schema) out.set("outputSchema", schema_json(*tool.output_schema));
  return out;
}

LambdaPlace lambda_place(const m::McpLambdaTargetConfiguration& lambda) {
  LambdaPlace place{.function_arn = lambda.lambda_arn, .tools = {}};
  if (!lambda.tool_schema.inline_payload) return place;
  for (const m::ToolDefinition& tool : *lambda.tool_schema.inline_payload) place.tools.push_back(tool_json(tool));
  return place;
}

/// A static tool list is either a JSON array of tools, or an object with an array `tools`.
std::vector<json::Value> static_tools(const m::McpToolSchemaConfiguration& schema) {
  if (!schema.inline_payload) return {};
  const auto document = json::parse(*schema.inline_payload);
  if (!document) return {};
  const json::Value* tools = document->is_object() ? document->find("tools") : &*document;
  return tools != nullptr && tools->is_array() ? tools->items() : std::vector<json::Value>{};
}

McpServerPlace mcp_server_place(const m::McpServerTargetConfiguration& server) {
  return {.endpoint = server.endpoint,
          .dynamic = server.listing_mode == "DYNAMIC",
          .tools = server.mcp_tool_schema ? static_tools(*server.mcp_tool_schema) : std::vector<json::Value>{},
          .resource_priority = server.resource_priority.value_or(1000)};
}

decltype(Target::place) place_of(const m::TargetConfiguration& configuration) {
  if (configuration.mcp) {
    const m::McpTargetConfiguration& mcp = *configuration.mcp;
    if (mcp.lambda) return lambda_place(*mcp.lambda);
    if (mcp.mcp_server) return mcp_server_place(*mcp.mcp_server);
    if (mcp.smithy_model) return OpenApiPlace{.document = mcp.smithy_model->inline_payload.value_or("")};
    if (mcp.open_api_schema) return OpenApiPlace{.document = mcp.open_api_schema->inline_payload.value_or("")};
  }
  if (configuration.http) {
    const m::HttpTargetConfiguration& http = *configuration.http;
    if (http.passthrough) return HttpPlace{.endpoint = http.passthrough->endpoint, .runtime_arn = {}, .qualifier = {}};
    if (http.agentcore_runtime) {
      return HttpPlace{.endpoint = {},
                       .runtime_arn = http.agentcore_runtime->arn,
                       .qualifier = http.agentcore_runtime->qualifier.value_or("")};
    }
  }
  return std::monostate{};
}

void add_provider(const m::CredentialProvider& provider, OutboundCredential& out) {
  if (const auto& key = provider.api_key_credential_provider) {
    out.provider_arn = key->provider_arn;
    out.parameter_name = key->credential_parameter_name.value_or("");
    out.prefix = key->credential_prefix.value_or("");
    out.in_query = key->credential_location == "QUERY_PARAMETER";
  }
  if (const auto& oauth = provider.oauth_credential_provider) {
    out.provider_arn = oauth->provider_arn;
    out.scopes = oauth->scopes;
    out.parameters = oauth->custom_parameters.value_or(std::map<std::string, std::string>{});
    out.grant_type = oauth->grant_type.value_or("CLIENT_CREDENTIALS");
  }
  if (const auto& iam = provider.iam_credential_provider) {
    out.sign_service = iam->service;
    out.sign_region = iam->region.value_or("");
  }
}

OutboundCredential credential_of(const TargetRow& row) {
  using Kind = OutboundCredential::Kind;
  OutboundCredential out;
  if (row.credential_provider_configurations.empty()) return out;
  const m::CredentialProviderConfiguration& configured = row.credential_provider_configurations.front();
  const std::string& type = configured.credential_provider_type;
  if (type == "GATEWAY_IAM_ROLE") out.kind = Kind::kGatewayRole;
  if (type == "API_KEY") out.kind = Kind::kApiKey;
  if (type == "OAUTH") out.kind = Kind::kOauth;
  if (type == "CALLER_IAM_CREDENTIALS") out.kind = Kind::kCallerIam;
  if (type == "JWT_PASSTHROUGH") out.kind = Kind::kJwtPassthrough;
  if (configured.credential_provider) add_provider(*configured.credential_provider, out);
  return out;
}

void read_list(const json::Value& from, std::string_view name, std::vector<json::Value>& into) {
  const json::Value* list = from.find(name);
  if (list != nullptr && list->is_array()) into = list->items();
}

}  // namespace

std::shared_ptr<const Target> target_of(const KnownGateway& gateway, const TargetRow& row) {
  const auto none = std::vector<std::string>{};
  const m::MetadataConfiguration metadata = row.metadata_configuration.value_or(m::MetadataConfiguration{});
  return std::make_shared<const Target>(
      Target{.id = row.target_id,
             .name = row.name,
             .gateway_id = gateway.place.id,
             .gateway_arn = gateway.place.arn,
             .gateway_role_arn = gateway.gateway.role_arn.value_or(""),
             .region = gateway.place.region,
             .account = gateway.place.owner,
             .debug = gateway.gateway.exception_level == "DEBUG",
             .place = place_of(row.target_configuration),
             .credential = credential_of(row),
             .request_headers = metadata.allowed_request_headers.value_or(none),
             .query_parameters = metadata.allowed_query_parameters.value_or(none),
             .response_headers = metadata.allowed_response_headers.value_or(none),
             .version = fmt::format("{}/{}/{}/{}", gateway.place.id, row.target_id, row.updated_at.ms,
                                    gateway.gateway.role_arn.value_or(""))});
}

Catalogue read_catalogue(std::string_view document) {
  Catalogue out;
  const auto parsed = json::parse(document, {.bytes_max = 64 * 1024 * 1024, .depth_max = 128});
  if (!parsed || !parsed->is_object()) return out;
  read_list(*parsed, "tools", out.tools);
  read_list(*parsed, "prompts", out.prompts);
  read_list(*parsed, "resources", out.resources);
  read_list(*parsed, "resourceTemplates", out.templates);
  return out;
}

std::string write_catalogue(const Catalogue& catalogue) {
  json::Value out = json::Value::object();
  out.set("tools", json::Value::array(catalogue.tools));
  out.set("prompts", json::Value::array(catalogue.prompts));
  out.set("resources", json::Value::array(catalogue.resources));
  out.set("resourceTemplates", json::Value::array(catalogue.templates));
  return out.dump();
}

}  // namespace warifu::services::gateway
