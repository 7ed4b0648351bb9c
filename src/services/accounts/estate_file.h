#pragma once

#include "base/ids.h"
#include "identity/estate.h"
#include "json/value.h"

namespace warifu::services::accounts {

struct ReadEstate {
  AccountId account;
  identity::Estate estate;
};

/// Reads what `aws iam get-account-authorization-details` prints (IAM API reference, GetAccountAuthorizationDetails),
/// with documents as objects or as text. The account is the one of the entities' ARNs. AWS's own policies are kept
/// where somebody holds them. Pure. kValidation names the element: a file of one page of several, of two accounts or of
/// none, what is missing or of another type, a document that is no policy, an ARN that does not say path and name.
[[nodiscard]] Result<ReadEstate> read_estate(const json::Value& details);

}  // namespace warifu::services::accounts
