#include "inbound/authorizer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "json/writer.h"
#include "net/client.h"

namespace warifu::inbound {
namespace {

constexpr std::string_view kJwt = "authorizerConfiguration.customJWTAuthorizer";

Error invalid_field(std::string_view field, std::string message) {
  return {.code = ErrorCode::kValidation,
          .message = message,
          .reason = "FieldValidationFailed",
          .fields = {{.name = std::string(field), .message = message}}};
}

Error unsupported_member(std::string_view field) {
  return invalid_field(field, fmt::format("{} is not supported by this server yet", field));
}

/// EQUALS compares a text, CONTAINS looks for one among several, CONTAINS_ANY for any of several.
Result<> check_claim(const m::CustomClaimValidationType& claim, std::size_t index) {
  const m::AuthorizingClaimMatchValueType& wanted = claim.authorizing_claim_match_value;
  const bool array = claim.inbound_token_claim_value_type == "STRING_ARRAY";
  const bool list = wanted.claim_match_value.match_value_string_list.has_value();
  const bool fits = wanted.claim_match_operator == "EQUALS"
                        ? !array && !list
                        : array && list == (wanted.claim_match_operator == "CONTAINS_ANY");
  if (fits) return {};
  return fail(invalid_field(
      fmt::format("{}.customClaims.{}.member.authorizingClaimMatchValue", kJwt, index + 1),
      fmt::format("claim `{}`: EQUALS takes a STRING claim and matchValueString, CONTAINS a STRING_ARRAY claim and "
                  "matchValueString, CONTAINS_ANY a STRING_ARRAY claim and matchValueStringList",
                  claim.inbound_token_claim_name)));
}

}  // namespace

Result<> check(const m::CustomJWTAuthorizerConfiguration& jwt) {
  if (!net::Url::parse(jwt.discovery_url)) {
    return fail(invalid_field(fmt::format("{}.discoveryUrl", kJwt),
                              fmt::format("`{}` is not an http or https URL", jwt.discovery_url)));
  }
  if (jwt.private_endpoint) return fail(unsupported_member(fmt::format("{}.privateEndpoint", kJwt)));
  if (jwt.private_endpoint_overrides && !jwt.private_endpoint_overrides->empty()) {
    return fail(unsupported_member(fmt::format("{}.privateEndpointOverrides", kJwt)));
  }
  if (jwt.certificate_configurations)
    return fail(unsupported_member(fmt::format("{}.certificateConfigurations", kJwt)));
  if (jwt.allowed_workload_configuration) {
    return fail(unsupported_member(fmt::format("{}.allowedWorkloadConfiguration", kJwt)));
  }
  if (!jwt.custom_claims) return {};
  for (std::size_t i = 0; i < jwt.custom_claims->size(); ++i) TRY(check_claim((*jwt.custom_claims)[i], i));
  return {};
}

std::vector<std::string> advertised_scopes(const m::CustomJWTAuthorizerConfiguration& configuration) {
  std::vector<std::string> out = configuration.allowed_scopes.value_or(std::vector<std::string>{});
  if (!configuration.advertised_scope_mapping) return out;
  for (std::string& scope : out) {
    const auto mapped = configuration.advertised_scope_mapping->find(scope);
    if (mapped != configuration.advertised_scope_mapping->end()) scope = mapped->second;
  }
  return out;
}

std::string challenge(const m::CustomJWTAuthorizerConfiguration& configuration, std::string_view metadata_url,
                      const jwt::Refusal& refusal, bool presented) {
  std::string out = fmt::format(R"(Bearer resource_metadata="{}")", metadata_url);
  const auto scopes = advertised_scopes(configuration);
  if (refusal.insufficient_scope) out += R"(, error="insufficient_scope")";
  if (!refusal.insufficient_scope && presented) out += R"(, error="invalid_token")";
  if (!scopes.empty()) out += fmt::format(R"(, scope="{}")", fmt::join(scopes, " "));
  return out;
}

std::string resource_metadata(std::string_view resource, const m::CustomJWTAuthorizerConfiguration& configuration) {
  const std::string_view discovery = configuration.discovery_url;
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("resource").string(resource);
  writer.key("authorization_servers").begin_array();
  writer.string(discovery.substr(0, discovery.find("/.well-known/"))).end_array();
  writer.key("bearer_methods_supported").begin_array().string("header").end_array();
  const auto scopes = advertised_scopes(configuration);
  if (!scopes.empty()) {
    writer.key("scopes_supported").begin_array();
    for (const std::string& scope : scopes) writer.string(scope);
    writer.end_array();
  }
  writer.end_object();
  return out;
}

}  // namespace warifu::inbound
