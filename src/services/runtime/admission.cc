#include "services/runtime/admission.h"

#include <fmt/format.h>

#include "access/authenticate.h"
#include "base/encoding.h"
#include "identity/resource_policies.h"
#include "inbound/authorizer.h"
#include "services/runtime/forward.h"
#include "sigv4/auth_params.h"

namespace warifu::services::runtime {
namespace {

constexpr std::string_view kMismatch =
    "Authorization method mismatch. The agent is configured for a different authorization method than what was used in "
    "your request. Check the agent's authorization configuration and ensure your request uses the matching method "
    "(OAuth or SigV4)";

std::string_view operation_of(Verb verb) {
  switch (verb) {
    case Verb::kInvoke:
      return "InvokeAgentRuntime";
    case Verb::kCommand:
      return "InvokeAgentRuntimeCommand";
    case Verb::kStop:
      return "StopRuntimeSession";
    case Verb::kCard:
      return "GetAgentCard";
    case Verb::kMetadata:
      break;
  }
  return "GetRuntimeProtectedResourceMetadata";
}

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

bool is_bearer(const http::Request& request) {
  const auto authorization = request.headers.get("authorization");
  return authorization && authorization->size() > 7 && iequals(authorization->substr(0, 7), "Bearer ");
}

bool is_signed(const http::Request& request) {
  const auto authorization = request.headers.get("authorization");
  return (authorization && authorization->starts_with("AWS4-")) || query_value(request, "X-Amz-Signature").has_value();
}

Entrance turn_away(api::Refusal refusal, std::string challenge = {}) {
  return std::unexpected(TurnedAway{.refusal = std::move(refusal), .challenge = std::move(challenge)});
}

}  // namespace

std::string metadata_url(std::string_view public_url, const RuntimePlace& place, std::string_view endpoint) {
  return fmt::format("{}/runtimes/{}/invocations/.well-known/oauth-protected-resource?qualifier={}", public_url,
                     percent_encode(place.arn), percent_encode(endpoint));
}

api::Door Admission::door(const http::Request& request, Verb verb, const RuntimePlace& place,
                          std::string_view endpoint) const {
  const std::string_view operation = operation_of(verb);
  const std::string action = fmt::format("{}:{}", kService, operation);
  api::Door door{.signing_name = kService,
                 .operation = operation,
                 .action = action,
                 .resource = place.arn,
                 .resource_account = place.owner.str(),
                 .region = place.region};
  door.also.push_back({.action = action, .resource = place.endpoint_arn(endpoint)});
  // Whoever speaks for a user needs a right of its own.
  if (verb == Verb::kInvoke && request.headers.count(kUserHeader) > 0) {
    door.also.push_back({.action = action + "ForUser", .resource = place.arn});
    door.also.push_back({.action = action + "ForUser", .resource = place.endpoint_arn(endpoint)});
  }
  return door;
}

Task<Entrance> Admission::by_signature(http::Request& request, api::Door wanted) {
  // Only invocations were asked whether they may speak for a user; all else speaks for none.
  const bool for_user = wanted.operation == operation_of(Verb::kInvoke);
  auto admitted = co_await pipeline_.admit(request, std::move(wanted));
  if (!admitted) co_return turn_away(std::move(admitted).error());
  const auto user = for_user ? request.headers.get(kUserHeader) : std::nullopt;
  co_return Guest{.visit = std::move(*admitted), .user = user ? "id:" + std::string(*user) : std::string()};
}

/// Told only to whom the other method could not have let in either.
Task<Entrance> Admission::mismatch(http::Request& request, api::Door wanted) {
  wanted.action.clear();
  wanted.also.clear();
  const AccountId owner = *AccountId::parse(wanted.resource_account);
  wanted.known = anonymous(owner, "anonymous");
  auto admitted = co_await pipeline_.admit(request, std::move(wanted));
  if (!admitted) co_return turn_away(std::move(admitted).error());
  co_return turn_away({.status = 403,
                       .code = "AccessDeniedException",
                       .message = std::string(kMismatch),
                       .request_id = admitted->request_id,
                       .report = admitted->report,
                       .begun = admitted->begun});
}

/// Callers with tokens hold no identity policies: without a resource policy a token that the authorizer accepts is
/// enough, with one it decides.
Result<> Admission::keep_policies(api::Door& door) const {
  const AccountId owner = *AccountId::parse(door.resource_account);
  return environment_.db.read([&](store::Reader& reader) -> Result<> {
    std::vector<api::Door::Ask> asks = std::move(door.also);
    asks.insert(asks.begin(), {.action = door.action, .resource = door.resource});
    door.also.clear();
    door.action.clear();
    for (api::Door::Ask& ask : asks) {
      if (TRY(identity::find_resource_policy(reader, owner, ask.resource))) door.also.push_back(std::move(ask));
    }
    return {};
  });
}

Task<Entrance> Admission::by_token(http::Request& request, api::Door wanted,
                                   m::CustomJWTAuthorizerConfiguration configuration, std::string metadata_at) {
  const std::string authorization(request.headers.get("authorization").value_or(""));
  std::expected<inbound::Bearer, jwt::Refusal> bearer =
      std::unexpected(jwt::Refusal{.insufficient_scope = false, .message = "Missing Bearer token"});
  if (request.headers.count("authorization") <= 1) bearer = co_await tokens_.check(configuration, authorization);
  const AccountId owner = *AccountId::parse(wanted.resource_account);
  wanted.known = anonymous(owner, bearer ? bearer->subject : "anonymous");
  const Result<> kept = keep_policies(wanted);
  if (!bearer || !kept) wanted.also.clear();
  auto admitted = co_await pipeline_.admit(request, std::move(wanted));
  if (!admitted) co_return turn_away(std::move(admitted).error());
  if (bearer && kept) {
    co_return Guest{.visit = std::move(*admitted), .user = fmt::format("jwt:{} {}", bearer->issuer, bearer->subject)};
  }
  const bool scope = !bearer && bearer.error().insufficient_scope;
  api::Refusal refusal{.status = !kept   ? 500
                                 : scope ? 403
                                         : 401,
                       .code = !kept   ? "InternalServerException"
                               : scope ? "AccessDeniedException"
                                       : "UnauthorizedException",
                       .message = !kept ? "An internal error occurred." : bearer.error().message,
                       .request_id = admitted->request_id,
                       .report = admitted->report,
                       .begun = admitted->begun};
  std::string challenge;
  if (!bearer) challenge = inbound::challenge(configuration, metadata_at, bearer.error(), !authorization.empty());
  co_return turn_away(std::move(refusal), std::move(challenge));
}

Task<Entrance> Admission::identify(http::Request& request, Verb verb) {
  const auto params = sigv4::parse(request, environment_.clock.now());
  api::Door wanted{.signing_name = kService,
                   .operation = operation_of(verb),
                   .action = {},
                   .resource = "*",
                   .resource_account = std::string(access::kManagementAccount),
                   .region = params ? std::string(params->scope.region) : std::string("us-east-1")};
  co_return co_await by_signature(request, std::move(wanted));
}

Task<Entrance> Admission::judge(http::Request& request, Verb verb, RuntimePlace place, std::string endpoint,
                                std::shared_ptr<const KnownRuntime> known) {
  api::Door wanted = door(request, verb, place, endpoint);
  const KnownRuntime::Serving* serving = known ? known->find(endpoint) : nullptr;
  const Version* version = serving != nullptr ? serving->version.get() : known ? &known->newest() : nullptr;
  const auto* authorizer = version != nullptr && version->shown.authorizer_configuration
                               ? &version->shown.authorizer_configuration->custom_jwt_authorizer
                               : nullptr;
  if (authorizer == nullptr || !*authorizer) {
    if (is_bearer(request)) co_return co_await mismatch(request, std::move(wanted));
    co_return co_await by_signature(request, std::move(wanted));
  }
  if (is_signed(request)) co_return co_await mismatch(request, std::move(wanted));
  co_return co_await by_token(request, std::move(wanted), **authorizer,
                              metadata_url(environment_.public_url, place, endpoint));
}

}  // namespace warifu::services::runtime
