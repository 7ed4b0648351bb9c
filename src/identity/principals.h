#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "identity/types.h"
#include "store/store.h"

/// Principals in policy documents. AWS keeps a user or role in a stored trust policy by its unique id, so that one
/// which is deleted and made again under the same name is not trusted by accident.
namespace warifu::identity {

/// A user or role that an ARN or unique id names, in any account.
struct PrincipalRef {
  EntityKind kind;  // kUser or kRole
  AccountId account;
  std::string id, arn;
};
/// nullopt: not a user or role ARN, or there is none such.
[[nodiscard]] Result<std::optional<PrincipalRef>> principal_by_arn(store::Reader& reader, std::string_view arn);
/// By unique id, whatever the account. nullopt: deleted, or never was.
[[nodiscard]] Result<std::optional<PrincipalRef>> principal_by_id(store::Reader& reader, std::string_view unique_id);

/// The document with each user and role ARN of its Principal and NotPrincipal elements as unique id, and account
/// numbers as root ARNs; compact. MalformedPolicyDocument `Invalid principal in policy: "AWS":"…"` for one that does
/// not exist. REQUIRES: `document` is JSON.
[[nodiscard]] Result<std::string> principals_to_ids(store::Reader& reader, std::string_view document);
/// As `principals_to_ids`, for policies whose service takes principals that are not there (yet): those, and all that is
/// no user or role, stay as they are written. nullopt: there is nothing to bind. kValidation when it is not JSON.
[[nodiscard]] Result<std::optional<std::string>> bind_principals(store::Reader& reader, std::string_view document);
/// The reverse; ids of deleted principals stay.
[[nodiscard]] Result<std::string> principals_to_arns(store::Reader& reader, std::string_view document);

}  // namespace warifu::identity
