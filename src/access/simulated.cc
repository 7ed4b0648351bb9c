#include "access/simulated.h"

#include <algorithm>

#include "access/authenticate.h"
#include "base/arn.h"
#include "base/encoding.h"
#include "identity/accounts.h"
#include "identity/principals.h"
#include "identity/roles.h"
#include "identity/users.h"
#include "policy/explain.h"

namespace warifu::access {
namespace {

using policy::key;

constexpr std::string_view kSessionName = "simulation";

Principal session_of(const AccountId& account, const identity::Role& role, std::string_view session, Timestamp now) {
  Principal principal{.kind = PrincipalKind::kAssumedRole,
                      .account = account,
                      .arn = identity::session_arn(account, role.name, session),
                      .identity_arn = role.arn,
                      .unique_id = role.id,
                      .user_id = role.id + ":" + std::string(session),
                      .name = role.name,
                      .access_key_id = "simulation/" + role.id,
                      .session = Session{},
                      .service = {}};
  principal.session->name = session;
  principal.session->issued = now;
  principal.session->expires = now.plus_seconds(role.max_session_seconds);
  return principal;
}

Result<std::optional<Principal>> entity(store::Reader& reader, std::string_view arn, Timestamp now) {
  const auto found = TRY(identity::principal_by_arn(reader, arn));
  if (!found) return std::optional<Principal>{};
  if (found->kind == identity::EntityKind::kUser) {
    const auto user = TRY(identity::user_by_id(reader, found->account, found->id));
    return user ? std::optional(user_principal(found->account, &*user, {})) : std::nullopt;
  }
  const auto role = TRY(identity::role_by_id(reader, found->account, found->id));
  return role ? std::optional(session_of(found->account, *role, kSessionName, now)) : std::nullopt;
}

/// Only a role can be assumed: then its trust policy decides.
bool asks_trust(std::string_view action, const std::optional<ArnView>& resource) {
  const std::string name = to_lower(action);
  const bool assumes =
      name.starts_with("sts:assumerole") || name == "sts:tagsession" || name == "sts:setsourceidentity";
  return assumes && resource && resource->service == "iam" && resource->resource_type() == "role";
}

void fill(policy::Context& context, const SimulatedAsk& asked, const std::optional<ArnView>& resource) {
  context.set_time(key("aws:CurrentTime"), asked.now);
  context.set_number(key("aws:EpochTime"), asked.now.seconds());
  context.set_bool(key("aws:SecureTransport"), true);
  context.set_bool(key("aws:ViaAWSService"), false);
  if (resource && !resource->region.empty()) context.copy(key("aws:RequestedRegion"), resource->region);
  for (const auto& [name, values] : asked.keys) {
    if (values.size() == 1 && !policy::is_multivalued_key(name)) {
      context.set(name, values.front());
      continue;
    }
    const std::vector<std::string_view> views(values.begin(), values.end());
    context.set_many(name, views);
  }
}

}  // namespace

Result<std::optional<Principal>> principal_of_arn(store::Reader& reader, std::string_view arn, Timestamp now) {
  const auto view = ArnView::parse(arn);
  const auto account = AccountId::parse(view ? view->account : std::string_view{});
  if (!account || view->partition != "aws") return std::optional<Principal>{};
  if (view->service == "iam" && view->resource == "root") {
    if (!TRY(identity::find_account(reader, *account))) return std::optional<Principal>{};
    return std::optional(user_principal(*account, nullptr, {}));
  }
  if (view->service == "iam") return entity(reader, arn, now);
  const std::string_view id = view->resource_id();
  const std::size_t slash = id.find('/');
  if (view->service != "sts" || view->resource_type() != "assumed-role" || slash == std::string_view::npos) {
    return std::optional<Principal>{};
  }
  const auto role = TRY(identity::find_role(reader, *account, id.substr(0, slash)));
  return role ? std::optional(session_of(*account, *role, id.substr(slash + 1), now)) : std::nullopt;
}

Result<std::optional<Outcome>> simulate(store::Reader& reader, const CacheScope& scope, const Principal& principal,
                                        const SimulatedAsk& asked) {
  const auto subject = TRY(Subject::gather(reader, scope, principal));
  if (!subject) return std::optional<Outcome>{};
  const auto resource = ArnView::parse(asked.resource);
  const bool owned = resource && !resource->account.empty();
  const Ask ask{.action = asked.action,
                .resource = asked.resource,
                .resource_account = owned ? resource->account : std::string_view(principal.account.str()),
                .trust = asks_trust(asked.action, resource),
                .keep_evidence = true};
  return std::optional(
      TRY(authorize(reader, *subject, ask, [&](policy::Context& context) { fill(context, asked, resource); })));
}

}  // namespace warifu::access
