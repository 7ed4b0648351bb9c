#include "api/resource.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/arn.h"
#include "identity/access_keys.h"
#include "identity/instance_profiles.h"
#include "identity/roles.h"
#include "identity/users.h"

namespace warifu::api {
namespace {

/// The entity's ARN with its path. What does not exist keeps the ARN without: the decision comes before existence.
template <class Found>
std::string with_path(const Found& found, std::string arn) {
  return found ? found->arn : std::move(arn);
}

/// The user that holds the key; a key of another account is as unknown as one that does not exist.
Result<std::string> owner_of_key(store::Reader& reader, const AccountId& account, std::string_view key_id,
                                 std::string arn) {
  const auto id = AccessKeyId::parse(key_id);
  if (!id) return arn;
  const auto found = TRY(identity::find_access_key(reader, *id));
  if (!found || found->account != account) return arn;
  return with_path(TRY(identity::user_by_id(reader, account, found->key.user_id)), std::move(arn));
}

/// `…:role/aws-service-role/SERVICE/…` with the name that AWS gives that service's role.
std::string linked_role(const AccountId& account, std::string_view name) {
  constexpr std::string_view kPath = "aws-service-role/";
  const std::string_view service = name.substr(std::min(kPath.size(), name.size()), name.rfind('/') - kPath.size());
  return identity::entity_arn(identity::EntityKind::kRole, account, identity::linked_role_path(service),
                              identity::linked_role_name(service, ""));
}

Result<std::string> complete_path(store::Reader& reader, wire::Lookup lookup, std::string arn) {
  const auto view = ArnView::parse(arn);
  if (!view) return arn;
  const auto account = AccountId::parse(view->account);
  if (!account) return arn;
  const std::string name(view->resource_id());
  switch (lookup) {
    case wire::Lookup::kNone: return arn;
    case wire::Lookup::kUser: return with_path(TRY(identity::find_user(reader, *account, name)), std::move(arn));
    case wire::Lookup::kGroup: return with_path(TRY(identity::find_group(reader, *account, name)), std::move(arn));
    case wire::Lookup::kRole: return with_path(TRY(identity::find_role(reader, *account, name)), std::move(arn));
    case wire::Lookup::kInstanceProfile:
      return with_path(TRY(identity::find_instance_profile(reader, *account, name)), std::move(arn));
    case wire::Lookup::kAccessKeyOwner: return owner_of_key(reader, *account, name, std::move(arn));
    case wire::Lookup::kServiceLinkedRole: return linked_role(*account, name);
  }
  return arn;
}

Error refused(std::string message) {
  return {.code = ErrorCode::kValidation, .message = std::move(message), .aws_name = {},
          .reason = "FieldValidationFailed", .fields = {}};
}

}  // namespace

Result<Target> resolve_target(store::Reader& reader, const wire::Operation& operation,
                              const wire::Permission& permission, const void* input,
                              const access::Principal& principal, std::string_view region) {
  const std::string& caller = principal.account.str();
  if (permission.resource == "*") return Target{.arn = "*", .account = caller};

  auto expanded = wire::resource_arn(operation, permission, input,
                                     {.partition = "aws", .region = region, .account = caller});
  if (!expanded) return Target{.arn = principal.identity_arn, .account = caller};
  if (*expanded == "*") return Target{.arn = "*", .account = caller};
  // IAM authorizes ListPolicies on the text `policy path /`, which is no ARN: only `*` can allow it.
  if (permission.resource.starts_with("policy path ")) return Target{.arn = std::move(*expanded), .account = caller};
  const std::string arn = TRY(complete_path(reader, permission.lookup, std::move(*expanded)));
  const auto view = ArnView::parse(arn);
  if (!view) return fail(refused(fmt::format("{} is invalid", arn)));
  if (view->partition != "aws") {
    return fail(refused(fmt::format("`{}` is in partition {}; this server is partition aws", arn, view->partition)));
  }
  if (!view->region.empty() && view->region != region) {
    return fail(refused(fmt::format("`{}` is in region {}; this request is for region {}", arn, view->region, region)));
  }
  return Target{.arn = arn, .account = std::string(view->account)};
}

}  // namespace warifu::api
