#include "services/sts/roles.h"

#include <fmt/format.h>

#include "access/authorize.h"
#include "access/session_token.h"
#include "base/arn.h"
#include "identity/roles.h"
#include "services/sts/sessions.h"

namespace warifu::services::sts {
namespace {

namespace shapes = model::sts;
using access::access_denied;

Result<std::string> source_identity(const access::Principal& caller, const std::optional<std::string>& asked) {
  const std::string held = caller.session ? caller.session->source_identity : std::string();
  if (held.empty()) return asked.value_or("");
  // Once set it stays through the whole chain: that is what it is for.
  if (asked && *asked != held)
    return fail(access_denied("the source identity of the calling session cannot be changed"));
  return held;
}

Result<access::Principal> session_of(store::Reader& reader, const access::Principal& caller,
                                     const shapes::AssumeRoleInput& input, Timestamp now) {
  const auto role = TRY(identity::role_by_arn(reader, input.role_arn));
  if (!role) {
    return fail(access_denied(fmt::format("User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
                                          caller.arn, input.role_arn)));
  }
  const auto view = ArnView::parse(role->arn);
  const auto account = AccountId::parse(view ? view->account : std::string_view{});
  if (!account) return fail(internal_error("a role without an account"));

  const bool chained = caller.kind == access::PrincipalKind::kAssumedRole;
  const std::int64_t seconds = TRY(role_seconds(input.duration_seconds, role->max_session_seconds, chained));
  SessionPolicies policies = TRY(session_policies(reader, *account, input.policy, input.policy_arns));
  SessionTags tags = TRY(session_tags(caller, input.tags, input.transitive_tag_keys));
  const std::string source = TRY(source_identity(caller, input.source_identity));
  return access::Principal{.kind = access::PrincipalKind::kAssumedRole,
                           .account = *account,
                           .arn = identity::session_arn(*account, role->name, input.role_session_name),
                           .identity_arn = role->arn,
                           .unique_id = role->id,
                           .user_id = role->id + ":" + input.role_session_name,
                           .name = role->name,
                           .access_key_id = {},
                           .session = access::Session{.name = input.role_session_name,
                                                      .issued = now,
                                                      .expires = now.plus_seconds(seconds),
                                                      .tags = std::move(tags.tags),
                                                      .transitive_tags = std::move(tags.transitive),
                                                      .source_identity = source,
                                                      .inline_policies = std::move(policies.inline_documents),
                                                      .policy_arns = std::move(policies.arns),
                                                      .mfa = false,
                                                      .chained = chained},
                           .service = {}};
}

}  // namespace

shapes::Credentials credentials_of(const access::Principal& principal, const api::Call& call) {
  const access::TemporaryCredentials issued = access::issue(principal, call.environment().sealer, call.random());
  return {.access_key_id = issued.access_key_id,
          .secret_access_key = issued.secret_access_key,
          .session_token = issued.session_token,
          .expiration = issued.expires};
}

Task<Result<shapes::AssumeRoleOutput>> assume_role(api::Call& call, shapes::AssumeRoleInput input) {
  const auto principal =
      call.db().read([&](store::Reader& reader) { return session_of(reader, call.principal(), input, call.now()); });
  if (!principal) co_return fail(principal.error());
  shapes::AssumeRoleOutput output;
  output.credentials = credentials_of(*principal, call);
  output.assumed_role_user = shapes::AssumedRoleUser{.assumed_role_id = principal->user_id, .arn = principal->arn};
  output.packed_policy_size = packed_policy_size(*principal->session);
  if (!principal->session->source_identity.empty()) output.source_identity = principal->session->source_identity;
  co_return output;
}

}  // namespace warifu::services::sts
