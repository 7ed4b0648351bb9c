#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "store/store.h"

/// Resource policies of functions and layer versions, kept in the one table of resource policies under the ARN that
/// they were written for, with one statement for each permission. Functions over a transaction.
namespace warifu::services::lambda::statements {

/// One permission as AddPermission and AddLayerVersionPermission give it. Empty texts: not given.
struct Permission {
  std::string id, action, principal;
  std::string source_arn{}, source_account{}, event_source_token{}, organization{}, url_auth_type{};
  std::optional<bool> invoked_via_url{};
};

/// The statement's JSON. InvalidParameterValueException: a principal that is none.
[[nodiscard]] Result<std::string> statement_of(store::Reader& reader, const Permission& permission,
                                               std::string_view resource);

/// Adds it; the whole policy's RevisionId afterwards. ResourceConflictException: the id is taken.
/// PolicyLengthExceededException: the policy would be too long. PreconditionFailedException: `revision` is not the
/// policy's.
[[nodiscard]] Result<std::string> add(store::Txn& txn, const AccountId& owner, std::string_view arn,
                                      const std::string& id, const std::string& statement,
                                      const std::optional<std::string>& revision, Timestamp now);
/// ResourceNotFoundException: no such statement.
[[nodiscard]] Result<> remove(store::Txn& txn, const AccountId& owner, std::string_view arn, std::string_view id,
                              const std::optional<std::string>& revision, Timestamp now);

struct Shown {
  std::string policy, revision;
};
/// As its owner sees it. ResourceNotFoundException: there is none.
[[nodiscard]] Result<Shown> show(store::Reader& reader, const AccountId& owner, std::string_view arn);

}  // namespace warifu::services::lambda::statements
