#include "identity/principals.h"

#include <fmt/format.h>

#include "base/arn.h"
#include "identity/accounts.h"
#include "identity/errors.h"
#include "identity/roles.h"
#include "identity/table.h"
#include "identity/users.h"
#include "policy/document.h"

namespace warifu::identity {
namespace {

Error invalid_principal(std::string_view type, std::string_view text) {
  return malformed_policy(fmt::format("Invalid principal in policy: \"{}\":\"{}\"", type, text));
}

bool is_unique_id(std::string_view text) {
  return (text.starts_with("AIDA") || text.starts_with("AROA")) && text.find(':') == std::string_view::npos;
}

Result<bool> account_exists(store::Reader& reader, std::string_view text) {
  const std::optional<AccountId> id = AccountId::parse(text);
  if (!id) return false;
  return TRY(find_account(reader, *id)).has_value();
}

Result<std::string> aws_to_id(store::Reader& reader, std::string_view text) {
  if (const std::optional<AccountId> id = AccountId::parse(text)) {
    if (!TRY(account_exists(reader, text))) return fail(invalid_principal("AWS", text));
    return root_arn(*id);
  }
  if (is_unique_id(text)) {
    if (!TRY(principal_by_id(reader, text))) return fail(invalid_principal("AWS", text));
    return std::string(text);
  }
  if (const std::optional<PrincipalRef> found = TRY(principal_by_arn(reader, text))) return found->id;
  const std::optional<ArnView> arn = ArnView::parse(text);
  const bool root = arn && arn->service == "iam" && arn->region.empty() && arn->resource == "root";
  const bool exact = text.find('*') == std::string_view::npos;
  const bool session = arn && arn->service == "sts" && arn->region.empty() && exact &&
                       (arn->resource_type() == "assumed-role" || arn->resource_type() == "federated-user");
  if ((root || session) && TRY(account_exists(reader, arn->account))) return std::string(text);
  return fail(invalid_principal("AWS", text));
}

bool is_service_name(std::string_view text) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-.";
  const bool suffix = text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn");
  return suffix && !text.starts_with('.') && text.find_first_not_of(kLetters) == std::string_view::npos;
}

bool is_federation(std::string_view text) {
  if (const std::optional<ArnView> arn = ArnView::parse(text)) {
    const bool provider = arn->resource_type() == "oidc-provider" || arn->resource_type() == "saml-provider";
    return arn->service == "iam" && AccountId::parse(arn->account) && provider;
  }
  return text == "cognito-identity.amazonaws.com" || text == "accounts.google.com" || text == "graph.facebook.com" ||
         text == "www.amazon.com";
}

}  // namespace

Result<std::optional<PrincipalRef>> principal_by_arn(store::Reader& reader, std::string_view arn) {
  const std::optional<EntityArn> parsed = parse_entity_arn(arn);
  if (!parsed) return std::nullopt;
  const std::optional<AccountId> account = AccountId::parse(parsed->account);
  if (!account) return std::nullopt;
  if (parsed->kind == EntityKind::kUser) {
    const std::optional<User> user = TRY(find_user(reader, *account, parsed->name));
    if (!user || user->arn != arn) return std::nullopt;
    return PrincipalRef{EntityKind::kUser, *account, user->id, user->arn};
  }
  if (parsed->kind != EntityKind::kRole) return std::nullopt;
  const std::optional<Role> role = TRY(role_by_arn(reader, arn));
  if (!role) return std::nullopt;
  return PrincipalRef{EntityKind::kRole, *account, role->id, role->arn};
}

Result<std::optional<PrincipalRef>> principal_by_id(store::Reader& reader, std::string_view unique_id) {
  const std::optional<OwnerRow> owner =
      TRY(get_row<OwnerRow>(reader, store::Partition::system(), key_of(kById, unique_id)));
  const std::optional<AccountId> account = owner ? AccountId::parse(owner->account) : std::nullopt;
  if (!account) return std::nullopt;
  if (const std::optional<Role> role = TRY(role_by_id(reader, *account, unique_id))) {
    return PrincipalRef{EntityKind::kRole, *account, role->id, role->arn};
  }
  if (const std::optional<User> user = TRY(user_by_id(reader, *account, unique_id))) {
    return PrincipalRef{EntityKind::kUser, *account, user->id, user->arn};
  }
  return std::nullopt;
}

Result<std::string> principals_to_ids(store::Reader& reader, std::string_view document) {
  using policy::PrincipalType;
  return policy::map_principals(document, [&](PrincipalType type, std::string_view text) -> Result<std::string> {
    switch (type) {
      case PrincipalType::kAnyone:
        return std::string(text);
      case PrincipalType::kAws:
        return aws_to_id(reader, text);
      case PrincipalType::kService:
        if (is_service_name(text)) return std::string(text);
        return fail(invalid_principal("SERVICE", text));
      case PrincipalType::kFederated:
        if (is_federation(text)) return std::string(text);
        return fail(invalid_principal("FEDERATED", text));
      case PrincipalType::kCanonicalUser:
        break;
    }
    return fail(invalid_principal("CANONICALUSER", text));
  });
}

Result<std::optional<std::string>> bind_principals(store::Reader& reader, std::string_view document) {
  using policy::PrincipalType;
  bool any = false;
  const auto bind = [&](PrincipalType type, std::string_view text) -> Result<std::string> {
    if (type != PrincipalType::kAws) return std::string(text);
    const std::optional<PrincipalRef> found = TRY(principal_by_arn(reader, text));
    any = any || found;
    return found ? found->id : std::string(text);
  };
  std::string bound = TRY(policy::map_principals(document, bind));
  return any ? std::optional(std::move(bound)) : std::nullopt;
}

Result<std::string> principals_to_arns(store::Reader& reader, std::string_view document) {
  using policy::PrincipalType;
  return policy::map_principals(document, [&](PrincipalType type, std::string_view text) -> Result<std::string> {
    if (type != PrincipalType::kAws || !is_unique_id(text)) return std::string(text);
    const std::optional<PrincipalRef> found = TRY(principal_by_id(reader, text));
    return found ? found->arn : std::string(text);
  });
}

}  // namespace warifu::identity
