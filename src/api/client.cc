#include "api/client.h"

#include "gen/sts/roles.h"

namespace warifu::api {

As forwarded(const Call& call, std::string_view service) {
  As as{.principal = call.principal(), .via = {call.via().begin(), call.via().end()}};
  as.via.emplace_back(service);
  return as;
}

As as_service(std::string_view service, std::string_view source_arn, const AccountId& source_account) {
  access::Principal principal{.kind = access::PrincipalKind::kService,
                              .account = source_account,
                              .arn = std::string(service),
                              .identity_arn = {},
                              .unique_id = {},
                              .user_id = {},
                              .name = {},
                              .access_key_id = {},
                              .session = {},
                              .service = std::string(service),
                              .source_arn = std::string(source_arn),
                              .source_account = source_account.str()};
  return {.principal = std::move(principal)};
}

As as_session(const access::Principal& session) { return {.principal = session}; }

Task<Result<RoleSession>> assume_role(const Client& client, const Environment& environment, RoleRequest request) {
  model::sts::AssumeRoleInput input;
  input.role_arn = std::move(request.role_arn);
  input.role_session_name = std::move(request.session_name);
  input.duration_seconds = request.duration_seconds;
  const auto assumed = co_await client.invoke(model::sts::ops::kAssumeRole, std::move(input), std::move(request.as),
                                              std::move(request.region));
  if (!assumed) co_return fail(assumed.error());
  if (!assumed->credentials) co_return fail(internal_error("sts:AssumeRole answered without credentials"));
  const model::sts::Credentials& made = *assumed->credentials;
  auto principal = access::open_session_token(made.session_token, made.access_key_id, environment.sealer);
  if (!principal) co_return fail(internal_error("sts:AssumeRole answered a token that does not open"));
  co_return RoleSession{.principal = std::move(*principal),
                        .credentials = {.access_key_id = made.access_key_id,
                                        .secret_access_key = made.secret_access_key,
                                        .session_token = made.session_token,
                                        .expires = made.expiration}};
}

}  // namespace warifu::api
