#include "services/gateway/admission.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "identity/resource_policies.h"
#include "inbound/authorizer.h"
#include "sigv4/auth_params.h"

namespace warifu::services::gateway {
namespace {

constexpr std::string_view kSigningName = "bedrock-agentcore";
constexpr std::string_view kOperation = "InvokeGateway";
constexpr std::string_view kAction = "bedrock-agentcore:InvokeGateway";

access::Principal anonymous(const AccountId& account, std::string name) {
  return {.kind = access::PrincipalKind::kAnonymous,
          .account = account,
          .arn = std::move(name),
          .identity_arn = {},
          .unique_id = {},
          .user_id = {},
          .name = {},
          .access_key_id = {},
          .session = {},
          .service = {}};
}

const m::CustomJWTAuthorizerConfiguration* jwt_configuration(const Gateway& gateway) {
  if (!gateway.authorizer_configuration || !gateway.authorizer_configuration->custom_jwt_authorizer) return nullptr;
  return &*gateway.authorizer_configuration->custom_jwt_authorizer;
}

Entrance turn_away(api::Refusal refusal, std::string challenge = {}) {
  return std::unexpected(TurnedAway{.refusal = std::move(refusal), .challenge = std::move(challenge)});
}

Entrance enter(api::Visit visit, std::string caller = {}) {
  return Guest{.visit = std::move(visit), .caller = std::move(caller), .bearer = {}, .claims = {}};
}

bool is_bearer(const http::Request& request) {
  const auto authorization = request.headers.get("authorization");
  return authorization && authorization->size() > 7 && iequals(authorization->substr(0, 7), "Bearer ");
}

}  // namespace

api::Door Admission::door(const KnownGateway& gateway) const {
  return {.signing_name = kSigningName,
          .operation = kOperation,
          .action = std::string(kAction),
          .resource = gateway.place.arn,
          .resource_account = gateway.place.owner.str(),
          .region = gateway.place.region};
}

Task<Entrance> Admission::by_signature(http::Request& request, const KnownGateway& gateway, bool authorize) {
  api::Door wanted = door(gateway);
  if (!authorize) wanted.action.clear();
  auto admitted = co_await pipeline_.admit(request, std::move(wanted));
  if (!admitted) co_return turn_away(std::move(admitted).error());
  std::string caller = admitted->principal.arn;
  co_return enter(std::move(*admitted), std::move(caller));
}

Task<Entrance> Admission::anybody(http::Request& request, const KnownGateway& gateway) {
  api::Door wanted = door(gateway);
  wanted.action.clear();
  wanted.known = anonymous(gateway.place.owner, "anonymous");
  auto admitted = co_await pipeline_.admit(request, std::move(wanted));
  if (!admitted) co_return turn_away(std::move(admitted).error());
  co_return enter(std::move(*admitted));
}

Task<Entrance> Admission::by_token(http::Request& request, const KnownGateway& gateway, std::string metadata_url) {
  const m::CustomJWTAuthorizerConfiguration* configuration = jwt_configuration(gateway.gateway);
  const std::string authorization(request.headers.get("authorization").value_or(""));
  const bool once = request.headers.count("authorization") <= 1;
  std::expected<inbound::Bearer, jwt::Refusal> bearer =
      std::unexpected(jwt::Refusal{.insufficient_scope = false, .message = "Missing Bearer token"});
  if (configuration != nullptr && once) bearer = co_await tokens_.check(*configuration, authorization);

  api::Door wanted = door(gateway);
  if (!bearer) wanted.action.clear();
  // Without a policy of its own a gateway is open to every token that its authorizer accepts.
  const auto policy = environment_.db.read([&](store::Reader& reader) {
    return identity::find_resource_policy(reader, gateway.place.owner, gateway.place.arn);
  });
  if (policy && !*policy) wanted.action.clear();
  wanted.known = anonymous(gateway.place.owner, bearer ? bearer->subject : "anonymous");
  auto admitted = co_await pipeline_.admit(request, std::move(wanted));
  if (!admitted) co_return turn_away(std::move(admitted).error());
  if (bearer) {
    co_return Guest{.visit = std::move(*admitted),
                    .caller = bearer->issuer + "#" + bearer->subject,
                    .bearer = std::move(bearer->token),
                    .claims = std::move(bearer->claims)};
  }
  api::Refusal refusal{.status = bearer.error().insufficient_scope ? 403 : 401,
                       .code = bearer.error().insufficient_scope ? "AccessDeniedException" : "UnauthorizedException",
                       .message = bearer.error().message,
                       .request_id = admitted->request_id,
                       .report = admitted->report,
                       .begun = admitted->begun};
  if (configuration == nullptr) co_return turn_away(std::move(refusal));
  std::string challenge = inbound::challenge(*configuration, metadata_url, bearer.error(), !authorization.empty());
  co_return turn_away(std::move(refusal), std::move(challenge));
}

Task<Entrance> Admission::judge(http::Request& request, std::shared_ptr<const KnownGateway> gateway,
                                std::string metadata_url) {
  const std::string& type = gateway->gateway.authorizer_type;
  if (type == "NONE") co_return co_await anybody(request, *gateway);
  if (type == "CUSTOM_JWT") co_return co_await by_token(request, *gateway, std::move(metadata_url));
  if (type == "AUTHENTICATE_ONLY") {
    if (jwt_configuration(gateway->gateway) != nullptr && is_bearer(request)) {
      co_return co_await by_token(request, *gateway, std::move(metadata_url));
    }
    co_return co_await by_signature(request, *gateway, false);
  }
  co_return co_await by_signature(request, *gateway, true);
}

Task<Entrance> Admission::judge_missing(http::Request& request, std::string gateway_id) {
  std::string region = "us-east-1";
  if (const auto params = sigv4::parse(request, environment_.clock.now())) region = std::string(params->scope.region);
  auto admitted = co_await pipeline_.admit(request, {.signing_name = kSigningName,
                                                     .operation = kOperation,
                                                     .action = {},
                                                     .resource = "*",
                                                     .resource_account = {},
                                                     .region = region});
  if (!admitted) co_return turn_away(std::move(admitted).error());
  std::string message = fmt::format(
      "User: {} is not authorized to perform: {} on resource: arn:aws:bedrock-agentcore:{}:{}:gateway/{} because no "
      "resource-based policy allows the {} action",
      admitted->principal.arn, kAction, region, admitted->principal.account.str(), gateway_id, kAction);
  co_return turn_away({.status = 403,
                       .code = "AccessDeniedException",
                       .message = std::move(message),
                       .request_id = admitted->request_id,
                       .report = admitted->report,
                       .begun = admitted->begun});
}

}  // namespace warifu::services::gateway
